import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, done, issue, refusalOf, SERVICE, said } from './engine-setup.ts';
import { listenTo, recordOf, sealedUnder, T0, versionOf, wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest } from './wire.ts';

for (const adapter of STORES) {
  describe(`a revocation of many, over ${adapter.name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await benchOn(adapter);
    });
    afterEach(() => bench.close());
    const revokeAll = (filter: object) => bench.engine.keys.revokeAll(filter, 'broken into', SERVICE);

    /** Stores records as they are, and returns their revision. */
    const put = (...records: Parameters<typeof recordOf>[]) =>
      bench.store.commit({ records: records.map((parts) => recordOf(...parts)), entries: [] });
    const standings = async () => {
      const all = await bench.store.listCredentials({ nowMs: T0, afterId: '', limit: 5_000 });
      return Object.fromEntries(all.map(({ id, standing }) => [id, standing]));
    };

    it('means what fits in everything that is given, to the letter', async () => {
      const metadata = { 'app "x"': 'a\\b ✓', broker: 'one' };
      await put(
        ['mine', { metadata }],
        ['disabled', { metadata, standing: 'disabled' }],
        ['held', { metadata, standing: 'quarantined' }],
        ['operators', { metadata, accountId: 'operator' }],
        ['of-test', { metadata, environment: 'test' }],
        ['late', { metadata, createdAt: T0 + 1 }],
        ['longer', { metadata: { ...metadata, 'app "x"': 'a\\b ✓ ' } }],
        ['in-label', { label: '"environment":"live"', metadata: { note: '"broker":"one"' } }],
        ['gone', { metadata, standing: 'revoked' }],
      );
      const filter = { metadata, environment: 'live', createdBefore: T0 + 1 };
      expect(done(await revokeAll(filter)).revoked).toBe(3);
      expect(await standings()).toEqual({
        mine: 'revoked',
        disabled: 'revoked',
        held: 'revoked',
        operators: 'active',
        'of-test': 'active',
        late: 'active',
        longer: 'active',
        'in-label': 'active',
        gone: 'revoked',
      });
      expect(done(await revokeAll(filter)).revoked).toBe(0);
    });

    it('of an account leaves other accounts alone, and an operator is none', async () => {
      await put(
        ['a', { accountId: 'acct_1' }],
        ['b', { accountId: 'acct_10' }],
        ['o', { accountId: 'operator' }],
      );
      expect(done(await revokeAll({ accountId: 'acct_1' })).revoked).toBe(1);
      expect(done(await revokeAll({ accountId: 'operator' })).revoked).toBe(0);
      expect(await standings()).toEqual({ a: 'revoked', b: 'active', o: 'active' });
    });

    it('is refused where nothing is named, which would be everything', async () => {
      await put(['a']);
      for (const filter of [{}, { metadata: {} }, { accountId: undefined }]) {
        expect(refusalOf(await revokeAll(filter))).toBe('invalid_body');
      }
      expect(await standings()).toEqual({ a: 'active' });
    });

    it('destroys every secret, and keeps when each version was', async () => {
      const sealed = await sealedUnder('kek-1', 'a', 2);
      const old = versionOf({ retiresAt: T0 - 5, tokenHash: 'ab', publicKey: 'pem' });
      await put(['a', { secretVersions: [versionOf({ version: 2, sealed }), old] }]);
      done(await revokeAll({ environment: 'live' }));
      expect((await bench.store.loadCredential('a'))?.secretVersions).toEqual([
        versionOf({ version: 2, retiresAt: T0 }),
        versionOf({ retiresAt: T0 - 5 }),
      ]);
      expect(await bench.store.sealedItem('credential/a/2')).toBeUndefined();
    });

    it('is one revision, with an entry for each key and one about the whole', async () => {
      await put(['a'], ['b', { accountId: 'acct_2' }]);
      const notices = listenTo(bench.store);
      const { revision } = done(await revokeAll({ environment: 'live' }));
      expect(notices.flatMap(({ records }) => records.map(({ id, revision: r }) => `${id} ${r}`))).toEqual([
        `a ${revision}`,
        `b ${revision}`,
      ]);
      const about = { at: T0, actor: 'service' };
      expect(await wholeLog(bench.store)).toEqual([
        {
          ...about,
          type: 'key.revoked',
          credentialId: 'a',
          accountId: 'acct_1',
          data: { reason: 'broken into' },
        },
        {
          ...about,
          type: 'key.revoked',
          credentialId: 'b',
          accountId: 'acct_2',
          data: { reason: 'broken into' },
        },
        {
          ...about,
          type: 'key.revoked_all',
          data: { reason: 'broken into', filter: { environment: 'live' }, revoked: 2 },
        },
      ]);
      await put(['c', { environment: 'test' }]);
      expect((await bench.store.loadCredential('c'))?.revision).toBeGreaterThan(revision);
    });

    it('reaches the keys behind the first page, and the cached ones before it returns', async () => {
      const COUNT = 2_501;
      const used = await issue(bench, { metadata: { app: 'bots' } });
      const other = await issue(bench);
      const use = async (key: typeof used) =>
        said(await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs++ })));
      expect([await use(used), await use(other)]).toEqual(['allowed', 'allowed']);
      const ids = Array.from({ length: COUNT }, (_, n) => `k${String(n).padStart(5, '0')}`);
      await put(...ids.map((id) => [id, { metadata: { app: 'bots' } }] as const satisfies [string, object]));
      expect(done(await revokeAll({ metadata: { app: 'bots' } })).revoked).toBe(COUNT + 1);
      expect([await use(used), await use(other)]).toEqual(['credential_revoked', 'allowed']);
      const active = await bench.store.listCredentials({
        status: 'active',
        nowMs: T0,
        afterId: '',
        limit: 9,
      });
      expect(active.map(({ id }) => id)).toEqual([other.id]);
    });

    it('is not defeated by edits at the same moment: what is edited is revoked, or was before', async () => {
      const keys = await Promise.all(Array.from({ length: 20 }, () => issue(bench)));
      const edits = keys.map(({ id, view }) =>
        bench.engine.keys.edit(id, { label: 'x' }, view.revision, SERVICE),
      );
      const revocation = revokeAll({ environment: 'live' });
      const rotations = keys.map(({ id }) => bench.engine.keys.rotate(id, 60, SERVICE));
      expect(done(await revocation).revoked).toBe(20);
      await Promise.all([...edits, ...rotations]);
      expect(new Set(Object.values(await standings()))).toEqual(new Set(['revoked']));
      for (const { id } of keys) {
        const versions = (await bench.store.loadCredential(id))?.secretVersions ?? [];
        expect(versions.map(({ sealed }) => sealed)).toEqual(versions.map(() => null));
      }
    });
  });
}
