import { ENVIRONMENTS, type Environment, type Manifest, OPERATOR_ACCOUNT } from '@countersign/core';
import type { Fault } from '../keys/key-input.ts';
import { type By, type KeyRefusal, refused, refusedFor } from '../keys/key-result.ts';
import { mayManage } from '../keys/may-manage.ts';
import { isOfAccounts } from '../limits/rate-limits.ts';
import { type AccountRecord, type Freeze, type FreezeRecord, plainAccount } from '../ports/accounts.ts';
import { type Change, type Store, StoreError } from '../ports/store.ts';
import type { AccountBook } from './account-book.ts';
import {
  type AccountChanged,
  type AccountRefusal,
  type AccountView,
  accountView,
  environmentViews,
  type FreezesChanged,
  type FreezesView,
  freezesView,
} from './account-view.ts';

/**
 * Stops accounts and environments, and lets them go on. What is frozen already stays as it is, with its first reason:
 * to ask twice is no fault. Nothing here touches operators.
 */
export interface AccountService {
  /** An account, also one of which nothing is stored. */
  get(accountId: string): Promise<AccountView>;
  freeze(accountId: string, reason: string, by: By): Promise<AccountChanged | AccountRefusal>;
  unfreeze(accountId: string, reason: string, by: By): Promise<AccountChanged | AccountRefusal>;
  /** Replaces the quotas of an account. @param revision the one that the caller saw, 0 where nothing was stored */
  setQuotas(
    accountId: string,
    quotas: Readonly<Record<string, number>>,
    revision: number,
    by: By,
  ): Promise<AccountChanged | AccountRefusal>;
  freezes(): Promise<FreezesView>;
  /** @param environment absent: all of them, in one revision */
  freezeEnvironment(environment: Environment | undefined, reason: string, by: By): Promise<FreezesChanged>;
  unfreezeEnvironment(environment: Environment | undefined, reason: string, by: By): Promise<FreezesChanged>;
}

interface Parts {
  readonly store: Store;
  readonly book: AccountBook;
  readonly manifest: Manifest | undefined;
  readonly clock: () => number;
}

const MAX_ATTEMPTS = 10;
const MAX_QUOTA = 1_000_000_000;

