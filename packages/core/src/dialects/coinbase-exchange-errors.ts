import type { ExchangeErrors } from './refusals.ts';

/** Coinbase Exchange has no codes: clients look at the status and the text. */
const error = (message: string, status = 401) => ({ code: '', message, status });

const missing = (header: string) => error(`${header} header is required`);
const INVALID_KEY = error('Invalid API Key');
const BAD_SIGNATURE = error('invalid signature');
const TOO_MANY = error('Private rate limit exceeded', 429);

/**
 * Texts and statuses as they were seen in the public issues of client libraries, checked against ccxt's error classes.
 * Of the headers that are missing, of addresses and of frozen accounts the texts could not be checked.
 *
 * What an authentic key may not do is answered with 401 and not with Coinbase's 403: ccxt takes a 403 for an exchange
 * that is down, and tries again. A route that does not exist is not `NotFound`: ccxt takes that for an order.
 */
export const COINBASE_EXCHANGE_ERRORS: ExchangeErrors = {
  missing: {
    key: missing('CB-ACCESS-KEY'),
    signature: missing('CB-ACCESS-SIGN'),
    timestamp: missing('CB-ACCESS-TIMESTAMP'),
    passphrase: missing('CB-ACCESS-PASSPHRASE'),
  },
  byCode: {
    credential_missing: missing('CB-ACCESS-KEY'),
    malformed_request: error('Bad Request', 400),
    dialect_unknown: error('Bad Request', 400),
    environment_mismatch: error('Invalid API Key: it belongs to another environment'),
    timestamp_invalid: error('invalid timestamp'),
    timestamp_out_of_window: error('request timestamp expired'),
    credential_unknown: INVALID_KEY,
    passphrase_mismatch: error('Invalid Passphrase'),
    signature_mismatch: BAD_SIGNATURE,
    algorithm_not_allowed: BAD_SIGNATURE,
    dialect_not_allowed: INVALID_KEY,
    replayed: error('request timestamp expired: the request was used before'),
    credential_disabled: error('Invalid API Key: disabled'),
    credential_revoked: INVALID_KEY,
    credential_expired: error('Invalid API Key: expired'),
    credential_quarantined: error('Forbidden: the API Key is frozen'),
    account_frozen: error('Forbidden: the account is frozen'),
    ip_not_allowed: error('IP does not match IP whitelist'),
    route_unknown: error('Route not found', 404),
    permission_denied: error('Forbidden'),
    constraint_violated: error('Forbidden: outside of the limits of this API Key'),
    step_up_required: error('Forbidden: a second factor is needed'),
    rate_limited: TOO_MANY,
    too_many_failures: TOO_MANY,
    body_too_large: error('Request body too large', 413),
    unavailable: error('Service unavailable', 503),
  },
};
