import type { ExchangeErrors } from './refusals.ts';

const error = (code: string, message: string, status: number) => ({ code, message, status });
const unauthorized = (message: string) => error('unauthorized', message, 401);
const forbidden = (message: string) => error('PERMISSION_DENIED', message, 403);
const invalid = (message: string, status = 400) => error('INVALID_ARGUMENT', message, status);
/** Not `authentication_error`, under which Coinbase had this text: ccxt would look no further than that. */
const expired = (message: string) => error('UNAUTHENTICATED', message, 401);

const UNAUTHORIZED = unauthorized('Unauthorized');
const MALFORMED = invalid('The request cannot be read');
const TOO_MANY = error('rate_limit_exceeded', 'rate limit exceeded', 429);
const EXPIRED = 'request timestamp expired';

/**
 * Coinbase says `Unauthorized`, as plain text, to all that is wrong with a token, and answers `{"error","error_details",
 * "message"}` where it answers in JSON. Here it is JSON always: ccxt and the npm package `coinbase-api` understand both,
 * and this one says what is wrong. Codes are those that ccxt knows. Coinbase has none for a replay, an address or a
 * constraint; the nearest is taken.
 */
export const COINBASE_CDP_ERRORS: ExchangeErrors = {
  missing: {
    key: unauthorized('Unauthorized: there is no token'),
    signature: unauthorized('Unauthorized: the token is not signed'),
    timestamp: expired(`${EXPIRED}: the token has no time`),
    passphrase: UNAUTHORIZED,
  },
  byCode: {
    credential_missing: unauthorized('Unauthorized: there is no token'),
    malformed_request: MALFORMED,
    dialect_unknown: MALFORMED,
    environment_mismatch: unauthorized('Unauthorized: the key belongs to another environment'),
    timestamp_invalid: expired(`${EXPIRED}: nbf and exp must be seconds, at most 120 apart`),
    timestamp_out_of_window: expired(EXPIRED),
    credential_unknown: UNAUTHORIZED,
    passphrase_mismatch: UNAUTHORIZED,
    signature_mismatch: UNAUTHORIZED,
    algorithm_not_allowed: UNAUTHORIZED,
    dialect_not_allowed: UNAUTHORIZED,
    replayed: expired(`${EXPIRED}: the token was used before`),
    credential_disabled: unauthorized('Unauthorized: the key is disabled'),
    credential_revoked: UNAUTHORIZED,
    credential_expired: error('expired_token', 'Unauthorized: the key has expired', 401),
    credential_quarantined: forbidden('The key is quarantined'),
    account_frozen: forbidden('The account is frozen'),
    ip_not_allowed: forbidden('The key may not be used from this address'),
    route_unknown: error('not_found', 'There is no such method and path', 404),
    permission_denied: forbidden('Missing required scopes'),
    constraint_violated: forbidden('Outside of the limits of this key'),
    step_up_required: error('two_factor_required', 'A second factor is needed', 402),
    rate_limited: TOO_MANY,
    too_many_failures: TOO_MANY,
    body_too_large: invalid('The body is too large', 413),
    unavailable: error('unavailable', 'The service cannot answer now', 503),
  },
};
