import type { ExchangeErrors } from './refusals.ts';

const error = (code: number, message: string, status = 400) => ({ code: String(code), message, status });

const NO_AUTHORITY = error(401, 'No authority', 401);
const BAD_SIGNATURE = error(700002, 'Signature for this request is not valid.');
const BAD_ADDRESS = error(406, 'Accessing IP is not in the whitelist', 403);
const ILLEGAL = error(700008, 'Illegal characters found in parameter.');
const DENIED = error(403, 'Access Denied', 403);
const TOO_MANY = error(429, 'Too Many Requests', 429);
const notSent = (name: string) =>
  error(700004, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);

/**
 * MEXC spot: codes and texts from its public documentation, checked against ccxt's error classes: its clients take
 * 10072 (key), 700006 (address) and 700007 (permission) for other things, and 401, 406 and 403 for what they are.
 */
export const SPOT_ERRORS: ExchangeErrors = {
  missing: {
    key: error(400, 'api key required'),
    signature: notSent('signature'),
    timestamp: notSent('timestamp'),
    passphrase: NO_AUTHORITY,
  },
  byCode: {
    credential_missing: error(400, 'api key required'),
    malformed_request: ILLEGAL,
    dialect_unknown: ILLEGAL,
    environment_mismatch: NO_AUTHORITY,
    timestamp_invalid: error(700008, "Illegal characters found in parameter 'timestamp'."),
    timestamp_out_of_window: error(700003, 'Timestamp for this request is outside of the recvWindow.'),
    credential_unknown: NO_AUTHORITY,
    passphrase_mismatch: NO_AUTHORITY,
    signature_mismatch: BAD_SIGNATURE,
    algorithm_not_allowed: BAD_SIGNATURE,
    dialect_not_allowed: NO_AUTHORITY,
    replayed: error(700003, 'Timestamp for this request is outside of the recvWindow: it was used before.'),
    credential_disabled: NO_AUTHORITY,
    credential_revoked: NO_AUTHORITY,
    credential_expired: NO_AUTHORITY,
    credential_quarantined: NO_AUTHORITY,
    account_frozen: error(60005, 'your account is abnormal'),
    ip_not_allowed: BAD_ADDRESS,
    route_unknown: error(26, 'operation not allowed', 404),
    permission_denied: DENIED,
    constraint_violated: DENIED,
    step_up_required: DENIED,
    rate_limited: TOO_MANY,
    too_many_failures: TOO_MANY,
    body_too_large: error(700008, 'Illegal characters found in parameter: body too large.', 413),
    unavailable: error(503, 'service not available, please try again', 503),
  },
};

const NOT_LOGGED_IN = error(401, 'Not logged in or login has expired', 401);
const NOT_VERIFIED = error(602, 'Signature verification failed!', 401);
const BAD_TIME = error(513, 'Invalid request: the time is more than 10s off');
const BAD_PARAMETER = error(600, 'Parameter error');
const NO_ACCESS = error(511, 'You do not have access to the interface', 403);
const TOO_FREQUENT = error(510, 'Requests are too frequent, please try again later', 429);

/** MEXC contract: codes and texts from its public documentation. */
export const CONTRACT_ERRORS: ExchangeErrors = {
  missing: { key: NOT_LOGGED_IN, signature: NOT_VERIFIED, timestamp: BAD_TIME, passphrase: NOT_LOGGED_IN },
  byCode: {
    credential_missing: NOT_LOGGED_IN,
    malformed_request: BAD_PARAMETER,
    dialect_unknown: BAD_PARAMETER,
    environment_mismatch: NOT_LOGGED_IN,
    timestamp_invalid: BAD_TIME,
    timestamp_out_of_window: BAD_TIME,
    credential_unknown: NOT_LOGGED_IN,
    passphrase_mismatch: NOT_LOGGED_IN,
    signature_mismatch: NOT_VERIFIED,
    algorithm_not_allowed: NOT_VERIFIED,
    dialect_not_allowed: NOT_LOGGED_IN,
    replayed: error(603, 'Repeated request'),
    credential_disabled: NOT_LOGGED_IN,
    credential_revoked: NOT_LOGGED_IN,
    credential_expired: error(402, 'API Key expired, please apply again', 401),
    credential_quarantined: NOT_LOGGED_IN,
    account_frozen: DENIED,
    ip_not_allowed: BAD_ADDRESS,
    route_unknown: error(511, 'You do not have access to the interface', 404),
    permission_denied: NO_ACCESS,
    constraint_violated: DENIED,
    step_up_required: NO_ACCESS,
    rate_limited: TOO_FREQUENT,
    too_many_failures: TOO_FREQUENT,
    body_too_large: error(601, 'Data parsing error', 413),
    unavailable: error(501, 'System busy, try again later', 503),
  },
};
