import type { Credential } from '../credential/credential.ts';
import { type Denial, denial } from '../denial.ts';
import type { Permission } from './manifest.ts';

/** What stage 6 knows beside the credential. Times are ms since 1970. */
export interface StandingContext {
  readonly nowMs: number;
  /** Whether the account, or everything in the credential's environment, is frozen. */
  readonly isFrozen: boolean;
  /** When the credential was last used; when it was made, if it never was. */
  readonly lastUsedAt: number;
  /** What the request needs. Some permissions outlive the expiry of their key. */
  readonly permission: Permission | undefined;
}

/**
 * Stage 6: may the credential be used at all now? At the ms of its expiry it has expired, but for permissions that
 * outlive it. Nothing outlives anything else: not a freeze, a quarantine, a disabled key, nor an expiry for want of use.
 */
export function checkStanding(credential: Credential, context: StandingContext): Denial | undefined {
  switch (credential.standing) {
    case 'revoked':
      return denial('credential_revoked', 'The credential is revoked.', { part: 'key' });
    case 'quarantined':
      return denial('credential_quarantined', 'The credential is quarantined.', { part: 'key' });
    case 'disabled':
      return denial('credential_disabled', 'The credential is disabled.', { part: 'key' });
    case 'active':
      if (context.isFrozen) return denial('account_frozen', 'The account is frozen.', { part: 'key' });
      return checkExpiry(credential, context);
  }
}

function checkExpiry(
  { expiresAt, profile }: Credential,
  { nowMs, lastUsedAt, permission }: StandingContext,
): Denial | undefined {
  // First: a use of what outlives the expiry would otherwise begin the time without use anew.
  if (profile.idleExpiryMs !== undefined && nowMs >= lastUsedAt + profile.idleExpiryMs) {
    return denial('credential_expired', 'The credential has expired, because it was not used for too long.', {
      part: 'key',
    });
  }
  if (expiresAt === undefined || nowMs < expiresAt) return undefined;
  // Who may still cancel orders does not leave a position behind that nobody can close.
  if (nowMs < expiresAt + (permission?.policy?.outlivesExpiryMs ?? 0)) return undefined;
  return denial('credential_expired', 'The credential has expired.', { part: 'key' });
}
