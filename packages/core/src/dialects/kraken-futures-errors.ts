import type { Denial } from '../denial.ts';
import { type ExchangeError, type ExchangeErrors, exchangeError } from './refusals.ts';

const error = (code: string, status = 200) => ({ code, message: code, status });

const UNAUTHENTICATED = error('authenticationError');
const NONCE = error('nonceBelowThreshold');
const BAD_REQUEST = error('requiredArgumentMissing', 400);

/**
 * Error names from Kraken Futures' public documentation, checked against ccxt's error classes. It has one name for all
 * that is wrong with a key, a signature, a permission or an address.
 */
const ERRORS: ExchangeErrors = {
  missing: {
    key: UNAUTHENTICATED,
    signature: UNAUTHENTICATED,
    timestamp: NONCE,
    passphrase: UNAUTHENTICATED,
  },
  byCode: {
    credential_missing: UNAUTHENTICATED,
    malformed_request: BAD_REQUEST,
    dialect_unknown: BAD_REQUEST,
    environment_mismatch: UNAUTHENTICATED,
    timestamp_invalid: NONCE,
    timestamp_out_of_window: NONCE,
    credential_unknown: UNAUTHENTICATED,
    passphrase_mismatch: UNAUTHENTICATED,
    signature_mismatch: UNAUTHENTICATED,
    algorithm_not_allowed: UNAUTHENTICATED,
    dialect_not_allowed: UNAUTHENTICATED,
    replayed: error('nonceDuplicate'),
    credential_disabled: UNAUTHENTICATED,
    credential_revoked: UNAUTHENTICATED,
    credential_expired: UNAUTHENTICATED,
    credential_quarantined: error('accountInactive'),
    account_frozen: error('accountInactive'),
    ip_not_allowed: UNAUTHENTICATED,
    route_unknown: error('notFound', 404),
    permission_denied: UNAUTHENTICATED,
    constraint_violated: UNAUTHENTICATED,
    step_up_required: UNAUTHENTICATED,
    rate_limited: error('apiLimitExceeded', 429),
    too_many_failures: error('apiLimitExceeded', 429),
    body_too_large: error('requiredArgumentMissing', 413),
    unavailable: error('unavailable', 503),
  },
};

export function krakenFuturesError(refusal: Denial): ExchangeError {
  return exchangeError(ERRORS, refusal);
}
