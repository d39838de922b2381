import { type AuditEntryDraft, createEngine, type Store, StoreError } from '@countersign/engine';
import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, done, issue, manifestOf, SERVICE, said } from './engine-setup.ts';
import { keyringOf, T0, wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bearerRequest, bitgetRequest, okxRequest } from './wire.ts';

/** How the log behaves: as it is, failing, or waiting until it is told to go on. */
class LogSwitch {
  isBroken = false;
  gate: Promise<void> | undefined;
  readonly wrap = (store: Store): Store => ({
    ...store,
    append: async (entries: readonly AuditEntryDraft[]) => {
      await this.gate;
      if (this.isBroken) throw new StoreError('full', 'the disk is full');
      return store.append(entries);
    },
  });
}

for (const adapter of STORES) {
  describe(`the log of decisions, over ${adapter.name}`, () => {
    let bench: Bench;
    const log = new LogSwitch();
    afterEach(async () => {
      log.isBroken = false;
      log.gate = undefined;
      await bench.close();
    });
    const open = async () => {
      bench = await benchOn(adapter, {}, log.wrap);
      return issue(bench);
    };
    const withdrawal = { nowMs: T0, target: '/withdrawals' };

    it('is written before a critical request is answered, and not before another', async () => {
      const key = await open();
      let goOn = () => {};
      log.gate = new Promise((resolve) => {
        goOn = resolve;
      });
      const order = await bench.engine.verify(bitgetRequest(key, { nowMs: T0 }));
      expect(said(order)).toBe('allowed');
      let answered: string | undefined;
      const critical = bench.engine.verify(bitgetRequest(key, withdrawal)).then((decision) => {
        answered = said(decision);
      });
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(answered).toBeUndefined();
      expect((await wholeLog(bench.store)).filter(({ type }) => type === 'decision')).toEqual([]);
      goOn();
      await critical;
      expect(answered).toBe('allowed');
      expect((await wholeLog(bench.store)).filter(({ type }) => type === 'decision')).toHaveLength(2);
    });

    it('holds a critical decision in the moment in which it is answered, a denial too', async () => {
      const key = await open();
      const request = bitgetRequest(key, withdrawal);
      for (const outcome of ['allowed', 'replayed']) {
        const decision = await bench.engine.verify(request);
        expect(said(decision)).toBe(outcome);
        expect((await wholeLog(bench.store)).at(-1)).toMatchObject({ requestId: decision.requestId });
      }
    });

    it('refuses when it cannot be written: unavailable, and nothing is lost', async () => {
      const key = await open();
      log.isBroken = true;
      const critical = await bench.engine.verify(bitgetRequest(key, withdrawal));
      expect(critical).toMatchObject({ code: 'unavailable', status: 503, retryAfterSeconds: 1 });
      expect(bench.engine.health().logIsWritable).toBe(false);
      expect(bench.errors).toMatchObject([{ code: 'full' }]);
      const request = okxRequest(key, { nowMs: T0 });
      expect(said(await bench.engine.verify(request))).toBe('unavailable');
      // Not even strangers fill the memory with what cannot be written.
      const pending = bench.engine.health().pendingLogEntries;
      for (let i = 0; i < 20; i++) {
        expect(said(await bench.engine.verify(bearerRequest('invented')))).toBe('unavailable');
        expect(said(await bench.engine.verify({ ...request, headers: [] }))).toBe('unavailable');
        expect(
          said(await bench.engine.verify({ ...request, headers: [...request.headers, ...request.headers] })),
        ).toBe('unavailable');
      }
      expect(bench.engine.health().pendingLogEntries).toBe(pending);
      // A public route is not logged, and needs no log.
      expect(said(await bench.engine.verify({ ...request, method: 'GET', target: '/market/x' }))).toBe(
        'allowed',
      );
      log.isBroken = false;
      await expect.poll(() => bench.engine.health().logIsWritable, { timeout: 5_000 }).toBe(true);
      expect(said(await bench.engine.verify(request))).toBe('allowed');
      await bench.restart();
      const logged = (await wholeLog(bench.store)).filter(({ type }) => type === 'decision');
      // The log says what was answered.
      expect(logged[0]).toMatchObject({
        requestId: critical.requestId,
        data: { permission: 'move', allowed: false, code: 'unavailable' },
      });
      expect(logged).toHaveLength(2);
    });
  });
}

