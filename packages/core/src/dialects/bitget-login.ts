import type { Dialect, WebSocketLogin } from './dialect.ts';
import { loginOperation, type MessageError } from './login-operation.ts';
import type { ErrorTable } from './refusals.ts';

const error = (code: number, message: string): MessageError => ({ code, message });

const INVALID_KEY = error(30011, 'Invalid ACCESS_KEY');
const BAD_SIGNATURE = error(30015, 'Invalid sign');
const BAD_PARAMETER = error(30016, 'Param error');
const TOO_MANY = error(30006, 'Request too many');

/** Codes and texts from Bitget's public documentation of its WebSockets, checked against ccxt's error classes. */
const ERRORS: ErrorTable<MessageError> = {
  missing: {
    key: INVALID_KEY,
    signature: BAD_SIGNATURE,
    timestamp: error(30013, 'Invalid ACCESS_TIMESTAMP'),
    passphrase: error(30012, 'Invalid ACCESS_PASSPHRASE'),
  },
  byCode: {
    credential_missing: error(30004, 'User needs to log in'),
    malformed_request: BAD_PARAMETER,
    dialect_unknown: BAD_PARAMETER,
    environment_mismatch: error(30011, 'Invalid ACCESS_KEY: exchange environment is incorrect'),
    timestamp_invalid: error(30013, 'Invalid ACCESS_TIMESTAMP'),
    timestamp_out_of_window: error(30014, 'Request timestamp expired'),
    credential_unknown: INVALID_KEY,
    passphrase_mismatch: error(30012, 'Invalid ACCESS_PASSPHRASE'),
    signature_mismatch: BAD_SIGNATURE,
    algorithm_not_allowed: BAD_SIGNATURE,
    dialect_not_allowed: INVALID_KEY,
    replayed: error(30014, 'Request timestamp expired: the login was used before'),
    credential_disabled: error(30011, 'Invalid ACCESS_KEY: disabled'),
    credential_revoked: INVALID_KEY,
    credential_expired: error(30011, 'Invalid ACCESS_KEY: expired'),
    credential_quarantined: error(30005, 'Login failed: user status is abnormal'),
    account_frozen: error(30005, 'Login failed: account has been frozen'),
    ip_not_allowed: error(30005, 'Login failed: invalid IP'),
    route_unknown: error(30016, 'Param error: there is no such WebSocket'),
    permission_denied: error(30005, 'Login failed: incorrect permissions'),
    constraint_violated: error(30005, 'Login failed: outside of the limits of this Apikey'),
    step_up_required: error(30005, 'Login failed: the user must bind the phone or Google'),
    rate_limited: TOO_MANY,
    too_many_failures: TOO_MANY,
    body_too_large: error(30016, 'Param error: the message is too large'),
    unavailable: error(30005, 'Login failed: server is busy, please try again later'),
  },
};

/**
 * Bitget's login inside a WebSocket, signed over `timestamp + GET/user/verify`. Codes are numbers: clients take no other
 * one for a success.
 */
export function bitgetLogin(schemes: Dialect['schemes']): WebSocketLogin {
  return loginOperation({
    name: 'bitget',
    schemes,
    verb: 'GET/user/verify',
    errors: ERRORS,
    answer: (event, code, msg) => JSON.stringify({ event, code, msg }),
  });
}
