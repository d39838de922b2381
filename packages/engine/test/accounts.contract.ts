import { plainAccount, type Store } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, entryOf, listenTo, recordOf, T0, wholeLog } from './records.ts';
import type { OpenStore, StoreAdapter } from './store-adapters.ts';

/** What every store keeps to: accounts, freezes and counters of failures. */
export function accountsContract(adapter: StoreAdapter): void {
  describe(`store on ${adapter.name}: accounts`, () => {
    let open: OpenStore;
    let store: Store;
    beforeEach(async () => {
      open = await adapter.open();
      store = open.store;
    });
    afterEach(() => open.remove());

    const frozen = {
      ...plainAccount('acct_1'),
      isFrozen: true,
      reason: 'odd',
      frozenAt: T0,
      quotas: { orders: 7 },
    };
    const live = {
      environment: 'live' as const,
      isFrozen: true,
      reason: 'a leak',
      frozenAt: T0,
      revision: 0,
    };

    it('are kept with their entries, told to the feed, and found after a restart', async () => {
      const notices = listenTo(store);
      const entry = entryOf({ type: 'account.frozen', accountId: 'acct_1' });
      const change = { records: [], accounts: [frozen], freezes: [live], entries: [entry] };
      const revision = await store.commit(change);
      const [account, freeze] = [
        { ...frozen, revision },
        { ...live, revision },
      ];
      expect(notices).toMatchObject([{ revision, records: [], accounts: [account], freezes: [freeze] }]);
      const again = await open.reopen();
      expect(await again.loadAccount('acct_1')).toEqual(account);
      expect(await again.loadAccount('acct_2')).toBeUndefined();
      expect([...(await again.accounts())]).toEqual([account]);
      expect(await again.freezes()).toEqual([freeze]);
      expect(await wholeLog(again)).toEqual([entry]);
    });

    it('of another revision are refused with revision_conflict, and nothing of the change is stored', async () => {
      const first = await store.commit({ records: [], accounts: [frozen], freezes: [live], entries: [] });
      const notices = listenTo(store);
      const stale = [0, first + 1].flatMap((revision) => [
        { accounts: [{ ...frozen, isFrozen: false, revision }] },
        { freezes: [{ ...live, isFrozen: false, revision }] },
      ]);
      for (const change of [...stale, { accounts: [{ ...plainAccount('acct_9'), revision: first }] }]) {
        const whole = { records: [recordOf('a')], entries: [entryOf()], ...change };
        expect(await codeOf(() => store.commit(whole))).toBe('StoreError:revision_conflict');
      }
      expect(await store.loadCredential('a')).toBeUndefined();
      expect(await store.loadAccount('acct_1')).toMatchObject({ isFrozen: true });
      expect(await wholeLog(store)).toEqual([]);
      expect(notices).toEqual([]);
      await store.commit({
        records: [],
        accounts: [{ ...frozen, isFrozen: false, revision: first }],
        entries: [],
      });
      expect(await store.loadAccount('acct_1')).toMatchObject({ isFrozen: false });
    });

    it('stay as they were when a record of the same change is in conflict', async () => {
      await store.commit({ records: [recordOf('a')], entries: [] });
      const change = { records: [recordOf('a')], accounts: [frozen], freezes: [live], entries: [] };
      expect(await codeOf(() => store.commit(change))).toBe('StoreError:id_taken');
      expect(await store.loadAccount('acct_1')).toBeUndefined();
      expect(await store.freezes()).toEqual([]);
    });

    it('have beside them counters of failures: the last state of each name, over a restart', async () => {
      await store.saveFailures([
        { name: 'a', state: '1' },
        { name: 'b', state: '2' },
      ]);
      await store.saveFailures([
        { name: 'a', state: '3' },
        { name: 'b', state: null },
        { name: 'never', state: null },
      ]);
      await store.saveFailures([]);
      expect([...(await (await open.reopen()).failures())]).toEqual([{ name: 'a', state: '3' }]);
    });
  });
}
