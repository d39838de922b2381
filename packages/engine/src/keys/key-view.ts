import type { CredentialStatus } from '@countersign/core';
import type { LastUse } from '../ports/activity.ts';
import type { CredentialRecord, Usage } from '../ports/record.ts';

export type KeyStatus = CredentialStatus;

/** A key as its owner sees it. Times are ISO 8601 in UTC. There is no secret in it. */
export interface KeyView
  extends Pick<
    CredentialRecord,
    | 'id'
    | 'accountId'
    | 'label'
    | 'environment'
    | 'kind'
    | 'dialects'
    | 'permissions'
    | 'allowedIps'
    | 'constraints'
    | 'rateLimits'
    | 'metadata'
    | 'revision'
  > {
  readonly status: KeyStatus;
  readonly nonceWindow: number;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** From when the cool-downs of its permissions count: when it was made, or allowed more than before. */
  readonly widenedAt: string | null;
  /** Since when addresses are on the list of those it withdraws to, where they have to cool down. */
  readonly withdrawalAddressesSince: Readonly<Record<string, string>>;
  readonly lastUsedAt: string | null;
  readonly lastUsedIp: string | null;
  readonly secretVersions: readonly SecretVersionView[];
  /** Of each permission that the key holds; null where it was not looked up, as in lists. */
  readonly permissionUsage: readonly PermissionUse[] | null;
}

export interface PermissionUse {
  readonly permission: string;
  /** Null: not within the days that activity is kept. */
  readonly lastUsedAt: string | null;
}

export interface SecretVersionView {
  readonly version: number;
  readonly createdAt: string;
  readonly retiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly lastUsedIp: string | null;
}

export function statusOf(record: CredentialRecord, nowMs: number): KeyStatus {
  if (record.standing !== 'active') return record.standing;
  return record.expiresAt !== null && record.expiresAt <= nowMs ? 'expired' : 'active';
}

/** @param lastUses of permissions; absent: they were not looked up */
export function keyView(
  record: CredentialRecord,
  usage: readonly Usage[],
  nowMs: number,
  lastUses?: readonly LastUse[],
): KeyView {
  const latest = usage.reduce<Usage | undefined>(
    (best, use) => (best === undefined || use.lastUsedAt > best.lastUsedAt ? use : best),
    undefined,
  );
  return {
    id: record.id,
    accountId: record.accountId,
    label: record.label,
    environment: record.environment,
    kind: record.kind,
    dialects: record.dialects,
    permissions: record.permissions,
    allowedIps: record.allowedIps,
    constraints: record.constraints,
    rateLimits: record.rateLimits,
    nonceWindow: record.nonceWindow ?? 0,
    metadata: record.metadata,
    status: statusOf(record, nowMs),
    createdAt: iso(record.createdAt),
    expiresAt: isoOrNull(record.expiresAt),
    widenedAt: isoOrNull(record.widenedAt ?? null),
    withdrawalAddressesSince: Object.fromEntries(
      Object.entries(record.addressesSince ?? {}).map(([address, since]) => [address, iso(since)]),
    ),
    lastUsedAt: isoOrNull(latest?.lastUsedAt ?? null),
    lastUsedIp: latest?.lastUsedIp ?? null,
    secretVersions: record.secretVersions.map(({ version, createdAt, retiresAt }) => {
      const use = usage.find((one) => one.version === version);
      return {
        version,
        createdAt: iso(createdAt),
        retiresAt: isoOrNull(retiresAt),
        lastUsedAt: isoOrNull(use?.lastUsedAt ?? null),
        lastUsedIp: use?.lastUsedIp ?? null,
      };
    }),
    permissionUsage: lastUses === undefined ? null : permissionUsageOf(record, lastUses),
    revision: record.revision,
  };
}

function permissionUsageOf(
  { permissions }: CredentialRecord,
  lastUses: readonly LastUse[],
): readonly PermissionUse[] {
  return permissions.map((permission) => ({
    permission,
    lastUsedAt: isoOrNull(lastUses.find((use) => use.permission === permission)?.lastAt ?? null),
  }));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
