import { ACTIVITY_DAYS, type ActivityRow, FOLDED, MAX_DAILY_ROWS, type Store } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryOf, T0 } from './records.ts';
import type { OpenStore, StoreAdapter } from './store-adapters.ts';

const DAY_MS = 86_400_000;
const DAY = Math.floor(T0 / DAY_MS);

export function activityRow(more: Partial<ActivityRow> = {}): ActivityRow {
  return {
    credentialId: 'a',
    day: DAY,
    permission: 'trade',
    ip: '192.0.2.1',
    instrument: 'BTCUSDT',
    wasDenied: false,
    requests: 1,
    lastAt: T0,
    ...more,
  };
}

/** What every store keeps to: what credentials were used for. */
export function activityContract(adapter: StoreAdapter): void {
  describe(`store on ${adapter.name}: activity`, () => {
    let open: OpenStore;
    let store: Store;
    beforeEach(async () => {
      open = await adapter.open();
      store = open.store;
    });
    afterEach(() => open.remove());

    it('has none at first', async () => {
      expect(await store.activityOf('a', 0)).toEqual([]);
      expect(await store.lastUses('a')).toEqual([]);
      expect(await store.firstActivityDay()).toBeUndefined();
      expect(await store.latestDecisions('a', 10)).toEqual([]);
      await store.saveActivity([]);
      expect(await store.firstActivityDay()).toBeUndefined();
    });

    it('adds up what was asked for, over saves and days', async () => {
      await store.saveActivity([activityRow({ requests: 3 }), activityRow({ lastAt: T0 - 5 })]);
      await store.saveActivity([activityRow({ requests: 2, lastAt: T0 + 7 })]);
      await store.saveActivity([activityRow({ day: DAY + 2, lastAt: T0 + 2 * DAY_MS })]);
      const { credentialId: _, day: __, ...what } = activityRow();
      expect(await store.activityOf('a', DAY)).toEqual([
        { ...what, firstDay: DAY, requests: 7, lastAt: T0 + 2 * DAY_MS },
      ]);
      expect(await store.activityOf('a', DAY + 1)).toMatchObject([{ firstDay: DAY + 2, requests: 1 }]);
      expect(await store.activityOf('a', DAY + 3)).toEqual([]);
    });

    it('keeps permissions, addresses, instruments, denials and credentials apart, the latest first', async () => {
      const differing = [
        { permission: 'read' },
        { ip: '' },
        { instrument: '' },
        { wasDenied: true },
        { permission: '' },
        { instrument: 'a\nb', ip: FOLDED },
      ];
      const rows = differing.map((more, i) => activityRow({ ...more, lastAt: T0 + i }));
      await store.saveActivity([...rows, activityRow({ credentialId: 'b' })]);
      const found = await store.activityOf('a', 0);
      expect(found).toMatchObject(differing.reverse());
      expect(await store.activityOf('b', 0)).toHaveLength(1);
    });

    it('knows the last use of each permission, and no denial', async () => {
      await store.saveActivity([
        activityRow({ ip: '192.0.2.9', lastAt: T0 + 1 }),
        activityRow({ lastAt: T0 }),
        activityRow({ permission: 'read', day: DAY - 3, lastAt: T0 - 3 * DAY_MS }),
        activityRow({ permission: 'move', wasDenied: true }),
        activityRow({ credentialId: 'b', permission: 'move' }),
      ]);
      const uses = [...(await store.lastUses('a'))].sort((x, y) => (x.permission < y.permission ? -1 : 1));
      expect(uses).toEqual([
        { permission: 'read', lastAt: T0 - 3 * DAY_MS },
        { permission: 'trade', lastAt: T0 + 1 },
      ]);
      expect(await store.firstActivityDay()).toBe(DAY - 3);
    });

    it('keeps so many of a day apart, and puts the others together', async () => {
      const rows = Array.from({ length: MAX_DAILY_ROWS + 5 }, (_, i) => activityRow({ instrument: `I${i}` }));
      await store.saveActivity(rows);
      await store.saveActivity([activityRow({ instrument: 'another' }), activityRow({ instrument: 'I0' })]);
      const found = await store.activityOf('a', DAY);
      expect(found).toHaveLength(MAX_DAILY_ROWS + 1);
      expect(found.filter(({ ip }) => ip === FOLDED)).toMatchObject([{ instrument: FOLDED, requests: 6 }]);
      expect(found.find(({ instrument }) => instrument === 'I0')).toMatchObject({ requests: 2 });
      // Each day, and each credential, has room of its own.
      await store.saveActivity([activityRow({ day: DAY + 1, instrument: 'new' })]);
      await store.saveActivity([activityRow({ credentialId: 'b' })]);
      expect(await store.activityOf('b', DAY)).toMatchObject([{ instrument: 'BTCUSDT' }]);
      expect(await store.activityOf('a', DAY + 1)).toMatchObject([{ instrument: 'new' }]);
    });

    it('forgets what is older than it is kept', async () => {
      await store.saveActivity([activityRow(), activityRow({ credentialId: 'b', day: DAY + 1 })]);
      const later = (days: number) =>
        activityRow({ credentialId: 'c', day: DAY + days, lastAt: T0 + days * DAY_MS });
      await store.saveActivity([later(ACTIVITY_DAYS)]);
      expect(await store.activityOf('a', 0)).toHaveLength(1);
      await store.saveActivity([later(ACTIVITY_DAYS + 1)]);
      expect(await store.activityOf('a', 0)).toEqual([]);
      expect(await store.activityOf('b', 0)).toHaveLength(1);
      expect(await store.firstActivityDay()).toBe(DAY + 1);
    });

    it('gives the latest decisions of a credential', async () => {
      const decision = (n: number, more = {}) =>
        entryOf({ type: 'decision', credentialId: 'a', data: { n }, ...more });
      await store.append([decision(1), decision(2, { type: 'key.edited' }), decision(3)]);
      await store.append([decision(4, { credentialId: 'b' }), decision(5)]);
      const found = async (limit: number) =>
        (await store.latestDecisions('a', limit)).map(({ bytes }) => JSON.parse(bytes).data.n);
      expect(await found(10)).toEqual([5, 3, 1]);
      expect(await found(2)).toEqual([5, 3]);
      expect((await store.latestDecisions('a', 1))[0]?.index).toBe(5);
    });

    it('keeps what was saved over a restart', async () => {
      await store.saveActivity([activityRow()]);
      store = await open.reopen();
      expect(await store.activityOf('a', DAY)).toHaveLength(1);
      await store.saveActivity([activityRow()]);
      expect(await store.activityOf('a', DAY)).toMatchObject([{ requests: 2 }]);
    });
  });
}
