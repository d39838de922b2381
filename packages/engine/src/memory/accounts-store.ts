import type { AccountRecord, AccountStore, FreezeRecord } from '../ports/accounts.ts';
import { type Change, StoreError } from '../ports/store.ts';

export interface MemoryAccounts extends AccountStore {
  /** Throws when a record is not of the revision that is stored. Stores nothing. */
  check(change: Change): void;
  /** Stores the records under a revision, and gives them as they are stored. */
  put(change: Change, revision: number): { accounts: AccountRecord[]; freezes: FreezeRecord[] };
}

/** The part of the memory store that keeps accounts and freezes. */
export function createMemoryAccounts(): MemoryAccounts {
  const accounts = new Map<string, AccountRecord>();
  const freezes = new Map<string, FreezeRecord>();
  return {
    loadAccount: (id) => accounts.get(id),
    accounts: () => [...accounts.values()],
    freezes: () => [...freezes.values()],
    check({ accounts: changed = [], freezes: frozen = [] }) {
      const isOf = (there: { revision: number } | undefined, revision: number) =>
        (there?.revision ?? 0) === revision;
      for (const { accountId, revision } of changed) {
        if (!isOf(accounts.get(accountId), revision)) throw accountConflict();
      }
      for (const { environment, revision } of frozen) {
        if (!isOf(freezes.get(environment), revision)) throw freezeConflict();
      }
    },
    put({ accounts: changed = [], freezes: frozen = [] }, revision) {
      const stored = {
        accounts: changed.map((record) => ({ ...record, revision })),
        freezes: frozen.map((record) => ({ ...record, revision })),
      };
      for (const record of stored.accounts) accounts.set(record.accountId, record);
      for (const record of stored.freezes) freezes.set(record.environment, record);
      return stored;
    },
  };
}

function accountConflict(): StoreError {
  return new StoreError('revision_conflict', 'The account was changed meanwhile: read it again.');
}

function freezeConflict(): StoreError {
  return new StoreError('revision_conflict', 'The freeze was changed meanwhile: read it again.');
}
