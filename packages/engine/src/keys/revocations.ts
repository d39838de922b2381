import type { CredentialRecord } from '../ports/record.ts';
import type { RevocationFilter } from '../ports/revocations.ts';
import type { Store } from '../ports/store.ts';
import { entryFor, insistently, refusalFor, remembered } from './key-change.ts';
import { type By, type KeyRefusal, type KeysRevoked, refused, refusedFor } from './key-result.ts';
import { mayManage } from './may-manage.ts';
import { isEmpty } from './revocation-match.ts';
import { destroyed } from './secret-versions.ts';

/** The end of keys: final, and their secrets with them. */
export interface Revocations {
  /** Ends a key for good and destroys its secrets. */
  revoke(id: string, reason: string, by: By): Promise<KeysRevoked | KeyRefusal>;
  /**
   * Revokes all keys of customers that match, in one revision. A filter that names nothing is refused, and so is a time
   * to come, which means every key: most often its year is wrong. A caller's answer is not remembered with it: done
   * again, it finds nothing left to revoke.
   */
  revokeAll(filter: RevocationFilter, reason: string, by: By): Promise<KeysRevoked | KeyRefusal>;
}

/** The caller's clock may be ahead by so much. */
const CLOCKS_APART_MS = 60_000;

interface Parts {
  readonly store: Store;
  readonly clock: () => number;
}

export function createRevocations({ store, clock }: Parts): Revocations {
  function revokedKeys(revoked: number, revision: number, startedMs: number): KeysRevoked {
    const elapsedMs = clock() - startedMs;
    return { ok: true, revoked, revision, confirmedNodes: 1, everywhere: true, elapsedMs };
  }

  async function revokeOne(record: CredentialRecord, reason: string, by: By) {
    const startedMs = clock();
    const result = (revision: number) => revokedKeys(1, revision, startedMs);
    try {
      const secretVersions = record.secretVersions.map((version) => destroyed(version, startedMs));
      const revision = await store.commit({
        records: [{ ...record, standing: 'revoked', secretVersions }],
        entries: [entryFor(record, by, 'key.revoked', { reason }, startedMs)],
        answer: remembered(by, result),
      });
      return result(revision);
    } catch (error) {
      return refusalFor(error);
    }
  }

  async function revokeAll(filter: RevocationFilter, reason: string, by: By) {
    if (isEmpty(filter)) return refused('invalid_body', 'A revocation of many keys needs a filter.');
    const startedMs = clock();
    if ((filter.createdBefore ?? 0) > startedMs + CLOCKS_APART_MS) {
      return refusedFor([{ pointer: '/createdBefore', message: 'is yet to come, and would mean every key' }]);
    }
    const { actor, requestId } = by;
    const entry = { at: startedMs, actor, requestId };
    const { revision, revoked } = await store.revokeMatching({
      filter,
      at: startedMs,
      entry: { ...entry, type: 'key.revoked', data: { reason } },
      summary: { ...entry, type: 'key.revoked_all', data: { reason, filter } },
    });
    return revokedKeys(revoked, revision, startedMs);
  }

  return {
    revoke: (id, reason, by) =>
      insistently(async () => {
        const record = await store.loadCredential(id);
        if (record === undefined) return refused('not_found', 'There is no key of that id.');
        const barred = mayManage(record.accountId, by);
        if (barred !== undefined) return barred;
        if (record.standing === 'revoked') return refused('key_revoked', 'The key is revoked already.');
        return revokeOne(record, reason, by);
      }),
    revokeAll,
  };
}
