/**
 * Why a decision was negative. Append-only: callers switch on these, dashboards count them, and each has a
 * page under `docs/errors/`. The status is what a face answers in whose dialect the exchange has none.
 */
export const DENIALS = {
  credential_missing: { status: 401, title: 'The request carries no complete credential' },
  malformed_request: { status: 400, title: 'The request cannot be read' },
  dialect_unknown: { status: 400, title: 'No such dialect' },
  environment_mismatch: { status: 401, title: 'The credential belongs to another environment' },
  timestamp_invalid: { status: 401, title: 'The timestamp cannot be read' },
  timestamp_out_of_window: { status: 401, title: "The timestamp is too far from the server's clock" },
  credential_unknown: { status: 401, title: 'No such credential' },
  passphrase_mismatch: { status: 401, title: 'The passphrase is wrong' },
  signature_mismatch: { status: 401, title: 'The signature does not match the request' },
  algorithm_not_allowed: { status: 401, title: 'The credential does not sign with this algorithm' },
  dialect_not_allowed: { status: 401, title: 'The credential does not speak this dialect' },
  replayed: { status: 401, title: 'The request was used before' },
  credential_disabled: { status: 403, title: 'The credential is disabled' },
  credential_revoked: { status: 403, title: 'The credential is revoked' },
  credential_expired: { status: 403, title: 'The credential has expired' },
  credential_quarantined: { status: 403, title: 'The credential is quarantined' },
  account_frozen: { status: 403, title: 'The account is frozen' },
  ip_not_allowed: { status: 403, title: 'The credential may not be used from this address' },
  route_unknown: { status: 404, title: 'The manifest has no such route' },
  permission_denied: { status: 403, title: 'The credential lacks the permission' },
  constraint_violated: { status: 403, title: 'A constraint of the credential forbids the request' },
  step_up_required: { status: 403, title: 'A second factor is needed' },
  rate_limited: { status: 429, title: 'The rate limit is used up' },
  too_many_failures: { status: 429, title: 'Too many failed attempts from this network' },
  body_too_large: { status: 413, title: 'The body is over the limit' },
  unavailable: { status: 503, title: 'The service cannot decide now' },
} as const;

export type DenialCode = keyof typeof DENIALS;

export const DENIAL_CODES = Object.keys(DENIALS) as readonly DenialCode[];

/** The address of an error's page. Relative: every running service serves its own pages. */
export function problemType(code: string): string {
  return `/docs/errors/${code}`;
}

/** The part of a signed request that a denial is about, where a dialect's own error depends on it. */
export type ClaimPart = 'key' | 'signature' | 'timestamp' | 'passphrase';

/** A refusal as a value. The detail is for people: it never holds a secret, a signature or a body. */
export interface Denial {
  readonly ok: false;
  readonly code: DenialCode;
  readonly detail: string;
  readonly part?: ClaimPart | undefined;
  /** The client's clock minus the server's, in ms, when the request carried a readable timestamp. */
  readonly clockDeltaMs?: number | undefined;
  /**
   * Seconds after which a try can succeed, for `rate_limited`, `too_many_failures` and `unavailable`, and for
   * `constraint_violated` where an amount is over what is left of a limit.
   */
  readonly retryAfterSeconds?: number | undefined;
  /** The permission that the credential lacks, for `permission_denied`. */
  readonly permission?: string | undefined;
}

export function denial(
  code: DenialCode,
  detail: string,
  more: Partial<Omit<Denial, 'ok' | 'code' | 'detail'>> = {},
): Denial {
  return { ok: false, code, detail, ...more };
}

/**
 * What a stranger may be told. The secret of a revoked credential is destroyed, so whoever names it cannot
 * authenticate any more, and gets the same answer as for an id that never existed.
 */
export function publicDenial(refusal: Denial): Denial {
  if (refusal.code !== 'credential_revoked') return refusal;
  return { ...refusal, code: 'credential_unknown', detail: 'No such credential.' };
}

const MAX_DETAIL = 300;

/** The refusal of what cannot be read. A detail may quote a name that is as long as its header, so it is cut. */
export function malformed(detail: string): Denial {
  return denial('malformed_request', detail.slice(0, MAX_DETAIL));
}
