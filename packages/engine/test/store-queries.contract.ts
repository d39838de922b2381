import type { Store, StoredNonce } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryOf, recordOf, sealedUnder, T0, wholeLog } from './records.ts';
import type { OpenStore, StoreAdapter } from './store-adapters.ts';

/** What every store keeps to: lists, the log, usage, nonces and sealed items. */
export function storeQueriesContract(adapter: StoreAdapter): void {
  describe(`store on ${adapter.name}: queries`, () => {
    let open: OpenStore;
    let store: Store;
    beforeEach(async () => {
      open = await adapter.open();
      store = open.store;
    });
    afterEach(() => open.remove());

    describe('lists', () => {
      beforeEach(async () => {
        await store.commit({
          records: [
            recordOf('c', { accountId: 'acct_2' }),
            recordOf('a'),
            recordOf('b', { standing: 'disabled', expiresAt: T0 - 1 }),
            recordOf('d', { standing: 'revoked' }),
            recordOf('e', { expiresAt: T0 }),
            recordOf('f', { standing: 'quarantined' }),
            recordOf('g', { expiresAt: T0 + 1 }),
          ],
          entries: [],
        });
      });
      const list = async (more: object) => {
        const found = await store.listCredentials({ nowMs: T0, afterId: '', limit: 100, ...more });
        return found.map(({ id }) => id).join('');
      };

      it('all, in the order of their ids', async () => {
        expect(await list({})).toBe('abcdefg');
        expect(await store.countCredentials()).toBe(7);
      });
      it('page by page', async () => {
        expect(await list({ limit: 3 })).toBe('abc');
        expect(await list({ limit: 3, afterId: 'c' })).toBe('def');
        expect(await list({ limit: 3, afterId: 'f' })).toBe('g');
        expect(await list({ afterId: 'g' })).toBe('');
        expect(await list({ afterId: 'cc', limit: 1 })).toBe('d');
      });
      it('by account', async () => {
        expect(await list({ accountId: 'acct_2' })).toBe('c');
        expect(await list({ accountId: 'acct_1', afterId: 'e', limit: 1 })).toBe('f');
        expect(await list({ accountId: 'nobody' })).toBe('');
      });
      for (const [status, ids] of [
        ['active', 'acg'],
        ['expired', 'e'],
        ['disabled', 'b'],
        ['quarantined', 'f'],
        ['revoked', 'd'],
      ] as const) {
        it(`by status ${status}`, async () => {
          expect(await list({ status })).toBe(ids);
          expect(await list({ status, accountId: 'acct_1' })).toBe(ids.replace('c', ''));
        });
      }
      it('by status at another time', async () => {
        expect(await list({ status: 'expired', nowMs: T0 + 1 })).toBe('eg');
        expect(await list({ status: 'active', nowMs: T0 + 1 })).toBe('ac');
      });
    });

    describe('the log', () => {
      beforeEach(async () => {
        await store.commit({ records: [], entries: [entryOf({ credentialId: 'a', accountId: 'x' })] });
        await store.append([
          entryOf({ type: 'decision', credentialId: 'a', accountId: 'x', data: { n: 2 } }),
          entryOf({ type: 'decision', credentialId: 'b', accountId: 'y', data: { text: 'line\nbreak ✓' } }),
        ]);
        await store.commit({
          records: [],
          entries: [entryOf({ type: 'key.revoked', credentialId: 'b', accountId: 'y' })],
        });
      });
      const read = async (more: object) => {
        const found = await store.readLog({ after: 0, limit: 100, ...more });
        return found.map(({ index }) => index);
      };

      it('numbers entries from 1 without gaps, in the order in which they became durable', async () => {
        expect(await read({})).toEqual([1, 2, 3, 4]);
        expect((await wholeLog(store)).map(({ type }) => type)).toEqual([
          'key.issued',
          'decision',
          'decision',
          'key.revoked',
        ]);
      });
      it('keeps entries byte for byte', async () => {
        const draft = entryOf({
          type: 'decision',
          credentialId: 'b',
          accountId: 'y',
          data: { text: 'line\nbreak ✓' },
        });
        const [entry] = await store.readLog({ after: 2, limit: 1 });
        expect(entry?.bytes).toBe(JSON.stringify(draft));
      });
      it('reads by place, credential, account and type', async () => {
        expect(await read({ after: 2 })).toEqual([3, 4]);
        expect(await read({ limit: 2 })).toEqual([1, 2]);
        expect(await read({ after: 4 })).toEqual([]);
        expect(await read({ credentialId: 'a' })).toEqual([1, 2]);
        expect(await read({ accountId: 'y' })).toEqual([3, 4]);
        expect(await read({ type: 'decision' })).toEqual([2, 3]);
        expect(
          await read({ type: 'decision', credentialId: 'b', accountId: 'y', after: 1, limit: 5 }),
        ).toEqual([3]);
        expect(await read({ credentialId: 'a', accountId: 'y' })).toEqual([]);
      });
      it('reads the last ones, in the order of the log', async () => {
        expect(await read({ isLatest: true })).toEqual([1, 2, 3, 4]);
        expect(await read({ isLatest: true, limit: 2 })).toEqual([3, 4]);
        expect(await read({ isLatest: true, limit: 2, after: 3 })).toEqual([4]);
        expect(await read({ isLatest: true, limit: 1, type: 'decision' })).toEqual([3]);
        expect(await read({ isLatest: true, limit: 1, credentialId: 'a' })).toEqual([2]);
        expect(await read({ isLatest: true, limit: 1, accountId: 'y', type: 'key.revoked' })).toEqual([4]);
      });
      it('takes an empty group', async () => {
        await store.append([]);
        expect(await read({})).toHaveLength(4);
      });
    });

    it('keeps each use by credential and version, the latest one', async () => {
      const use = (credentialId: string, version: number, lastUsedAt: number, lastUsedIp: string | null) => ({
        credentialId,
        version,
        lastUsedAt,
        lastUsedIp,
      });
      await store.saveUsage([use('a', 1, T0, '192.0.2.1'), use('a', 2, T0 + 1, null), use('b', 1, T0, null)]);
      await store.saveUsage([use('a', 1, T0 + 9, '2001:db8::1')]);
      const found = [...(await store.usageOf('a'))].sort((x, y) => x.version - y.version);
      expect(found).toEqual([use('a', 1, T0 + 9, '2001:db8::1'), use('a', 2, T0 + 1, null)]);
      expect(await store.usageOf('b')).toHaveLength(1);
    });

    it('gives back the nonces of logged decisions until they have expired', async () => {
      const nonce = (digit: string, expiresAt: number): StoredNonce => ({
        fingerprint: digit.repeat(16),
        expiresAt,
      });
      const decision = (stored: StoredNonce) => entryOf({ type: 'decision', nonce: stored });
      await store.append([
        decision(nonce('1', T0 + 1)),
        decision(nonce('2', T0)),
        decision(nonce('3', T0 - 1)),
      ]);
      await store.append([decision(nonce('4', T0 + 60_000)), entryOf({ type: 'decision' })]);
      const live = async (nowMs: number) =>
        [...(await store.liveNonces(nowMs))].map((n) => n.fingerprint[0]).sort();
      // At the very ms of its expiry a request still lies within its window, whose ends are inclusive.
      expect(await live(T0)).toEqual(['1', '2', '4']);
      expect(await live(T0 + 1)).toEqual(['1', '4']);
      expect(await live(T0 + 60_001)).toEqual([]);
      const [one] = [...(await store.liveNonces(T0 + 2))];
      expect(one).toMatchObject(nonce('4', T0 + 60_000));
    });

    it('gives back what a nonce was bound to, as a nonce', async () => {
      const nonce = { fingerprint: '1'.repeat(16), bound: '2'.repeat(16), expiresAt: T0 + 1 };
      await store.append([entryOf({ type: 'decision', nonce })]);
      const live = [...(await store.liveNonces(T0))].map(({ fingerprint }) => fingerprint[0]);
      expect(live.sort()).toEqual(['1', '2']);
    });

    it('gives back the rising nonces of each series: the highest that are to be kept, and one', async () => {
      const used = (series: string, value: string, keep: number) =>
        entryOf({ type: 'decision', rising: { series, value, keep } });
      const values = ['9', '10', '2', '18446744073709551615', '11'];
      await store.append(values.map((value) => used('a kraken', value, 2)));
      await store.append([used('b kraken', '7', 1), entryOf({ type: 'decision' })]);
      const kept = [...(await store.risingNonces())].map(({ series, value }) => `${series} ${BigInt(value)}`);
      for (const one of ['a kraken 18446744073709551615', 'a kraken 11', 'a kraken 10', 'b kraken 7'])
        expect(kept).toContain(one);
      expect(kept).not.toContain('b kraken 10');
    });

    it('gives back live nonces while it stores a change', async () => {
      await store.append([
        entryOf({ type: 'decision', nonce: { fingerprint: 'a'.repeat(16), expiresAt: T0 + 9 } }),
      ]);
      const nonces = await store.liveNonces(T0);
      await store.commit({ records: [recordOf('a')], entries: [] });
      expect([...nonces]).toHaveLength(1);
    });

    describe('sealed items', () => {
      it('keeps the first of a name', async () => {
        const [first, second] = [await sealedUnder('kek-1', 'a'), await sealedUnder('kek-1', 'b')];
        expect(Buffer.from(await store.keepSealedItem({ name: 'tag', sealed: first })).equals(first)).toBe(
          true,
        );
        expect(Buffer.from(await store.keepSealedItem({ name: 'tag', sealed: second })).equals(first)).toBe(
          true,
        );
        expect(Buffer.from((await store.sealedItem('tag')) ?? []).equals(first)).toBe(true);
      });
      it('lists those under another key, some at a time, and replaces them', async () => {
        for (const name of ['a', 'b', 'c']) {
          await store.keepSealedItem({ name, sealed: await sealedUnder('kek-1', name) });
        }
        const current = await sealedUnder('kek-2', 'd');
        await store.keepSealedItem({ name: 'd', sealed: current });
        expect(await store.sealedUnderOtherKek('kek-2', 2)).toHaveLength(2);
        for (const { name, sealed } of await store.sealedUnderOtherKek('kek-2', 10)) {
          expect(await store.replaceSealed(name, sealed, await sealedUnder('kek-2', name))).toBe(true);
        }
        expect(await store.sealedUnderOtherKek('kek-2', 10)).toEqual([]);
        expect((await store.sealedUnderOtherKek('kek-3', 10)).map(({ name }) => name).sort()).toEqual([
          'a',
          'b',
          'c',
          'd',
        ]);
      });
      it('does not replace what somebody else changed or destroyed', async () => {
        const [before, other] = [await sealedUnder('kek-1', 'a'), await sealedUnder('kek-1', 'a')];
        await store.keepSealedItem({ name: 'a', sealed: before });
        expect(await store.replaceSealed('a', other, before)).toBe(false);
        expect(await store.replaceSealed('gone', before, other)).toBe(false);
        expect(await store.sealedItem('gone')).toBeUndefined();
        expect(Buffer.from((await store.sealedItem('a')) ?? []).equals(before)).toBe(true);
      });
    });
  });
}