export function createAccountService({ store, book, manifest, clock }: Parts): AccountService {
  const recordOf = async (accountId: string) =>
    (await store.loadAccount(accountId)) ?? plainAccount(accountId);

  async function viewOf(record: AccountRecord): Promise<AccountView> {
    const { accountId } = record;
    const keys = await store.listCredentials({ accountId, nowMs: clock(), afterId: '', limit: 1 });
    return accountView(record, keys.length > 0);
  }

  /** Stores a change. False when it lost to another one at the same moment. */
  async function stored(change: Change): Promise<number | false> {
    try {
      return await store.commit(change);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'revision_conflict') return false;
      throw error;
    }
  }

  /** A freeze must not lose to a change at the same moment: it reads again, and tries again. */
  async function insistently<T>(attempt: () => Promise<T | false>): Promise<T> {
    for (let i = 0; i < MAX_ATTEMPTS; i++) {
      const result = await attempt();
      if (result !== false) return result;
    }
    throw new StoreError('unavailable', 'What was to be frozen changes too fast. Try again.');
  }

  function setFrozen(accountId: string, isFrozen: boolean, reason: string, by: By) {
    if (accountId === OPERATOR_ACCOUNT) return Promise.resolve(operatorsStay());
    return insistently(async (): Promise<AccountChanged | false> => {
      const record = await recordOf(accountId);
      if (record.isFrozen === isFrozen) return { ok: true, account: await viewOf(record) };
      const at = clock();
      const next = { ...record, ...freezeOf(isFrozen, reason, at) };
      const type = isFrozen ? 'account.frozen' : 'account.unfrozen';
      const { actor, requestId } = by;
      const entries = [{ at, type, accountId, actor, requestId, data: { reason } }] as const;
      const revision = await stored({ records: [], accounts: [next], entries });
      return revision !== false && { ok: true, account: await viewOf({ ...next, revision }) };
    });
  }

  function setEnvironments(
    environment: Environment | undefined,
    isFrozen: boolean,
    reason: string,
    by: By,
  ): Promise<FreezesChanged> {
    const startedMs = clock();
    return insistently(async (): Promise<FreezesChanged | false> => {
      const there = await store.freezes();
      const meant = environment === undefined ? ENVIRONMENTS : [environment];
      const changed = meant.filter((name) => isFrozenIn(there, name) !== isFrozen);
      const at = clock();
      const done = (freezes: readonly FreezeRecord[]): FreezesChanged => ({
        ok: true,
        environments: environmentViews(freezes),
        changed,
        elapsedMs: clock() - startedMs,
      });
      if (changed.length === 0) return done(there);
      const freezes = changed.map((name) => ({
        environment: name,
        ...freezeOf(isFrozen, reason, at),
        revision: there.find((record) => record.environment === name)?.revision ?? 0,
      }));
      const type = isFrozen ? 'service.frozen' : 'service.unfrozen';
      const { actor, requestId } = by;
      const entries = [{ at, type, actor, requestId, data: { environments: changed, reason } }] as const;
      if ((await stored({ records: [], freezes, entries })) === false) return false;
      return done([...freezes, ...there.filter((record) => !changed.includes(record.environment))]);
    });
  }

  return {
    get: async (accountId) => viewOf(await recordOf(accountId)),
    freeze: (accountId, reason, by) => setFrozen(accountId, true, reason, by),
    unfreeze: (accountId, reason, by) => setFrozen(accountId, false, reason, by),
    async setQuotas(accountId, quotas, revision, by) {
      const barred = mayManage(accountId, by);
      if (barred !== undefined) return barred;
      const record = await recordOf(accountId);
      const other = (now: number) =>
        refused('revision_mismatch', `The account is at revision ${now}, not ${revision}.`);
      if (record.revision !== revision) return other(record.revision);
      const faults = faultsInQuotas(quotas, record, manifest);
      if (faults.length > 0) return refusedFor(faults);
      const at = clock();
      const { actor, requestId } = by;
      const entries = [
        { at, type: 'account.quotas_set', accountId, actor, requestId, data: { quotas } },
      ] as const;
      const next = { ...record, quotas: { ...quotas } };
      const made = await stored({ records: [], accounts: [next], entries });
      if (made === false) return other((await recordOf(accountId)).revision);
      return { ok: true, account: await viewOf({ ...next, revision: made }) };
    },
    freezes: async () => freezesView(await store.freezes(), book.frozenAccounts()),
    freezeEnvironment: (environment, reason, by) => setEnvironments(environment, true, reason, by),
    unfreezeEnvironment: (environment, reason, by) => setEnvironments(environment, false, reason, by),
  };
}

function freezeOf(isFrozen: boolean, reason: string, at: number): Freeze {
  return isFrozen ? { isFrozen, reason, frozenAt: at } : { isFrozen, reason: null, frozenAt: null };
}

function isFrozenIn(freezes: readonly FreezeRecord[], environment: Environment): boolean {
  return freezes.some((record) => record.environment === environment && record.isFrozen);
}

function operatorsStay(): KeyRefusal {
  const detail =
    'The account of the operators is never frozen: nobody could undo it. Disable or revoke the key of one.';
  return refused('permission_denied', detail);
}

/** A quota for a limit that there is not, or that counts many accounts together, would hold nothing back. One that was stored before may stay. */
function faultsInQuotas(
  quotas: Readonly<Record<string, number>>,
  { quotas: stored }: AccountRecord,
  manifest: Manifest | undefined,
): Fault[] {
  return Object.entries(quotas).flatMap(([name, quota]): Fault[] => {
    const pointer = `/quotas/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const rule = manifest?.rateLimits.find((one) => one.name === name);
    const isStored = Object.hasOwn(stored, name);
    if (rule === undefined && !isStored)
      return [{ pointer, message: 'the manifest has no rate limit of this name' }];
    if (rule !== undefined && !isOfAccounts(rule) && !isStored)
      return [{ pointer, message: 'would have no effect: the limit counts neither by account nor by key' }];
    if (!Number.isInteger(quota) || quota < 1 || quota > MAX_QUOTA)
      return [{ pointer, message: `must be a whole number from 1 to ${MAX_QUOTA}` }];
    return [];
  });
}
