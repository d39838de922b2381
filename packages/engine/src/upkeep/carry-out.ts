import { destroyed } from '../keys/secret-versions.ts';
import type { AuditEntryDraft, AuditEntryType } from '../ports/audit-log.ts';
import type { CredentialRecord } from '../ports/record.ts';
import { type Deed, deedsFor, type UpkeepRules } from './deeds.ts';

const DAY_MS = 86_400_000;

/** A key after what was due was done, and what the log is told of it. Without entries, nothing was due. */
export interface Upkept {
  readonly record: CredentialRecord;
  readonly entries: readonly AuditEntryDraft[];
  /** Whether what may be done with the key now is what could be done before. */
  readonly keepsDecisions: boolean;
}

/**
 * Does with a key what is due: destroys secrets whose grace is over, and says once that the key expires soon, has
 * expired, was ended because nobody used it, or should be rotated. Of reminders that were missed, the nearest alone is
 * told; of a key that has expired, none.
 */
export function carryOut(
  record: CredentialRecord,
  rules: UpkeepRules,
  lastUsedAt: number,
  nowMs: number,
): Upkept {
  const due = deedsFor(record, rules, lastUsedAt).filter(({ at }) => at <= nowMs);
  const expiry = due.find(({ kind }) => kind === 'expire');
  const nearest = Math.min(
    ...due.map((deed) => (deed.kind === 'remind' ? deed.days : Number.POSITIVE_INFINITY)),
  );
  let next = record;
  const entries: AuditEntryDraft[] = [];
  const tell = (type: AuditEntryType, data: Readonly<Record<string, unknown>>) => {
    const { id, accountId } = record;
    entries.push({ at: nowMs, type, credentialId: id, accountId, actor: 'service', data });
  };
  for (const deed of due) {
    if (expiry !== undefined && (deed.kind === 'remind' || deed.kind === 'rotation_due')) continue;
    if (deed.kind === 'remind' && deed.days !== nearest) continue;
    next = after(next, deed, nowMs);
    tell(...entryOf(deed, next, lastUsedAt, nowMs));
  }
  return { record: next, entries, keepsDecisions: expiry?.kind !== 'expire' || expiry.reason !== 'idle' };
}

function after(record: CredentialRecord, deed: Deed, nowMs: number): CredentialRecord {
  const { told, expiresAt } = record;
  switch (deed.kind) {
    case 'retire':
      return {
        ...record,
        secretVersions: record.secretVersions.map((version) =>
          version.version === deed.version ? destroyed(version, nowMs) : version,
        ),
      };
    case 'remind':
      return { ...record, told: { ...told, expiring: { expiresAt: expiresAt as number, days: deed.days } } };
    case 'expire':
      return { ...record, expiresAt: deed.at, told: { ...told, expiredAt: deed.at } };
    case 'rotation_due':
      return { ...record, told: { ...told, rotationDueOf: deed.version } };
  }
}

function entryOf(
  deed: Deed,
  { expiresAt, secretVersions }: CredentialRecord,
  lastUsedAt: number,
  nowMs: number,
): [AuditEntryType, Readonly<Record<string, unknown>>] {
  switch (deed.kind) {
    case 'retire':
      return ['key.secret_retired', { version: deed.version, retiredAt: iso(deed.at) }];
    case 'remind': {
      const daysLeft = Math.ceil(((expiresAt as number) - nowMs) / DAY_MS);
      return ['key.expiring', { daysLeft, expiresAt: iso(expiresAt as number) }];
    }
    case 'expire': {
      const idle = deed.reason === 'idle' ? { unusedSince: iso(lastUsedAt) } : {};
      return ['key.expired', { reason: deed.reason, expiresAt: iso(deed.at), ...idle }];
    }
    case 'rotation_due': {
      const madeAt = secretVersions[0]?.createdAt as number;
      return ['key.rotation_due', { version: deed.version, madeAt: iso(madeAt) }];
    }
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
