import { DENIALS } from '@countersign/core/denial';

/** Errors of the management API that are no denials. Append-only, like the denials. */
const MANAGEMENT_ERRORS = {
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_body: { status: 400, title: 'The body does not have the right form' },
  invalid_query: { status: 400, title: 'The query does not have the right form' },
  not_found: { status: 404, title: 'There is no such thing' },
  id_taken: { status: 409, title: 'There is a key of that id or secret already' },
  key_revoked: { status: 409, title: 'The key is revoked, and that is final' },
  state_conflict: { status: 409, title: 'The key is not in a state for this' },
  revision_missing: { status: 428, title: 'The revision that was seen is needed' },
  revision_mismatch: { status: 412, title: 'The key was changed meanwhile' },
  idempotency_key_invalid: { status: 400, title: 'The idempotency key cannot be used' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key was used with another body' },
  idempotency_in_flight: { status: 409, title: 'A request with this idempotency key is under way' },
  keyring_not_rotatable: { status: 409, title: 'This keyring is rotated from outside' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  websocket_login_unsupported: { status: 501, title: 'A login inside the WebSocket is not supported' },
  upstream_unavailable: { status: 502, title: 'The upstream does not answer' },
  internal_error: { status: 500, title: 'The service has a fault' },
} as const;

/** Every error that the service answers with: what it is called, its HTTP status, its title. */
export const ERRORS = { ...DENIALS, ...MANAGEMENT_ERRORS } as const;

export type ErrorCode = keyof typeof ERRORS;

export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[];
