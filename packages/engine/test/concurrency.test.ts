import type { CredentialRecord, Store } from '@countersign/engine';
import { describe, expect, it } from 'vitest';
import { benchOn, clientKey, issue, refusalOf, SERVICE, said } from './engine-setup.ts';
import { T0, wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest } from './wire.ts';

for (const adapter of STORES) {
  describe(`at the same time, over ${adapter.name}`, () => {
    it('one of 100 identical orders is allowed, and the others are replayed', async () => {
      const bench = await benchOn(adapter);
      const key = await issue(bench, { rateLimits: [{ name: 'orders', quota: 100, windowSeconds: 60 }] });
      const request = bitgetRequest(key, { nowMs: T0 });
      const answers = await Promise.all(Array.from({ length: 100 }, () => bench.engine.verify(request)));
      const words = answers.map(said).sort();
      expect(words).toEqual(['allowed', ...Array(99).fill('replayed')]);
      expect(await bench.engine.verify(bitgetRequest(key, { nowMs: T0 + 1 }))).toMatchObject({
        rateLimits: [{ remaining: 98 }],
      });
      await bench.restart();
      const logged = (await wholeLog(bench.store)).filter(({ type }) => type === 'decision');
      expect(logged).toHaveLength(101);
      expect(logged.filter(({ nonce }) => nonce !== undefined)).toHaveLength(2);
      await bench.close();
    });

    it('no more than the quota is allowed of many orders', async () => {
      const bench = await benchOn(adapter);
      const key = await issue(bench, { rateLimits: [{ name: 'orders', quota: 7, windowSeconds: 60 }] });
      const orders = Array.from({ length: 60 }, (_, i) =>
        bitgetRequest(key, { nowMs: T0, body: `{"n":${i}}` }),
      );
      const words = (await Promise.all(orders.map((order) => bench.engine.verify(order)))).map(said);
      expect(words.filter((word) => word === 'allowed')).toHaveLength(7);
      expect(words.filter((word) => word === 'rate_limited')).toHaveLength(53);
      await bench.close();
    });

    it('one of many edits of one revision is done, and the others are revision_mismatch', async () => {
      const bench = await benchOn(adapter);
      const key = await issue(bench);
      const edits = Array.from({ length: 20 }, (_, i) =>
        bench.engine.keys.edit(key.id, { label: `edit ${i}` }, key.view.revision, SERVICE),
      );
      const words = (await Promise.all(edits)).map(refusalOf).sort();
      expect(words).toEqual(['done', ...Array(19).fill('revision_mismatch')]);
      expect(await bench.store.readLog({ after: 0, limit: 99, type: 'key.edited' })).toHaveLength(1);
      await bench.close();
    });

    it('what stops a key is done over an edit, and what lets it go on is not', async () => {
      let meddle: (() => Promise<unknown>) | undefined;
      const bench = await benchOn(adapter, {}, (store) => ({
        ...store,
        async commit(change) {
          const once = meddle;
          meddle = undefined;
          await once?.();
          return store.commit(change);
        },
      }));
      const key = await issue(bench);
      const { keys } = bench.engine;
      const view = async () => (await keys.get(key.id)) ?? key.view;
      const edit = async () => keys.edit(key.id, { label: 'other' }, (await view()).revision, SERVICE);
      const words: string[] = [];
      for (const deed of ['disable', 'enable', 'quarantine', 'release'] as const) {
        meddle = edit;
        words.push(refusalOf(await keys.changeStanding(key.id, deed, 'why', SERVICE)));
      }
      expect(words).toEqual(['done', 'revision_mismatch', 'done', 'revision_mismatch']);
      expect(await view()).toMatchObject({ status: 'quarantined', label: 'other' });
      expect(refusalOf(await keys.changeStanding(key.id, 'release', 'why', SERVICE))).toBe('done');
      expect(await view()).toMatchObject({ status: 'disabled' });
      await bench.close();
    });

    it('one of many rotations is done, and its secret is the one that works', async () => {
      const bench = await benchOn(adapter);
      const key = await issue(bench);
      const results = await Promise.all(
        Array.from({ length: 10 }, () => bench.engine.keys.rotate(key.id, 0, SERVICE)),
      );
      const winners = results.filter(({ ok }) => ok);
      expect(winners).toHaveLength(1);
      const winner = clientKey(winners[0]!, key.passphrase);
      expect(said(await bench.engine.verify(bitgetRequest(winner, { nowMs: T0 })))).toBe('allowed');
      await bench.close();
    });

    it('one of many imports of one id is done, and the others are id_taken', async () => {
      const bench = await benchOn(adapter);
      const input = {
        accountId: 'a',
        label: '',
        environment: 'live',
        kind: 'hmac',
        permissions: [],
        id: 'theirs',
      } as const;
      const imports = Array.from({ length: 10 }, (_, i) =>
        bench.engine.keys.importKey({ ...input, secret: `secret number ${i} of ten` }, SERVICE),
      );
      const words = (await Promise.all(imports)).map(refusalOf).sort();
      expect(words).toEqual(['done', ...Array(9).fill('id_taken')]);
      await bench.close();
    });

    it('no request is allowed after a revocation has returned, though its key was being read', async () => {
      // Every read of a record takes its time, and gives what there was when it began.
      const slow = (store: Store): Store => ({
        ...store,
        loadCredential: async (id): Promise<CredentialRecord | undefined> => {
          const record = await store.loadCredential(id);
          // Longer than a busy machine takes for the revocation.
          await new Promise((resolve) => setTimeout(resolve, 400));
          return record;
        },
      });
      const bench = await benchOn(adapter, {}, slow);
      const key = await issue(bench);
      const record = await bench.store.loadCredential(key.id);
      const reading = bench.engine.verify(bitgetRequest(key, { nowMs: T0 }));
      await new Promise((resolve) => setTimeout(resolve, 5));
      await bench.store.commit({
        records: [{ ...record!, standing: 'revoked', secretVersions: [] }],
        entries: [],
      });
      expect(said(await reading)).toBe('credential_revoked');
      expect(said(await bench.engine.verify(bitgetRequest(key, { nowMs: T0 + 1 })))).toBe(
        'credential_revoked',
      );
      await bench.close();
    });

    it('every request is decided rightly while keys are evicted from a small cache', async () => {
      const bench = await benchOn(adapter, { cacheCapacity: 3 });
      const keys = await Promise.all(Array.from({ length: 12 }, () => issue(bench)));
      const orders = Array.from({ length: 120 }, (_, i) =>
        bitgetRequest(keys[i % 12]!, { nowMs: T0, body: `{"n":${i}}` }),
      );
      const words: string[] = [];
      for (let i = 0; i < orders.length; i += 3) {
        words.push(
          ...(await Promise.all(orders.slice(i, i + 3).map((order) => bench.engine.verify(order)))).map(said),
        );
      }
      expect(new Set(words)).toEqual(new Set(['allowed']));
      expect(bench.engine.health().cachedCredentials).toBe(3);
      await bench.close();
    });
  });
}
