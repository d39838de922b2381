import type { ExchangeErrors } from './refusals.ts';

const error = (code: number, message: string, status = 400) => ({ code: String(code), message, status });

const REJECTED = error(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
// By this text, and not by its code, ccxt tells what a key may not do from what is no key.
const NOT_AUTHORIZED = error(-1002, 'You are not authorized to execute this request.', 401);
const ILLEGAL = error(-1100, 'Illegal characters found in a parameter.');
const BAD_SIGNATURE = error(-1022, 'Signature for this request is not valid.');
const TOO_MANY = error(-1003, 'Too many requests queued.', 429);
const notSent = (name: string) =>
  error(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);

/**
 * Codes, texts and statuses from Binance's public documentation, checked against ccxt's error classes. Binance says
 * -2015 of a wrong key, address or permission alike; here it means the key. It has no error of its own for a replay.
 */
export const BINANCE_ERRORS: ExchangeErrors = {
  missing: {
    key: error(-2014, 'API-key format invalid.', 401),
    signature: notSent('signature'),
    timestamp: notSent('timestamp'),
    passphrase: REJECTED,
  },
  byCode: {
    credential_missing: error(-2014, 'API-key format invalid.', 401),
    malformed_request: ILLEGAL,
    dialect_unknown: ILLEGAL,
    environment_mismatch: REJECTED,
    timestamp_invalid: error(
      -1100,
      "Illegal characters found in parameter 'timestamp'; legal range is '^[0-9]{1,20}$'.",
    ),
    timestamp_out_of_window: error(-1021, 'Timestamp for this request is outside of the recvWindow.'),
    credential_unknown: REJECTED,
    passphrase_mismatch: REJECTED,
    signature_mismatch: BAD_SIGNATURE,
    algorithm_not_allowed: BAD_SIGNATURE,
    dialect_not_allowed: REJECTED,
    replayed: error(-1021, 'Timestamp for this request is outside of the recvWindow: it was used before.'),
    credential_disabled: REJECTED,
    credential_revoked: REJECTED,
    credential_expired: REJECTED,
    credential_quarantined: REJECTED,
    account_frozen: error(-2010, 'This action is disabled on this account.'),
    ip_not_allowed: NOT_AUTHORIZED,
    route_unknown: error(-1020, 'This operation is not supported.', 404),
    permission_denied: NOT_AUTHORIZED,
    constraint_violated: NOT_AUTHORIZED,
    step_up_required: NOT_AUTHORIZED,
    rate_limited: TOO_MANY,
    too_many_failures: TOO_MANY,
    body_too_large: error(-1101, 'Too many parameters sent for this endpoint.', 413),
    unavailable: error(1, 'System is under maintenance.', 503),
  },
};
