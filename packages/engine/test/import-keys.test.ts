import { generateKeyPairSync } from 'node:crypto';
import type { ImportInput, ImportResult } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, done, keyInput, SERVICE, said } from './engine-setup.ts';
import { listenTo, T0, wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest } from './wire.ts';

const secretOf = (id: string) => `the secret of ${id}, long enough`;

function theirs(id: string, more: Partial<ImportInput> = {}): ImportInput {
  return { ...keyInput(), id, secret: secretOf(id), ...more };
}

/** `imported`, `already_there`, or the code of the refusal. */
const words = (results: readonly ImportResult[]) =>
  results.map((result) => (result.status === 'refused' ? result.refusal.code : result.status));
const detailOf = (result: ImportResult | undefined) =>
  result?.status === 'refused' ? result.refusal.detail : '';

for (const adapter of STORES) {
  describe(`an import of many, over ${adapter.name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await benchOn(adapter);
    });
    afterEach(() => bench.close());
    const importKeys = (inputs: readonly ImportInput[], by = SERVICE) =>
      bench.engine.keys.importKeys(inputs, by);
    const order = async (id: string, secret = secretOf(id)) =>
      said(
        await bench.engine.verify(bitgetRequest({ id, secret, passphrase: 'passphrase1' }, { nowMs: T0 })),
      );

    it('is one revision with an entry for each, and every key can be used', async () => {
      const notices = listenTo(bench.store);
      const results = await importKeys(['a', 'b', 'c'].map((id) => theirs(id)));
      expect(words(results)).toEqual(['imported', 'imported', 'imported']);
      expect(notices).toHaveLength(1);
      const views = await Promise.all(['a', 'b', 'c'].map((id) => bench.engine.keys.get(id)));
      // What their permissions were used for is looked up for one key alone.
      expect(results.map((result) => result.status === 'imported' && result.key)).toEqual(
        views.map((view) => ({ ...view, permissionUsage: null })),
      );
      expect(new Set(views.map((view) => view?.revision)).size).toBe(1);
      const log = await wholeLog(bench.store);
      expect(log.map(({ type, credentialId }) => `${type} ${credentialId}`)).toEqual([
        'key.imported a',
        'key.imported b',
        'key.imported c',
      ]);
      for (const id of ['a', 'b', 'c']) expect(await order(id)).toBe('allowed');
    });

    it('keeps no key back for the faults of another, and says of each which they are', async () => {
      const results = await importKeys([
        theirs('a'),
        theirs('b', { secret: 'x'.repeat(15) }),
        theirs('c', { permissions: ['fly'], expiresAt: T0 }),
        theirs('d', { expiresAt: T0 + 1 }),
      ]);
      expect(words(results)).toEqual(['imported', 'invalid_body', 'invalid_body', 'imported']);
      expect(results[2]).toMatchObject({
        refusal: {
          errors: [{ pointer: '/permissions/0' }, { pointer: '/expiresAt', message: 'is in the past' }],
        },
      });
      expect(await bench.store.countCredentials()).toBe(2);
      expect([...(await bench.store.foreignNames())].sort()).toEqual(['a', 'd']);
    });

    it('done again, finds all of it there, and changes nothing: not even after a restart', async () => {
      const inputs = ['a', 'b'].map((id) => theirs(id));
      await importKeys(inputs);
      const before = await wholeLog(bench.store);
      await bench.restart();
      const notices = listenTo(bench.store);
      const results = await importKeys([...inputs, theirs('a', { label: 'another label' }), theirs('c')]);
      expect(results.slice(0, 3)).toEqual(['a', 'b', 'a'].map((id) => ({ status: 'already_there', id })));
      expect(words(results)[3]).toBe('imported');
      expect((await bench.engine.keys.get('a'))?.label).toBe('grid bot');
      expect(notices.flatMap(({ records }) => records.map(({ id }) => id))).toEqual(['c']);
      expect((await wholeLog(bench.store)).length).toBe(before.length + 1);
    });

    it('takes nothing for the same key but one of the same account, kind, environment and proof', async () => {
      const pem = () =>
        generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
      const publicKey = pem();
      const ed25519 = { kind: 'ed25519', secret: undefined, passphrase: undefined } as const;
      const bearer = { kind: 'bearer', secret: 'a-bearer-token-of-theirs', passphrase: undefined } as const;
      await importKeys([theirs('a'), theirs('e', { ...ed25519, publicKey }), theirs('b', bearer)]);
      const again = [
        theirs('a'),
        theirs('a', { secret: `${secretOf('a')}.` }),
        theirs('a', { passphrase: 'passphrase2' }),
        theirs('a', { passphrase: undefined }),
        theirs('a', { accountId: 'acct_2' }),
        theirs('a', { environment: 'test' }),
        theirs('a', { kind: 'bearer', secret: 'a-bearer-token-of-ours', passphrase: undefined }),
        theirs('e', { ...ed25519, publicKey: publicKey.replaceAll('\n', '\r\n') }),
        theirs('e', { ...ed25519, publicKey: pem() }),
        theirs('b', bearer),
        theirs('b', { ...bearer, secret: 'a-bearer-token-of-thei.s' }),
        theirs('c', bearer),
      ];
      expect(words(await importKeys(again))).toEqual([
        'already_there',
        ...Array(6).fill('id_taken'),
        'already_there',
        'id_taken',
        'already_there',
        'id_taken',
        'id_taken',
      ]);
    });

    it('knows a key by the secret that a rotation left in its grace, and no longer', async () => {
      await importKeys([theirs('a')]);
      done(await bench.engine.keys.rotate('a', 10, SERVICE));
      bench.nowMs = T0 + 9_999;
      expect(words(await importKeys([theirs('a')]))).toEqual(['already_there']);
      bench.nowMs = T0 + 10_000;
      expect(words(await importKeys([theirs('a')]))).toEqual(['id_taken']);
    });

    it('does not bring a revoked key back', async () => {
      await importKeys([theirs('a')]);
      done(await bench.engine.keys.revoke('a', 'leaked', SERVICE));
      const [result] = await importKeys([theirs('a')]);
      expect(detailOf(result)).toContain('it is revoked: that is final');
      expect(await order('a')).toBe('credential_revoked');
    });

    it('takes one id twice in a call for one key when all is the same, and else the first', async () => {
      const results = await importKeys([theirs('a'), theirs('a'), theirs('a', { secret: secretOf('b') })]);
      expect(words(results)).toEqual(['imported', 'already_there', 'id_taken']);
      expect(await order('a')).toBe('allowed');
      const token = { kind: 'bearer', secret: 'a-bearer-token-of-theirs', passphrase: undefined } as const;
      expect(words(await importKeys([theirs('t', token), theirs('u', token)]))).toEqual([
        'imported',
        'id_taken',
      ]);
    });

    it('is no way to guess at a secret: ten are held against one key, then no more, and all are logged', async () => {
      await importKeys([theirs('a'), theirs('b')]);
      const guess = (n: number) => theirs('a', { secret: `${secretOf('a')}${n}` });
      const by = { actor: 'ck_operator', permissions: ['keys.write'], requestId: 'req_1' };
      const results = await importKeys([...Array.from({ length: 10 }, (_, n) => guess(n)), theirs('a')], by);
      expect(words(results)).toEqual(Array(11).fill('id_taken'));
      expect(detailOf(results[9])).toContain('with another secret');
      expect(detailOf(results[10])).toMatch(/too often: wait 360 s/);
      const logged = (await wholeLog(bench.store)).filter(({ type }) => type === 'key.import_refused');
      expect(logged).toHaveLength(10);
      expect(logged[0]).toMatchObject({ credentialId: 'a', actor: 'ck_operator', requestId: 'req_1' });
      expect(JSON.stringify([results, logged])).not.toContain(secretOf('a'));
      // Other keys are compared as before, and this one again when its time has come.
      expect(words(await importKeys([theirs('b')], by))).toEqual(['already_there']);
      bench.nowMs += 360_000;
      expect(words(await importKeys([theirs('a'), guess(1), guess(2)], by))).toEqual([
        'already_there',
        'id_taken',
        'id_taken',
      ]);
    });

    it('makes no operator for one who could not issue it, and leaves the others alone', async () => {
      const by = { actor: 'ck_operator', permissions: ['keys.write'] };
      const operator = theirs('o', { accountId: 'operator', permissions: ['verify'] });
      expect(words(await importKeys([operator, theirs('a')], by))).toEqual(['permission_denied', 'imported']);
    });

    it('of the same keys at the same time imports each once, whoever is first', async () => {
      const calls = Array.from({ length: 5 }, (_, n) =>
        importKeys(['a', 'b', 'c', `only-${n}`].map((id) => theirs(id))),
      );
      const all = (await Promise.all(calls)).map(words);
      for (const id of [0, 1, 2]) {
        expect(all.map((call) => call[id]).sort()).toEqual([...Array(4).fill('already_there'), 'imported']);
      }
      expect(all.map((call) => call[3])).toEqual(Array(5).fill('imported'));
      expect((await wholeLog(bench.store)).filter(({ type }) => type === 'key.imported')).toHaveLength(8);
    });

    it('stores nothing when the store fails, and can be done again', async () => {
      const { commit } = bench.store;
      const failing = bench.store as { commit: typeof commit };
      failing.commit = () => Promise.reject(new Error('the disk is full'));
      await expect(importKeys([theirs('a'), theirs('b')])).rejects.toThrow('the disk is full');
      failing.commit = commit;
      expect(await bench.store.countCredentials()).toBe(0);
      expect(words(await importKeys([theirs('a'), theirs('b')]))).toEqual(['imported', 'imported']);
    });
  });
}
