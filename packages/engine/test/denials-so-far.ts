import type { DenialCode } from '@countersign/core';

export type { Ask } from '@countersign/engine';

/**
 * The denials that one request and one key can be made to have, in the order of the stages that say them.
 * `algorithm_not_allowed`, the standings, and `unavailable` have tests of their own.
 */
export const DENIALS_SO_FAR = [
  'body_too_large',
  'malformed_request',
  'too_many_failures',
  'dialect_unknown',
  'credential_missing',
  'timestamp_invalid',
  'timestamp_out_of_window',
  'credential_unknown',
  'dialect_not_allowed',
  'signature_mismatch',
  'passphrase_mismatch',
  'environment_mismatch',
  'credential_disabled',
  'ip_not_allowed',
  'route_unknown',
  'permission_denied',
  'constraint_violated',
  'replayed',
  'rate_limited',
] as const satisfies readonly DenialCode[];
