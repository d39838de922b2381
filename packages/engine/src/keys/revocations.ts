import { OPERATOR_ACCOUNT } from '@countersign/core';
import type { CredentialRecord } from '../ports/record.ts';
import type { Store } from '../ports/store.ts';
import { entryFor, refusalFor, remembered } from './key-change.ts';
import { type By, type KeyRefusal, type KeysRevoked, refused } from './key-result.ts';
import { mayManage } from './may-manage.ts';
import { destroyed } from './secret-versions.ts';

export interface RevocationFilter {
  readonly accountId?: string | undefined;
  readonly environment?: string | undefined;
  /** Ms since 1970. */
  readonly createdBefore?: number | undefined;
  /** Every pair must be in a key's metadata. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** The end of keys: final, and their secrets with them. */
export interface Revocations {
  /** Ends a key for good and destroys its secrets. */
  revoke(id: string, reason: string, by: By): Promise<KeysRevoked | KeyRefusal>;
  /** Revokes all keys of customers that match, in one revision. A filter that names nothing is refused. */
  revokeAll(filter: RevocationFilter, reason: string, by: By): Promise<KeysRevoked | KeyRefusal>;
}

interface Parts {
  readonly store: Store;
  readonly clock: () => number;
}

const PAGE = 500;
const MAX_ATTEMPTS = 10;

export function createRevocations({ store, clock }: Parts): Revocations {
  async function revokeRecords(
    records: readonly CredentialRecord[],
    reason: string,
    data: Readonly<Record<string, unknown>>,
    by: By,
  ): Promise<KeysRevoked | KeyRefusal> {
    const startedMs = clock();
    const result = (revision: number): KeysRevoked => ({
      ok: true,
      revoked: records.length,
      revision,
      confirmedNodes: 1,
      everywhere: true,
      elapsedMs: clock() - startedMs,
    });
    try {
      const revision = await store.commit({
        records: records.map((record) => ({
          ...record,
          standing: 'revoked',
          secretVersions: record.secretVersions.map((version) => destroyed(version, startedMs)),
        })),
        entries: records.map((record) => entryFor(record, by, 'key.revoked', { reason, ...data }, startedMs)),
        answer: remembered(by, result),
      });
      return result(revision);
    } catch (error) {
      return refusalFor(error);
    }
  }

  async function recordsMeant(filter: RevocationFilter): Promise<CredentialRecord[]> {
    const meant: CredentialRecord[] = [];
    let afterId = '';
    for (;;) {
      const page = await store.listCredentials({
        accountId: filter.accountId,
        nowMs: clock(),
        afterId,
        limit: PAGE,
      });
      meant.push(...page.filter((record) => isMeant(record, filter)));
      if (page.length < PAGE) return meant;
      afterId = (page.at(-1) as CredentialRecord).id;
    }
  }

  return {
    revoke: (id, reason, by) =>
      insistently(async () => {
        const record = await store.loadCredential(id);
        if (record === undefined) return refused('not_found', 'There is no key of that id.');
        const barred = mayManage(record.accountId, by);
        if (barred !== undefined) return barred;
        if (record.standing === 'revoked') return refused('key_revoked', 'The key is revoked already.');
        return revokeRecords([record], reason, {}, by);
      }),
    revokeAll: (filter, reason, by) =>
      insistently(async () => {
        if (Object.values(filter).every((value) => value === undefined)) {
          return refused('invalid_body', 'A revocation of many keys needs a filter.');
        }
        return revokeRecords(await recordsMeant(filter), reason, { filter }, by);
      }),
  };
}

/** A revocation must not lose to an edit at the same moment: it reads again, and tries again. */
async function insistently<T>(attempt: () => Promise<T | KeyRefusal>): Promise<T | KeyRefusal> {
  let result = await attempt();
  for (let i = 1; i < MAX_ATTEMPTS && isConflict(result); i++) result = await attempt();
  return result;
}

function isConflict(result: unknown): boolean {
  return (result as KeyRefusal).code === 'revision_mismatch';
}

function isMeant(record: CredentialRecord, filter: RevocationFilter): boolean {
  if (record.standing === 'revoked' || record.accountId === OPERATOR_ACCOUNT) return false;
  if (filter.environment !== undefined && record.environment !== filter.environment) return false;
  if (filter.createdBefore !== undefined && record.createdAt >= filter.createdBefore) return false;
  return Object.entries(filter.metadata ?? {}).every(([name, value]) => record.metadata[name] === value);
}
