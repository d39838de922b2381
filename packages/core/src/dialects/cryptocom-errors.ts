import type { Denial } from '../denial.ts';
import { type ExchangeError, type ExchangeErrors, exchangeError } from './refusals.ts';

const error = (code: number, message: string, status = 401) => ({ code: String(code), message, status });

const UNAUTHORIZED = error(40101, 'UNAUTHORIZED');
const INVALID_REQUEST = error(40003, 'INVALID_REQUEST', 400);
const MISSING = error(40004, 'MISSING_OR_INVALID_ARGUMENT', 400);
const INVALID_NONCE = error(40102, 'INVALID_NONCE', 400);
// Of the older API. The newer one has 40104 for it, which ccxt takes for a wrong key.
const NOT_ALLOWED = error(10005, 'USER_TIER_INVALID');
const SUSPENDED = error(202, 'ACCOUNT_IS_SUSPENDED', 400);
const TOO_MANY = error(42901, 'TOO_MANY_REQUESTS', 429);

/**
 * Codes and words from Crypto.com's public documentation, checked against ccxt's error classes. The words are those of
 * the documentation; the exchange itself sometimes says it in a sentence.
 */
const ERRORS: ExchangeErrors = {
  missing: { key: UNAUTHORIZED, signature: MISSING, timestamp: MISSING, passphrase: MISSING },
  byCode: {
    credential_missing: UNAUTHORIZED,
    malformed_request: INVALID_REQUEST,
    dialect_unknown: INVALID_REQUEST,
    environment_mismatch: UNAUTHORIZED,
    timestamp_invalid: INVALID_NONCE,
    timestamp_out_of_window: INVALID_NONCE,
    credential_unknown: UNAUTHORIZED,
    passphrase_mismatch: UNAUTHORIZED,
    signature_mismatch: UNAUTHORIZED,
    algorithm_not_allowed: UNAUTHORIZED,
    dialect_not_allowed: UNAUTHORIZED,
    replayed: error(40006, 'DUPLICATE_REQUEST', 400),
    credential_disabled: UNAUTHORIZED,
    credential_revoked: UNAUTHORIZED,
    credential_expired: UNAUTHORIZED,
    credential_quarantined: SUSPENDED,
    account_frozen: SUSPENDED,
    ip_not_allowed: error(40103, 'IP_ILLEGAL'),
    // The newer API's 40401 is an order that is not found, to ccxt.
    route_unknown: error(10008, 'METHOD_NOT_FOUND', 404),
    permission_denied: NOT_ALLOWED,
    constraint_violated: NOT_ALLOWED,
    step_up_required: NOT_ALLOWED,
    rate_limited: TOO_MANY,
    too_many_failures: TOO_MANY,
    body_too_large: error(40001, 'BAD_REQUEST', 413),
    unavailable: error(9_010_001, 'SYSTEM_MAINTENANCE', 503),
  },
};

export function cryptocomError(refusal: Denial): ExchangeError {
  return exchangeError(ERRORS, refusal);
}