describe('a service that knows too little', () => {
  it('refuses when the feed is older than the bound: unavailable', async () => {
    let confirmedAt = T0;
    const wrap = (store: Store): Store => ({ ...store, feedConfirmedAt: () => confirmedAt });
    const bench = await benchOn(STORES[0]!, { stalenessBoundMs: 500 }, wrap);
    const key = await issue(bench);
    const ask = async () => said(await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs })));
    bench.nowMs = T0 + 500;
    expect(await ask()).toBe('allowed');
    bench.nowMs = T0 + 501;
    expect(await ask()).toBe('unavailable');
    expect(bench.engine.health().feedIsFresh).toBe(false);
    confirmedAt = T0 + 501;
    expect(await ask()).toBe('allowed');
    await bench.close();
  });

  it('refuses when the store does not answer: unavailable, and never rejects', async () => {
    let isDown = false;
    const wrap = (store: Store): Store => ({
      ...store,
      loadCredential: (id) => {
        if (isDown) throw new StoreError('unavailable', 'down');
        return store.loadCredential(id);
      },
    });
    const bench = await benchOn(STORES[0]!, {}, wrap);
    const [cached, other] = [await issue(bench), await issue(bench)];
    await bench.engine.verify(bitgetRequest(cached, { nowMs: T0 }));
    isDown = true;
    expect(said(await bench.engine.verify(bitgetRequest(cached, { nowMs: T0 + 1 })))).toBe('allowed');
    expect(said(await bench.engine.verify(bitgetRequest(other, { nowMs: T0 })))).toBe('unavailable');
    expect(bench.errors).toMatchObject([{ code: 'unavailable' }]);
    isDown = false;
    expect(said(await bench.engine.verify(bitgetRequest(other, { nowMs: T0 })))).toBe('allowed');
    await bench.close();
  });

  it('refuses when it cannot start, never rejects, and starts with a later request', async () => {
    const bench = await benchOn(STORES[0]!);
    const key = await issue(bench);
    let isDown = true;
    const errors: unknown[] = [];
    const store: Store = {
      ...bench.store,
      foreignNames: () => {
        if (isDown) throw new StoreError('unavailable', 'down');
        return bench.store.foreignNames();
      },
    };
    const engine = createEngine({
      store,
      keyring: keyringOf('kek-1'),
      manifest: manifestOf(),
      clock: () => T0,
      onError: (error) => errors.push(error),
    });
    await expect(engine.start()).rejects.toMatchObject({ code: 'unavailable' });
    const request = bitgetRequest(key, { nowMs: T0 });
    expect(await engine.verify(request)).toMatchObject({
      allowed: false,
      code: 'unavailable',
      status: 503,
      retryAfterSeconds: 1,
    });
    expect(errors).toMatchObject([{ code: 'unavailable' }]);
    isDown = false;
    expect(said(await engine.verify(request))).toBe('allowed');
    await engine.close();
    await bench.close();
  });

  it('refuses a key whose secret the keyring cannot open: unavailable', async () => {
    const bench = await benchOn(STORES[0]!);
    const key = await issue(bench);
    const record = await bench.store.loadCredential(key.id);
    const sealed = Buffer.from(record?.secretVersions[0]?.sealed ?? []);
    const damaged = Buffer.from(sealed);
    damaged[damaged.length - 1] = (damaged[damaged.length - 1] as number) ^ 1;
    await bench.store.replaceSealed(`credential/${key.id}/1`, sealed, damaged);
    expect(said(await bench.engine.verify(bitgetRequest(key, { nowMs: T0 })))).toBe('unavailable');
    expect(bench.errors).toMatchObject([{ name: 'KeyringError' }]);
    expect(done(await bench.engine.keys.revoke(key.id, 'damaged', SERVICE)).revoked).toBe(1);
    await bench.close();
  });
});
