import type { AuditEntryDraft, Store, Taken } from '@countersign/engine';
import { KNOWN_MS } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryOf, T0, wholeLog } from './records.ts';
import type { OpenStore, StoreAdapter } from './store-adapters.ts';

/** What every store keeps to: reservations. */
export function reservationsContract(adapter: StoreAdapter): void {
  describe(`store on ${adapter.name}: reservations`, () => {
    let open: OpenStore;
    let store: Store;
    beforeEach(async () => {
      open = await adapter.open();
      store = open.store;
    });
    afterEach(() => open.remove());

    const takenOf = (more: Partial<Taken> = {}): Taken => ({
      at: T0,
      cost: 2,
      meters: [{ key: '["key","a","orders \\n ✓",1]', windowMs: 1_000 }],
      amount: 12n * 10n ** 50n,
      spends: [{ key: '["amount","a","day"]', windowMs: 86_400_000 }],
      ...more,
    });
    const decision = (requestId: string, taken?: Taken): AuditEntryDraft => ({
      at: T0,
      type: 'decision',
      credentialId: 'a',
      requestId,
      taken,
      data: { allowed: true },
    });
    const released = entryOf({ type: 'key.usage_released', credentialId: 'a' });
    const live = async (nowMs = T0) =>
      [...(await store.liveReservations(nowMs))].map(({ requestId }) => requestId);

    it('are kept with their entries, and not in them', async () => {
      const taken = takenOf();
      await store.append([decision('r1', taken), decision('r2')]);
      expect(await store.reservation('r1')).toEqual({ requestId: 'r1', credentialId: 'a', taken });
      expect(await store.reservation('r2')).toBeUndefined();
      expect(await wholeLog(store)).toEqual([
        { at: T0, type: 'decision', credentialId: 'a', requestId: 'r1', data: { allowed: true } },
        { at: T0, type: 'decision', credentialId: 'a', requestId: 'r2', data: { allowed: true } },
      ]);
      store = await open.reopen();
      expect(await store.reservation('r1')).toEqual({ requestId: 'r1', credentialId: 'a', taken });
    });

    it('are released once, with an entry', async () => {
      await store.append([decision('r1', takenOf())]);
      const results = await Promise.all(
        [1, 2, 3].map((ms) => store.releaseReservation('r1', T0 + ms, released)),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(await store.releaseReservation('r1', T0 + 9, released)).toBe(false);
      expect((await store.reservation('r1'))?.releasedAt).toBe(T0 + 1);
      expect(await store.readLog({ after: 0, limit: 9, type: 'key.usage_released' })).toHaveLength(1);
    });

    it('are not released when there is none, and nothing is logged', async () => {
      expect(await store.releaseReservation('nobody', T0, released)).toBe(false);
      expect(await wholeLog(store)).toEqual([]);
    });

    it('are live while a window is open, in the order of their time, unless they are released', async () => {
      await store.append([
        decision('late', takenOf({ at: T0 + 5 })),
        decision('early', takenOf({ at: T0 - 5 })),
        decision('short', takenOf({ spends: [], amount: 0n })),
        decision('gone', takenOf()),
      ]);
      await store.releaseReservation('gone', T0, released);
      expect(await live()).toEqual(['early', 'short', 'late']);
      expect(await live(T0 + 999)).toEqual(['early', 'short', 'late']);
      expect(await live(T0 + 1_000)).toEqual(['early', 'late']);
      store = await open.reopen();
      expect(await live(T0 + 86_400_000 - 6)).toEqual(['early', 'late']);
      expect(await live(T0 + 86_400_000 - 5)).toEqual(['late']);
      expect(await live(T0 + 86_400_000 + 5)).toEqual([]);
    });

    it('are forgotten some time after their last window, also the released ones', async () => {
      await store.append([decision('r1', takenOf()), decision('r2', takenOf())]);
      await store.releaseReservation('r2', T0, released);
      const end = T0 + 86_400_000 + KNOWN_MS;
      await store.append([{ ...decision('x', takenOf({ at: end })), at: end }]);
      expect(await store.reservation('r1')).toBeDefined();
      await store.append([{ ...decision('y', takenOf({ at: end })), at: end + 10_001 }]);
      for (const id of ['r1', 'r2']) expect(await store.reservation(id)).toBeUndefined();
      expect(await store.reservation('x')).toBeDefined();
    });
  });
}
