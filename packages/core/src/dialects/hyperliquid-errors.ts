import { type Denial, publicDenial } from '../denial.ts';
import type { ExchangeErrors } from './refusals.ts';
import { exchangeError } from './refusals.ts';

const error = (message: string, status = 200) => ({ code: 'err', message, status });

/** ccxt knows a key that is refused by the beginning of this text. */
const WALLET = 'User or API Wallet ';
const UNKNOWN = error(`${WALLET}does not exist.`);
const MALFORMED = error('Failed to deserialize the JSON body into the target type', 422);
const FROZEN = error(`${WALLET}is frozen.`);
const TOO_MANY = error('Too many cumulative requests sent', 429);

/**
 * Texts as Hyperliquid's clients and their users report them: `User or API Wallet 0x… does not exist.` for a signature
 * that is wrong in any way, since the address is recovered from it, and `Invalid nonce: duplicate nonce …`. Hyperliquid
 * answers nearly everything with HTTP 200. It has no text of its own for what an API key may not do.
 */
const ERRORS: ExchangeErrors = {
  missing: { key: MALFORMED, signature: MALFORMED, timestamp: MALFORMED, passphrase: MALFORMED },
  byCode: {
    credential_missing: MALFORMED,
    malformed_request: MALFORMED,
    dialect_unknown: MALFORMED,
    environment_mismatch: error(`${WALLET}does not exist on this chain.`),
    timestamp_invalid: error('Invalid nonce: not a time in milliseconds'),
    timestamp_out_of_window: error('Invalid nonce: too far from the time of the server'),
    credential_unknown: UNKNOWN,
    passphrase_mismatch: UNKNOWN,
    signature_mismatch: UNKNOWN,
    algorithm_not_allowed: UNKNOWN,
    dialect_not_allowed: UNKNOWN,
    replayed: error('Invalid nonce: duplicate nonce, or below the highest ones'),
    credential_disabled: error(`${WALLET}is disabled.`),
    credential_revoked: UNKNOWN,
    credential_expired: error(`${WALLET}has expired.`),
    credential_quarantined: FROZEN,
    account_frozen: FROZEN,
    ip_not_allowed: error('Not allowed from this address'),
    route_unknown: error('There is no such route', 404),
    permission_denied: error('Permission denied'),
    constraint_violated: error('Outside of the limits of this API wallet'),
    step_up_required: error('A second factor is needed'),
    rate_limited: TOO_MANY,
    too_many_failures: TOO_MANY,
    body_too_large: error('The body is too large', 413),
    unavailable: error('The service is unavailable', 503),
  },
};

/** The HTTP status, and the body that Hyperliquid answers with. */
export function hyperliquidError(refusal: Denial): {
  readonly status: number;
  readonly body: { readonly status: 'err'; readonly response: string };
} {
  const { message, status } = exchangeError(ERRORS, refusal);
  const { permission } = publicDenial(refusal);
  const response =
    refusal.code === 'permission_denied' && permission !== undefined ? `${message}: ${permission}` : message;
  return { status, body: { status: 'err', response } };
}
