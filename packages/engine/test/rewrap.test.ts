import { createEngine, type Keyring, type Store } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Bench,
  benchOn,
  clientKey,
  type IssuedKey,
  issue,
  manifestOf,
  SERVICE,
  said,
} from './engine-setup.ts';
import { keyringOf, T0, wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest } from './wire.ts';

/** A keyring that fails after some wraps, the way that a device does which goes away. */
function failingAfter(wraps: number, keyring: Keyring): Keyring {
  let left = wraps;
  return {
    currentKekId: keyring.currentKekId,
    unwrap: (wrapped) => keyring.unwrap(wrapped),
    wrap: (dataKey) =>
      left-- > 0 ? keyring.wrap(dataKey) : Promise.reject(new Error('the device went away')),
  };
}

for (const adapter of STORES) {
  describe(`bringing secrets under a new key, over ${adapter.name}`, () => {
    let bench: Bench;
    let keys: IssuedKey[];
    beforeEach(async () => {
      bench = await benchOn(adapter);
      keys = [];
      for (let i = 0; i < 12; i++) keys.push(await issue(bench));
    });
    afterEach(() => bench.close());

    const remaining = async (kekId: string) => (await bench.store.sealedUnderOtherKek(kekId, 1_000)).length;
    const entries = async () =>
      (await wholeLog(bench.store)).filter(({ type }) => type === 'keyring.rewrapped');
    const orders = async () => {
      const words = [];
      for (const key of keys)
        words.push(said(await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs }))));
      bench.nowMs++;
      return new Set(words);
    };

    it('is done from the start on, is logged once, and every key goes on working under the new one alone', async () => {
      expect(await remaining('kek-2')).toBe(13);
      await bench.restart({ keyring: keyringOf('kek-2', 'kek-1') });
      await bench.engine.keyring.finished();
      expect(await remaining('kek-2')).toBe(0);
      expect(bench.engine.keyring.state()).toEqual({
        currentKekId: 'kek-2',
        isRunning: false,
        rewrapped: 13,
        fault: null,
      });
      expect(await entries()).toMatchObject([
        { actor: 'service', data: { from: ['kek-1'], to: 'kek-2', values: 13, isComplete: true } },
      ]);
      expect(await orders()).toEqual(new Set(['allowed']));
      await bench.restart({ keyring: keyringOf('kek-2') });
      await bench.engine.keyring.finished();
      expect(await orders()).toEqual(new Set(['allowed']));
      expect(await entries()).toHaveLength(1);
    });

    it('goes on after an interruption where it left off', async () => {
      const both = keyringOf('kek-2', 'kek-1');
      await bench.restart({ keyring: failingAfter(5, both) });
      await expect.poll(() => bench.engine.keyring.state().isRunning).toBe(false);
      expect(await remaining('kek-2')).toBe(8);
      expect(bench.errors).toMatchObject([{ message: 'the device went away' }]);
      expect(await orders()).toEqual(new Set(['allowed']));
      bench.engine.keyring.resume();
      await expect(bench.engine.keyring.finished()).rejects.toThrow('the device went away');
      await bench.restart({ keyring: both });
      await bench.engine.keyring.finished();
      expect(await remaining('kek-2')).toBe(0);
      expect(await orders()).toEqual(new Set(['allowed']));
      expect((await entries()).at(-1)).toMatchObject({ data: { values: 8, isComplete: true } });
    });

    it('leaves what is changed meanwhile as it was changed', async () => {
      const [rotated, revoked] = keys as [IssuedKey, IssuedKey];
      let isFirst = true;
      // While the first value is wrapped anew, one key is rotated and another revoked.
      const wrapping = (store: Store): Store => ({
        ...store,
        replaceSealed: async (...change) => {
          if (isFirst) {
            isFirst = false;
            keys[0] = clientKey(await bench.engine.keys.rotate(rotated.id, 0, SERVICE), rotated.passphrase);
            await bench.engine.keys.revoke(revoked.id, 'leaked', SERVICE);
          }
          return store.replaceSealed(...change);
        },
      });
      const engine = createEngine({
        store: wrapping(bench.store),
        keyring: keyringOf('kek-2', 'kek-1'),
        manifest: manifestOf(),
        clock: () => bench.nowMs,
      });
      await engine.start();
      await engine.keyring.finished();
      await engine.close();
      // What the old engine sealed meanwhile, under the old key, is found by the next run.
      await bench.restart({ keyring: keyringOf('kek-2', 'kek-1') });
      await bench.engine.keyring.finished();
      expect(await remaining('kek-2')).toBe(0);
      expect(await bench.store.sealedItem(`credential/${revoked.id}/1`)).toBeUndefined();
      expect(await bench.store.sealedItem(`credential/${rotated.id}/1`)).toBeUndefined();
      expect(await orders()).toEqual(new Set(['allowed', 'credential_revoked']));
    });

    it('is no edit: a change read before it is still of the same revision', async () => {
      const before = await bench.store.loadCredential(keys[0]!.id);
      await bench.restart({ keyring: keyringOf('kek-2', 'kek-1') });
      await bench.engine.keyring.finished();
      await bench.store.commit({ records: [{ ...before!, label: 'edited' }], entries: [] });
      expect(await remaining('kek-2')).toBe(0);
      expect(said(await bench.engine.verify(bitgetRequest(keys[0]!, { nowMs: T0 })))).toBe('allowed');
    });
  });
}
