import type { Credential } from '../credential/credential.ts';
import { type Denial, denial } from '../denial.ts';

/** Stage 6: may the credential be used at all now? At the second of its expiry it has expired. */
export function checkStanding(credential: Credential, nowMs: number): Denial | undefined {
  switch (credential.standing) {
    case 'revoked':
      return denial('credential_revoked', 'The credential is revoked.', { part: 'key' });
    case 'quarantined':
      return denial('credential_quarantined', 'The credential is quarantined.', { part: 'key' });
    case 'disabled':
      return denial('credential_disabled', 'The credential is disabled.', { part: 'key' });
    case 'active':
      if (credential.expiresAt === undefined || nowMs < credential.expiresAt) return undefined;
      return denial('credential_expired', 'The credential has expired.', { part: 'key' });
  }
}
