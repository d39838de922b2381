import type { Denial } from '../denial.ts';
import { type ExchangeError, type ExchangeErrors, exchangeError } from './refusals.ts';

const error = (code: number, message: string, status = 500) => ({ code: String(code), message, status });

const PARAMETERS = error(10020, 'request: invalid');
const INVALID_KEY = error(10100, 'apikey: invalid');
const BAD_DIGEST = error(10100, 'apikey: digest invalid');
const SMALL_NONCE = error(10114, 'nonce: small');
const PERMISSION = error(10001, 'api_key: permission invalid');

/**
 * Codes and texts from Bitfinex's public documentation, checked against ccxt's error classes. ccxt looks into a list that
 * came with HTTP 500, and takes one that came with another status, 429 aside, for success.
 */
const ERRORS: ExchangeErrors = {
  missing: {
    key: INVALID_KEY,
    signature: BAD_DIGEST,
    timestamp: error(10114, 'nonce: missing'),
    passphrase: PARAMETERS,
  },
  byCode: {
    credential_missing: INVALID_KEY,
    malformed_request: PARAMETERS,
    dialect_unknown: PARAMETERS,
    environment_mismatch: INVALID_KEY,
    timestamp_invalid: error(10114, 'nonce: invalid'),
    timestamp_out_of_window: SMALL_NONCE,
    credential_unknown: INVALID_KEY,
    passphrase_mismatch: INVALID_KEY,
    signature_mismatch: BAD_DIGEST,
    algorithm_not_allowed: BAD_DIGEST,
    dialect_not_allowed: INVALID_KEY,
    replayed: SMALL_NONCE,
    credential_disabled: error(10100, 'apikey: disabled'),
    credential_revoked: INVALID_KEY,
    credential_expired: error(10100, 'apikey: expired'),
    credential_quarantined: error(10100, 'apikey: locked'),
    account_frozen: error(10100, 'user: locked'),
    ip_not_allowed: error(10001, 'api_key: ip not allowed'),
    route_unknown: error(10020, 'path: unknown'),
    permission_denied: PERMISSION,
    constraint_violated: error(10001, 'api_key: outside of its limits'),
    step_up_required: error(10001, 'api_key: a second factor is needed'),
    rate_limited: error(11010, 'ratelimit: error', 429),
    too_many_failures: error(11010, 'ratelimit: error', 429),
    body_too_large: error(10020, 'body: too large'),
    unavailable: error(20060, 'maintenance'),
  },
};

export function bitfinexError(refusal: Denial): ExchangeError {
  return exchangeError(ERRORS, refusal);
}
