import type { AccountRecord, AccountStore, FreezeRecord } from '../ports/accounts.ts';
import { StoreError } from '../ports/store.ts';
import { type Database, guarded } from './connection.ts';

interface Row {
  readonly record: string;
}

/** Accounts and freezes of a change, each under its new revision, with the one that must be stored before. */
export interface AccountRows {
  readonly accounts: readonly { readonly record: AccountRecord; readonly before: number }[];
  readonly freezes: readonly { readonly record: FreezeRecord; readonly before: number }[];
}

/** The part of the store that reads accounts and freezes. */
export function accountReads(database: Database): AccountStore {
  const account = database.prepare('SELECT record FROM accounts WHERE account_id = ?');
  const accounts = database.prepare('SELECT record FROM accounts');
  const freezes = database.prepare('SELECT record FROM freezes');
  return {
    loadAccount: (id) =>
      guarded(() => {
        const row = account.get(id) as Row | undefined;
        return row === undefined ? undefined : (JSON.parse(row.record) as AccountRecord);
      }),
    accounts: () =>
      guarded(() => (accounts.all() as Row[]).map(({ record }) => JSON.parse(record) as AccountRecord)),
    freezes: () =>
      guarded(() => (freezes.all() as Row[]).map(({ record }) => JSON.parse(record) as FreezeRecord)),
  };
}

/** Writes accounts and freezes, within the transaction of their change. */
export function accountWrites(database: Database): (rows: AccountRows) => void {
  const account = database.prepare('SELECT record FROM accounts WHERE account_id = ?');
  const putAccount = database.prepare('INSERT OR REPLACE INTO accounts (account_id, record) VALUES (?, ?)');
  const freeze = database.prepare('SELECT record FROM freezes WHERE environment = ?');
  const putFreeze = database.prepare('INSERT OR REPLACE INTO freezes (environment, record) VALUES (?, ?)');
  return ({ accounts, freezes }) => {
    for (const { record, before } of accounts) {
      check(account.get(record.accountId), before, 'account');
      putAccount.run(record.accountId, JSON.stringify(record));
    }
    for (const { record, before } of freezes) {
      check(freeze.get(record.environment), before, 'freeze');
      putFreeze.run(record.environment, JSON.stringify(record));
    }
  };
}

function check(row: unknown, before: number, what: string): void {
  const there = row === undefined ? 0 : (JSON.parse((row as Row).record) as { revision: number }).revision;
  if (there === before) return;
  throw new StoreError('revision_conflict', `The ${what} was changed meanwhile: read it again.`);
}
