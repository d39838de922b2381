import type { ExchangeErrors } from './refusals.ts';

const error = (code: string, message: string, status: number) => ({ code, message, status });

const MISSING = error(
  '400001',
  'Any of KC-API-KEY, KC-API-SIGN, KC-API-TIMESTAMP, KC-API-PASSPHRASE is missing in your request header',
  401,
);
const MALFORMED = error('400100', 'Parameter Error', 400);
const NO_KEY = error('400003', 'KC-API-KEY does not exist', 401);
const BAD_SIGNATURE = error('400005', 'Invalid KC-API-SIGN', 401);
const FROZEN = error('411100', 'User is frozen', 403);
/** ccxt knows the code 429000 by these words alone. */
const TOO_MANY = error('429000', 'Too many requests. Exceeded the access frequency', 429);

/**
 * Codes and texts from KuCoin's public documentation, checked against ccxt's error classes; the HTTP statuses of 411100
 * and 400100 could not be checked. KuCoin has no code of its own for a replay, a constraint, a key that is disabled or
 * has expired, or a second factor: the nearest is taken.
 */
export const KUCOIN_ERRORS: ExchangeErrors = {
  missing: { key: MISSING, signature: MISSING, timestamp: MISSING, passphrase: MISSING },
  byCode: {
    credential_missing: MISSING,
    malformed_request: MALFORMED,
    dialect_unknown: MALFORMED,
    environment_mismatch: error('400003', 'KC-API-KEY belongs to another environment', 401),
    timestamp_invalid: error('400002', 'Invalid KC-API-TIMESTAMP', 401),
    timestamp_out_of_window: error('400002', 'Invalid KC-API-TIMESTAMP', 401),
    credential_unknown: NO_KEY,
    passphrase_mismatch: error('400004', 'Invalid KC-API-PASSPHRASE', 401),
    signature_mismatch: BAD_SIGNATURE,
    algorithm_not_allowed: BAD_SIGNATURE,
    dialect_not_allowed: error('400003', 'KC-API-KEY is not for this API', 401),
    replayed: error('400002', 'Invalid KC-API-TIMESTAMP: the request was used before', 401),
    credential_disabled: error('400003', 'KC-API-KEY is disabled', 401),
    credential_revoked: NO_KEY,
    credential_expired: error('400003', 'KC-API-KEY has expired', 401),
    credential_quarantined: FROZEN,
    account_frozen: FROZEN,
    ip_not_allowed: error('400006', 'The requested ip address is not in the api whitelist', 403),
    route_unknown: error('404000', 'Url Not Found', 404),
    permission_denied: error('400007', 'Access denied, requires more permission', 403),
    constraint_violated: error('400007', 'Access denied, outside of the limits of this KC-API-KEY', 403),
    step_up_required: error('400007', 'Access denied, a second factor is needed', 403),
    rate_limited: TOO_MANY,
    too_many_failures: TOO_MANY,
    body_too_large: error('400100', 'Parameter Error: the body is too large', 413),
    unavailable: error('500000', 'Internal Server Error', 503),
  },
};
