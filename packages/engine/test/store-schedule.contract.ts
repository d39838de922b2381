import type { Store } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenTo, recordOf, sealedUnder, T0, versionOf } from './records.ts';
import type { OpenStore, StoreAdapter } from './store-adapters.ts';

/** What every store keeps to: when something is to be done with a key by itself. */
export function storeScheduleContract(adapter: StoreAdapter): void {
  describe(`store on ${adapter.name}: the schedule`, () => {
    let open: OpenStore;
    let store: Store;
    beforeEach(async () => {
      open = await adapter.open();
      store = open.store;
    });
    afterEach(() => open.remove());

    const due = async (nowMs: number, limit = 10) =>
      (await store.dueCredentials(nowMs, limit)).map(({ id }) => id);
    const put = (id: string, dueAt?: number | null, more: Parameters<typeof recordOf>[1] = {}) =>
      store.commit({
        records: [recordOf(id, more)],
        entries: [],
        dueAt: dueAt === undefined ? undefined : new Map([[id, dueAt]]),
      });

    it('has what is stored due at once, unless the change says when, and a revoked key never', async () => {
      await put('a');
      await put('b', T0);
      await put('c', null);
      await put('d', T0, { standing: 'revoked' });
      expect(await due(0)).toEqual(['a']);
      expect(await due(T0 - 1)).toEqual(['a']);
      expect(await due(T0)).toEqual(['a', 'b']);
    });

    it('gives those first that are due for the longest time, some at a time, as they are stored', async () => {
      const sealed = await sealedUnder('kek-1', 'b');
      await put('a', T0 + 2);
      await put('b', T0 + 1, { secretVersions: [versionOf({ sealed })] });
      await put('c', T0 + 3);
      expect(await due(T0 + 3)).toEqual(['b', 'a', 'c']);
      expect(await due(T0 + 3, 2)).toEqual(['b', 'a']);
      const [first] = await store.dueCredentials(T0 + 1, 1);
      expect(first).toEqual(await store.loadCredential('b'));
      expect(Buffer.from(first?.secretVersions[0]?.sealed ?? []).equals(sealed)).toBe(true);
    });

    it('keeps appointments, but not for a key that was changed since', async () => {
      const revision = await put('a');
      await store.schedule([]);
      await store.schedule([{ credentialId: 'a', revision: revision + 1, dueAt: null }]);
      await store.schedule([{ credentialId: 'nobody', revision, dueAt: 0 }]);
      expect(await due(0)).toEqual(['a']);
      await store.schedule([{ credentialId: 'a', revision, dueAt: T0 }]);
      expect(await due(T0 - 1)).toEqual([]);
      store = await open.reopen();
      expect(await due(T0)).toEqual(['a']);
      await store.schedule([{ credentialId: 'a', revision, dueAt: null }]);
      expect(await due(Number.MAX_SAFE_INTEGER)).toEqual([]);
    });

    it('has a key due at once that is changed by a change that does not say when', async () => {
      const revision = await put('a', null);
      await store.commit({ records: [recordOf('a', { revision })], entries: [] });
      expect(await due(0)).toEqual(['a']);
    });

    it('remembers under which policies the appointments were made', async () => {
      expect(await store.scheduledUnder()).toBeUndefined();
      await store.rememberScheduledUnder('[1]');
      await store.rememberScheduledUnder('[2]');
      store = await open.reopen();
      expect(await store.scheduledUnder()).toBe('[2]');
    });

    it('tells the feed of changes by which every decision stays as it is', async () => {
      const notices = listenTo(store);
      await put('a');
      await store.commit({ records: [recordOf('b')], entries: [], keepsDecisions: true });
      expect(notices.map(({ keepsDecisions }) => keepsDecisions ?? false)).toEqual([false, true]);
    });

    it('keeps what the log was told of a key', async () => {
      const told = { expiring: { expiresAt: T0, days: 7 }, expiredAt: T0, rotationDueOf: 3 };
      await put('a', null, { told });
      store = await open.reopen();
      expect((await store.loadCredential('a'))?.told).toEqual(told);
    });
  });
}
