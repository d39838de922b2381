import type { ExchangeErrors } from './refusals.ts';

const error = (code: number, message: string, status = 200) => ({ code: String(code), message, status });

const MALFORMED = error(10001, 'Request parameter error.');
const INVALID_KEY = error(10003, 'API key is invalid.');
const BAD_SIGNATURE = error(10004, 'Error sign, please check your signature generation algorithm.');
const NOT_PERMITTED = error(10005, 'Permission denied, please check your API key permissions.');

/**
 * Codes and texts from Bybit's public documentation, checked against ccxt's error classes. Bybit answers nearly
 * everything with HTTP 200. It has no error of its own for a replay or a constraint.
 */
export const BYBIT_ERRORS: ExchangeErrors = {
  missing: {
    key: error(10003, 'API key is missing.'),
    signature: error(10004, 'The signature is missing.'),
    timestamp: error(10002, 'The timestamp is missing.'),
    passphrase: MALFORMED,
  },
  byCode: {
    credential_missing: error(10003, 'API key is missing.'),
    malformed_request: MALFORMED,
    dialect_unknown: MALFORMED,
    environment_mismatch: error(10003, 'API key is invalid: check if it is used in the right environment.'),
    timestamp_invalid: error(10002, 'The timestamp is no number of milliseconds.'),
    timestamp_out_of_window: error(10002, 'The request time exceeds the time window range.'),
    credential_unknown: INVALID_KEY,
    passphrase_mismatch: INVALID_KEY,
    signature_mismatch: BAD_SIGNATURE,
    algorithm_not_allowed: BAD_SIGNATURE,
    dialect_not_allowed: INVALID_KEY,
    replayed: error(10002, 'The request time exceeds the time window range: the request was used before.'),
    credential_disabled: error(10003, 'API key is invalid: disabled.'),
    credential_revoked: INVALID_KEY,
    credential_expired: error(33004, 'Your api key has expired.'),
    credential_quarantined: error(10008, 'Common banned, please contact customer service.'),
    account_frozen: error(10008, 'Common banned, please contact customer service.'),
    ip_not_allowed: error(10010, 'Unmatched IP, please check your API key bound IP addresses.'),
    route_unknown: error(10017, 'Route not found.', 404),
    permission_denied: NOT_PERMITTED,
    constraint_violated: error(10005, 'Permission denied: outside of the limits of this API key.'),
    step_up_required: error(10005, 'Permission denied: a second factor is needed.'),
    rate_limited: error(10006, 'Too many visits. Exceeded the API Rate Limit.', 429),
    too_many_failures: error(10018, 'Exceeded the IP Rate Limit.', 429),
    body_too_large: error(10001, 'Request parameter error: the body is too large.', 413),
    unavailable: error(10016, 'Server error.', 503),
  },
};
