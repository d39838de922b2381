import type { Dialect, WebSocketLogin } from './dialect.ts';
import { loginOperation, type MessageError } from './login-operation.ts';
import type { ErrorTable } from './refusals.ts';

const error = (code: number, message: string): MessageError => ({ code, message });

const ILLEGAL = error(60012, 'Illegal request');
const INVALID_KEY = error(60005, 'Invalid apiKey');
const BAD_SIGNATURE = error(60007, 'Invalid sign');
const TOO_MANY = error(60014, 'Requests too frequent');

/** Codes and texts from OKX's public documentation of its WebSockets, checked against ccxt's error classes. */
const ERRORS: ErrorTable<MessageError> = {
  missing: {
    key: error(60001, '"OK_ACCESS_KEY" can not be empty'),
    signature: error(60002, '"OK_ACCESS_SIGN" can not be empty'),
    timestamp: error(60004, 'Invalid timestamp'),
    passphrase: error(60003, '"OK_ACCESS_PASSPHRASE" can not be empty'),
  },
  byCode: {
    credential_missing: error(60011, 'Please log in'),
    malformed_request: ILLEGAL,
    dialect_unknown: ILLEGAL,
    environment_mismatch: error(60005, 'Invalid apiKey: it does not match the environment'),
    timestamp_invalid: error(60004, 'Invalid timestamp'),
    timestamp_out_of_window: error(60006, 'Timestamp request expired'),
    credential_unknown: error(60032, "API key doesn't exist"),
    passphrase_mismatch: error(60024, 'Wrong passphrase'),
    signature_mismatch: BAD_SIGNATURE,
    algorithm_not_allowed: BAD_SIGNATURE,
    dialect_not_allowed: INVALID_KEY,
    replayed: error(60006, 'Timestamp request expired: the login was used before'),
    credential_disabled: error(60005, 'Invalid apiKey: disabled'),
    credential_revoked: error(60032, "API key doesn't exist"),
    credential_expired: error(60005, 'Invalid apiKey: expired'),
    credential_quarantined: error(60009, 'Login failed: API frozen, please contact customer service'),
    account_frozen: error(60009, 'Login failed: API frozen, please contact customer service'),
    ip_not_allowed: error(60009, "Login failed: your IP is not included in your API key's IP whitelist"),
    route_unknown: error(60017, 'Invalid url path'),
    permission_denied: error(60009, "Login failed: this API key doesn't have permission"),
    constraint_violated: error(60009, 'Login failed: outside of the limits of this API key'),
    step_up_required: error(60009, 'Login failed: a second factor is needed'),
    rate_limited: TOO_MANY,
    too_many_failures: TOO_MANY,
    body_too_large: error(60012, 'Illegal request: the message is too large'),
    unavailable: error(60009, 'Login failed: service temporarily unavailable, try again later'),
  },
};

/** OKX's login inside a WebSocket, signed over `timestamp + GET/users/self/verify`. Codes are texts. */
export function okxLogin(schemes: Dialect['schemes']): WebSocketLogin {
  return loginOperation({
    name: 'okx',
    schemes,
    verb: 'GET/users/self/verify',
    errors: ERRORS,
    answer: (event, code, msg, connId) => JSON.stringify({ event, code: String(code), msg, connId }),
  });
}
