import { type Environment, OPERATOR_ACCOUNT } from '@countersign/core';
import type { AccountRecord, AccountStore, FreezeRecord } from '../ports/accounts.ts';
import type { ChangeNotice } from '../ports/store.ts';

/**
 * Knows all accounts that differ from others, and which environments are frozen: few, so all of them are in memory.
 * The operators' own account is never frozen, or nobody could undo it.
 */
export class AccountBook {
  readonly #accounts = new Map<string, AccountRecord>();
  readonly #freezes = new Map<Environment, FreezeRecord>();
  readonly #frozenAccounts = new Set<string>();
  readonly #frozenEnvironments = new Set<Environment>();

  /** Reads everything. Called before the feed is followed. */
  async load(store: AccountStore): Promise<void> {
    const [accounts, freezes] = [await store.accounts(), await store.freezes()];
    this.#note([...accounts], freezes);
  }

  /** Takes a change from the feed. */
  apply({ accounts = [], freezes = [] }: ChangeNotice): void {
    this.#note(accounts, freezes);
  }

  /** Whether a key of that account and environment is refused. */
  isFrozen(accountId: string, environment: Environment): boolean {
    if (this.#frozenEnvironments.size === 0 && this.#frozenAccounts.size === 0) return false;
    if (accountId === OPERATOR_ACCOUNT) return false;
    return this.#frozenEnvironments.has(environment) || this.#frozenAccounts.has(accountId);
  }

  /** The quota that an account has in the place of a limit's own. */
  quotaOf(accountId: string, limitName: string): number | undefined {
    const quotas = this.#accounts.get(accountId)?.quotas;
    return quotas !== undefined && Object.hasOwn(quotas, limitName) ? quotas[limitName] : undefined;
  }

  /** Accounts that are frozen, by their ids. */
  frozenAccounts(): AccountRecord[] {
    return [...this.#frozenAccounts].sort().map((id) => this.#accounts.get(id) as AccountRecord);
  }

  #note(accounts: readonly AccountRecord[], freezes: readonly FreezeRecord[]): void {
    for (const record of accounts) {
      if ((this.#accounts.get(record.accountId)?.revision ?? 0) >= record.revision) continue;
      this.#accounts.set(record.accountId, record);
      if (record.isFrozen) this.#frozenAccounts.add(record.accountId);
      else this.#frozenAccounts.delete(record.accountId);
    }
    for (const record of freezes) {
      if ((this.#freezes.get(record.environment)?.revision ?? 0) >= record.revision) continue;
      this.#freezes.set(record.environment, record);
      if (record.isFrozen) this.#frozenEnvironments.add(record.environment);
      else this.#frozenEnvironments.delete(record.environment);
    }
  }
}
