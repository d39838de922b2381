import type { ExchangeErrors } from './refusals.ts';

const error = (code: string, message: string, status: number) => ({ code, message, status });

const MALFORMED = error('INVALID_PROTOCOL', 'The request cannot be read', 400);
const INVALID_KEY = error('INVALID_KEY', 'Invalid key provided', 401);
const BAD_SIGNATURE = error('INVALID_SIGNATURE', 'Signature mismatch', 401);
const FROZEN = error('ACCOUNT_LOCKED', 'Account is locked', 403);
const missing = (header: string) =>
  error('MISSING_REQUIRED_HEADER', `Missing required header: ${header}`, 400);

/**
 * Labels, texts and statuses from Gate's public documentation, checked against ccxt's error classes. Gate has no label
 * of its own for a replay or a constraint.
 */
export const GATE_ERRORS: ExchangeErrors = {
  missing: {
    key: missing('KEY'),
    signature: missing('SIGN'),
    timestamp: missing('Timestamp'),
    passphrase: MALFORMED,
  },
  byCode: {
    credential_missing: missing('KEY'),
    malformed_request: MALFORMED,
    dialect_unknown: MALFORMED,
    environment_mismatch: error(
      'INVALID_KEY',
      'Invalid key provided: it belongs to another environment',
      401,
    ),
    timestamp_invalid: error('REQUEST_EXPIRED', 'Timestamp is no number of seconds', 403),
    timestamp_out_of_window: error(
      'REQUEST_EXPIRED',
      'gap between request Timestamp and server time exceeds 60',
      403,
    ),
    credential_unknown: INVALID_KEY,
    passphrase_mismatch: INVALID_KEY,
    signature_mismatch: BAD_SIGNATURE,
    algorithm_not_allowed: BAD_SIGNATURE,
    dialect_not_allowed: INVALID_KEY,
    replayed: error('REQUEST_EXPIRED', 'the request was used before', 403),
    credential_disabled: error('INVALID_KEY', 'Invalid key provided: disabled', 401),
    credential_revoked: INVALID_KEY,
    credential_expired: error('INVALID_KEY', 'Invalid key provided: expired', 401),
    credential_quarantined: FROZEN,
    account_frozen: FROZEN,
    ip_not_allowed: error('IP_FORBIDDEN', 'IP not in whitelist', 403),
    route_unknown: error('METHOD_NOT_ALLOWED', 'There is no such method and path', 404),
    permission_denied: error('FORBIDDEN', 'Request API key does not have the permission', 403),
    constraint_violated: error('FORBIDDEN', 'Outside of the limits of this API key', 403),
    step_up_required: error('FORBIDDEN', 'A second factor is needed', 403),
    rate_limited: error('TOO_MANY_REQUESTS', 'Request Rate Limit Exceeded', 429),
    too_many_failures: error('TOO_MANY_REQUESTS', 'Request Rate Limit Exceeded', 429),
    body_too_large: error('INVALID_REQUEST_BODY', 'The body is too large', 413),
    unavailable: error('SERVER_ERROR', 'Internal server error', 503),
  },
};
