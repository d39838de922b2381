import type { AuditEntryDraft, AuditEntryType } from '../ports/audit-log.ts';
import type { CredentialRecord } from '../ports/record.ts';
import { type Change, StoreError } from '../ports/store.ts';
import { type By, type KeyChanged, type KeyRefusal, type KeysRevoked, refused } from './key-result.ts';

const MAX_ATTEMPTS = 10;

/** The log's entry about a change of one key. */
export function entryFor(
  record: CredentialRecord,
  by: By,
  type: AuditEntryType,
  data: Readonly<Record<string, unknown>>,
  at: number,
): AuditEntryDraft {
  const { id, accountId } = record;
  return { at, type, credentialId: id, accountId, actor: by.actor, requestId: by.requestId, data };
}

/** The answer that is stored with a change, for the caller's idempotency key. */
export function remembered<R extends KeyChanged | KeysRevoked>(
  by: By,
  result: (revision: number) => R,
): Change['answer'] {
  const { remember } = by;
  return remember === undefined ? undefined : (revision) => remember(result(revision));
}

/** What of a store's error is the caller's doing. Anything else is thrown on. */
export function refusalFor(error: unknown): KeyRefusal {
  if (error instanceof StoreError) {
    if (error.code === 'id_taken' || error.code === 'lookup_taken') return refused('id_taken', error.message);
    if (error.code === 'revision_conflict') return refused('revision_mismatch', error.message);
  }
  throw error;
}

/** What stops a key must not lose to an edit at the same moment: it reads again, and tries again. */
export async function insistently<T>(attempt: () => Promise<T | KeyRefusal>): Promise<T | KeyRefusal> {
  let result = await attempt();
  for (let i = 1; i < MAX_ATTEMPTS && isConflict(result); i++) result = await attempt();
  return result;
}

function isConflict(result: unknown): boolean {
  return (result as KeyRefusal).code === 'revision_mismatch';
}
