import type { Denial } from '../denial.ts';
import { type ExchangeError, type ExchangeErrors, exchangeError } from './refusals.ts';

const error = (message: string, status = 200) => ({ code: message, message, status });

const ARGUMENTS = error('EGeneral:Invalid arguments');
const INVALID_KEY = error('EAPI:Invalid key');
const BAD_SIGNATURE = error('EAPI:Invalid signature');
const INVALID_NONCE = error('EAPI:Invalid nonce');
const DENIED = error('EGeneral:Permission denied');
const LOCKED = error('EGeneral:Temporary lockout');
const TOO_MANY = error('EAPI:Rate limit exceeded');

/**
 * Texts from Kraken's public documentation, checked against ccxt's error classes. Kraken answers nearly everything with
 * HTTP 200, and says no more than these words: a text that is longer would be none that its clients know.
 */
const ERRORS: ExchangeErrors = {
  missing: { key: INVALID_KEY, signature: BAD_SIGNATURE, timestamp: INVALID_NONCE, passphrase: ARGUMENTS },
  byCode: {
    credential_missing: INVALID_KEY,
    malformed_request: ARGUMENTS,
    dialect_unknown: ARGUMENTS,
    environment_mismatch: INVALID_KEY,
    timestamp_invalid: INVALID_NONCE,
    timestamp_out_of_window: INVALID_NONCE,
    credential_unknown: INVALID_KEY,
    passphrase_mismatch: INVALID_KEY,
    signature_mismatch: BAD_SIGNATURE,
    algorithm_not_allowed: BAD_SIGNATURE,
    dialect_not_allowed: INVALID_KEY,
    replayed: INVALID_NONCE,
    credential_disabled: INVALID_KEY,
    credential_revoked: INVALID_KEY,
    credential_expired: INVALID_KEY,
    credential_quarantined: LOCKED,
    account_frozen: LOCKED,
    ip_not_allowed: DENIED,
    route_unknown: error('EGeneral:Unknown method', 404),
    permission_denied: DENIED,
    constraint_violated: DENIED,
    step_up_required: DENIED,
    rate_limited: TOO_MANY,
    too_many_failures: error('EGeneral:Too many requests'),
    body_too_large: error('EGeneral:Invalid arguments', 413),
    unavailable: error('EService:Unavailable', 503),
  },
};

export function krakenError(refusal: Denial): ExchangeError {
  return exchangeError(ERRORS, refusal);
}
