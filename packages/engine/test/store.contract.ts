import { type Store, StoreError } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, entryOf, listenTo, recordOf, sealedUnder, T0, versionOf, wholeLog } from './records.ts';
import type { OpenStore, StoreAdapter } from './store-adapters.ts';

/** What every store keeps to: records, lookups, answers and the change feed. */
export function storeContract(adapter: StoreAdapter): void {
  describe(`store on ${adapter.name}: changes`, () => {
    let open: OpenStore;
    let store: Store;
    beforeEach(async () => {
      open = await adapter.open();
      store = open.store;
    });
    afterEach(() => open.remove());

    async function put(id: string, more: Parameters<typeof recordOf>[1] = {}) {
      await store.commit({ records: [recordOf(id, more)], entries: [entryOf({ credentialId: id })] });
      const stored = await store.loadCredential(id);
      if (stored === undefined) throw new Error('was not stored');
      return stored;
    }

    it('gives back what was stored, with its revision', async () => {
      const sealed = await sealedUnder('kek-1', 'a');
      const record = recordOf('a', {
        constraints: { instruments: ['BTCUSDT'], maxNotionalPerOrder: '1000' },
        rateLimits: [{ name: 'orders', quota: 10, windowSeconds: 1 }],
        metadata: { bot: 'grid "7" ✓' },
        allowedIps: ['2001:db8::/48'],
        dialects: ['bitget'],
        expiresAt: T0 + 5,
        secretVersions: [versionOf({ version: 2, sealed }), versionOf({ tokenHash: 'ab', retiresAt: T0 })],
      });
      const revision = await store.commit({ records: [record], entries: [] });
      const stored = await store.loadCredential('a');
      expect(stored).toEqual({
        ...record,
        revision,
        secretVersions: [
          { ...record.secretVersions[0], sealed: expect.anything() },
          { ...record.secretVersions[1] },
        ],
      });
      expect(Buffer.from(stored?.secretVersions[0]?.sealed ?? []).equals(sealed)).toBe(true);
    });

    it('knows no credential that was not stored', async () => {
      expect(await store.loadCredential('nobody')).toBeUndefined();
      expect(await store.resolveLookup('nobody')).toBeUndefined();
      expect(await store.usageOf('nobody')).toEqual([]);
      expect(await store.sealedItem('nobody')).toBeUndefined();
    });

    it('raises the revision with each commit, also with one that changes no record', async () => {
      const revisions = [
        await store.commit({ records: [recordOf('a')], entries: [] }),
        await store.commit({ records: [], entries: [entryOf()] }),
        await store.commit({ records: [recordOf('b'), recordOf('c')], entries: [] }),
      ];
      expect(revisions).toEqual([...revisions].sort((x, y) => x - y));
      expect(new Set(revisions).size).toBe(3);
      expect(revisions[0]).toBeGreaterThan(0);
      expect((await store.loadCredential('c'))?.revision).toBe(revisions[2]);
    });

    it('refuses a change of an older revision with revision_conflict', async () => {
      const first = await put('a');
      await store.commit({ records: [{ ...first, label: 'second' }], entries: [] });
      expect(await codeOf(() => store.commit({ records: [{ ...first, label: 'third' }], entries: [] }))).toBe(
        'StoreError:revision_conflict',
      );
      expect((await store.loadCredential('a'))?.label).toBe('second');
    });

    it('refuses a change of what is not there with revision_conflict', async () => {
      const change = { records: [recordOf('ghost', { revision: 7 })], entries: [] };
      expect(await codeOf(() => store.commit(change))).toBe('StoreError:revision_conflict');
    });

    it('refuses a second credential of one id with id_taken', async () => {
      await put('a');
      expect(await codeOf(() => store.commit({ records: [recordOf('a')], entries: [] }))).toBe(
        'StoreError:id_taken',
      );
    });

    it('refuses a foreign name that is there with lookup_taken, also twice in one change', async () => {
      const lookup = { name: 'their-key', credentialId: 'a' };
      await store.commit({ records: [recordOf('a')], lookups: [lookup], entries: [] });
      const again = { records: [recordOf('b')], lookups: [{ ...lookup, credentialId: 'b' }], entries: [] };
      expect(await codeOf(() => store.commit(again))).toBe('StoreError:lookup_taken');
      const twice = {
        records: [],
        lookups: ['x', 'x'].map((name) => ({ name, credentialId: 'a' })),
        entries: [],
      };
      expect(await codeOf(() => store.commit(twice))).toBe('StoreError:lookup_taken');
      expect(await store.resolveLookup('their-key')).toBe('a');
      expect(await store.resolveLookup('x')).toBeUndefined();
      expect([...(await store.foreignNames())]).toEqual(['their-key']);
    });

    const FAULTS: readonly [string, (change: object) => object][] = [
      [
        'an answer that cannot be made',
        (change) => ({
          ...change,
          answer: () => {
            throw new Error('no');
          },
        }),
      ],
      [
        'an entry that cannot be written',
        (change) => ({ ...change, entries: [entryOf(), entryOf({ data: { n: 1n } })] }),
      ],
      ['a second record in conflict', (change) => ({ ...change, records: [recordOf('new'), recordOf('a')] })],
      [
        'a name that is taken',
        (change) => ({
          ...change,
          lookups: [
            { name: 'free', credentialId: 'new' },
            { name: 'taken', credentialId: 'new' },
          ],
        }),
      ],
    ];
    for (const [fault, spoil] of FAULTS) {
      it(`stores nothing of a change with ${fault}`, async () => {
        await store.commit({
          records: [recordOf('a')],
          lookups: [{ name: 'taken', credentialId: 'a' }],
          entries: [entryOf()],
        });
        const notices = listenTo(store);
        const sealed = await sealedUnder('kek-1', 'new');
        const change = {
          records: [recordOf('new', { secretVersions: [versionOf({ sealed })] })],
          lookups: [{ name: 'free', credentialId: 'new' }],
          entries: [entryOf({ data: { spoilt: true } })],
          answer: () => ({ scope: 's', key: 'k', bodyHash: 'h', sealed, createdAt: T0 }),
        };
        expect(await codeOf(() => store.commit(spoil(change) as typeof change))).toMatch(/^StoreError:/);
        expect(await store.loadCredential('new')).toBeUndefined();
        expect(await store.sealedItem('credential/new/1')).toBeUndefined();
        expect(await store.resolveLookup('free')).toBeUndefined();
        expect(await store.rememberedAnswer('s', 'k', T0)).toBeUndefined();
        expect(await wholeLog(store)).toEqual([entryOf()]);
        expect(await store.countCredentials()).toBe(1);
        expect(notices).toEqual([]);
        expect(await store.commit(change)).toBeGreaterThan(0);
        expect(await store.rememberedAnswer('s', 'k', T0)).toMatchObject({ bodyHash: 'h' });
      });
    }

    it('tells the feed after the commit, once, and not those who stopped listening', async () => {
      const seen: unknown[] = [];
      const stop = store.subscribe(({ revision, records, foreignNames }) => {
        const stored = store.loadCredential('a');
        seen.push({
          revision,
          ids: records.map(({ id }) => id),
          at: records[0]?.revision,
          foreignNames,
          stored,
        });
      });
      const change = {
        records: [recordOf('a')],
        lookups: [{ name: 'theirs', credentialId: 'a' }],
        entries: [],
      };
      const revision = await store.commit(change);
      expect(seen).toMatchObject([{ revision, ids: ['a'], at: revision, foreignNames: ['theirs'] }]);
      expect(await (seen[0] as { stored: unknown }).stored).toMatchObject({ id: 'a', revision });
      stop();
      await store.commit({ records: [recordOf('b')], entries: [] });
      expect(seen).toHaveLength(1);
      expect(store.feedConfirmedAt(T0)).toBeLessThanOrEqual(T0);
    });

    it('never replaces a sealed value by that of a record, and destroys it when there is none any more', async () => {
      const [first, second] = [await sealedUnder('kek-1', 'a'), await sealedUnder('kek-2', 'a')];
      const stored = await put('a', { secretVersions: [versionOf({ sealed: first })] });
      expect(await store.replaceSealed('credential/a/1', first, second)).toBe(true);
      // The record was read before the value was wrapped anew.
      await store.commit({ records: [{ ...stored, label: 'edited' }], entries: [] });
      const edited = await store.loadCredential('a');
      expect(Buffer.from(edited?.secretVersions[0]?.sealed ?? []).equals(second)).toBe(true);
      await store.commit({ records: [{ ...edited!, secretVersions: [versionOf()] }], entries: [] });
      expect((await store.loadCredential('a'))?.secretVersions[0]?.sealed).toBeNull();
      expect(await store.sealedItem('credential/a/1')).toBeUndefined();
      expect(await store.sealedUnderOtherKek('none', 10)).toEqual([]);
    });

    it('remembers an answer for a day, with the revision of its change', async () => {
      const sealed = await sealedUnder('kek-1', 'answer');
      const revision = await store.commit({
        records: [recordOf('a')],
        entries: [],
        answer: (made) => ({ scope: 'op', key: 'k1', bodyHash: `h${made}`, sealed, createdAt: T0 }),
      });
      const found = await store.rememberedAnswer('op', 'k1', T0);
      expect(found).toMatchObject({ scope: 'op', key: 'k1', bodyHash: `h${revision}`, createdAt: T0 });
      expect(Buffer.from(found?.sealed ?? []).equals(sealed)).toBe(true);
      expect(await store.rememberedAnswer('other', 'k1', T0)).toBeUndefined();
      expect(await store.rememberedAnswer('op', 'k2', T0)).toBeUndefined();
      expect(await store.rememberedAnswer('op', 'k1', T0 + 86_399_999)).toBeDefined();
      expect(await store.rememberedAnswer('op', 'k1', T0 + 86_400_000)).toBeUndefined();
      await store.rememberAnswer({ scope: 'op', key: 'k2', bodyHash: 'alone', sealed, createdAt: T0 });
      expect(await store.rememberedAnswer('op', 'k2', T0)).toMatchObject({ bodyHash: 'alone' });
    });

    it('keeps the sealed part of an answer with all that is sealed, until a day is over or it is replaced', async () => {
      const [first, second] = [await sealedUnder('kek-1', 'a'), await sealedUnder('kek-1', 'b')];
      const answer = { scope: 's', key: 'k', bodyHash: 'h', sealed: first, createdAt: T0 };
      await store.rememberAnswer(answer);
      const items = await store.sealedUnderOtherKek('kek-2', 10);
      expect(items.map(({ name }) => name)).toEqual(['answer/s/k']);
      const renewed = await sealedUnder('kek-2', 'a');
      expect(await store.replaceSealed('answer/s/k', first, renewed)).toBe(true);
      const sealedOf = async () => Buffer.from((await store.rememberedAnswer('s', 'k', T0))?.sealed ?? []);
      expect((await sealedOf()).equals(renewed)).toBe(true);
      await store.rememberAnswer({ ...answer, sealed: second });
      expect((await sealedOf()).equals(second)).toBe(true);
      await store.rememberAnswer({ ...answer, key: 'later', createdAt: T0 + 86_400_000 });
      expect(await store.sealedItem('answer/s/k')).toBeUndefined();
      expect(await store.sealedItem('answer/s/later')).toBeDefined();
    });

    it('reads foreign names while it stores a change', async () => {
      await store.commit({
        records: [recordOf('a')],
        lookups: [{ name: 'n', credentialId: 'a' }],
        entries: [],
      });
      const names = await store.foreignNames();
      const others = await store.foreignNames();
      await store.commit({ records: [recordOf('b')], entries: [] });
      expect([...names]).toContain('n');
      expect([...others]).toContain('n');
      expect(StoreError.name).toBe('StoreError');
    });
  });
}
