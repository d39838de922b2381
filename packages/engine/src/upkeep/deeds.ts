import type { CredentialRecord } from '../ports/record.ts';

const DAY_MS = 86_400_000;

/** How many days before its expiry the owner of a key is reminded. */
const REMINDER_DAYS = [30, 7, 1] as const;

/** What the policies of a key's permissions come to. Times are in ms; absent: nothing is demanded. */
export interface UpkeepRules {
  readonly rotateEveryMs?: number | undefined;
  readonly idleExpiryMs?: number | undefined;
}

/** Something that is to be done with a key by itself. `at`: ms since 1970, the first at which it may be done. */
export type Deed =
  /** A version of the secret no longer proves: what is kept of it is destroyed. */
  | { readonly kind: 'retire'; readonly at: number; readonly version: number }
  | { readonly kind: 'remind'; readonly at: number; readonly days: number }
  | { readonly kind: 'expire'; readonly at: number; readonly reason: 'time' | 'idle' }
  | { readonly kind: 'rotation_due'; readonly at: number; readonly version: number };

/**
 * Lists what is still to be done with a key as it is now, in no order. Only active keys are reminded of: whoever
 * enables another one is told then what is due.
 *
 * @param lastUsedAt when it last showed a sign of life, in ms since 1970
 */
export function deedsFor(record: CredentialRecord, rules: UpkeepRules, lastUsedAt: number): Deed[] {
  if (record.standing === 'revoked') return [];
  const retirements = retirementsOf(record);
  const { expiresAt, told } = record;
  if (expiresAt !== null && told?.expiredAt === expiresAt) return retirements;
  const reminders =
    record.standing === 'active' ? [...remindersOf(record), ...rotationOf(record, rules)] : [];
  return [...retirements, ...reminders, ...expiryOf(record, rules, lastUsedAt)];
}

/** When something is next to be done with a key, in ms since 1970; null: never, as things are. */
export function nextDueAt(record: CredentialRecord, rules: UpkeepRules, lastUsedAt: number): number | null {
  const deeds = deedsFor(record, rules, lastUsedAt);
  return deeds.length === 0 ? null : Math.min(...deeds.map(({ at }) => at));
}

function retirementsOf({ secretVersions }: CredentialRecord): Deed[] {
  return secretVersions.flatMap(({ version, retiresAt: at, sealed, tokenHash, publicKey }): Deed[] => {
    const isThere = sealed !== null || tokenHash !== null || publicKey !== null;
    return at === null || !isThere ? [] : [{ kind: 'retire', at, version }];
  });
}

/** Those that are later than the last one that was told of, and than the making of the key: it was made to be short. */
function remindersOf({ expiresAt, createdAt, told }: CredentialRecord): Deed[] {
  if (expiresAt === null) return [];
  const toldDays = told?.expiring?.expiresAt === expiresAt ? told.expiring.days : Number.POSITIVE_INFINITY;
  return REMINDER_DAYS.filter((days) => days < toldDays)
    .map((days) => ({ kind: 'remind' as const, at: expiresAt - days * DAY_MS, days }))
    .filter(({ at }) => at > createdAt);
}

function rotationOf({ secretVersions, told }: CredentialRecord, { rotateEveryMs }: UpkeepRules): Deed[] {
  const [current] = secretVersions;
  if (rotateEveryMs === undefined || current === undefined) return [];
  const { version, createdAt } = current;
  return told?.rotationDueOf === version
    ? []
    : [{ kind: 'rotation_due', at: createdAt + rotateEveryMs, version }];
}

function expiryOf(
  { expiresAt }: CredentialRecord,
  { idleExpiryMs }: UpkeepRules,
  lastUsedAt: number,
): Deed[] {
  const idleAt = idleExpiryMs === undefined ? undefined : lastUsedAt + idleExpiryMs;
  if (idleAt !== undefined && (expiresAt === null || idleAt < expiresAt)) {
    return [{ kind: 'expire', at: idleAt, reason: 'idle' }];
  }
  return expiresAt === null ? [] : [{ kind: 'expire', at: expiresAt, reason: 'time' }];
}
