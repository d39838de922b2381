import { createEngine, createMemoryClaimAndMeter, type Store, StoreError } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, done, issue, manifestOf, SERVICE, said } from './engine-setup.ts';
import { keyringOf, T0, wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest, type ClientKey } from './wire.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const MANIFEST = manifestOf(`version: 1
permissions:
  read: { risk: low }
  trade: { risk: high }
  move: { risk: critical }
routes:
  - { route: GET /balance, permission: read }
  - { route: POST /orders, permission: trade, facts: { notional: { json: /amount } } }
  - { route: POST /batch, permission: trade, facts: { notional: { json: '/orders/*/amount' } } }
  - { route: POST /withdrawals, permission: move, facts: { notional: { json: /amount } } }
`);

for (const adapter of STORES) {
  describe(`amounts over a day and 30 days, over ${adapter.name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await benchOn(adapter, { manifest: MANIFEST });
    });
    afterEach(() => bench.close());
    let n = 0;
    const send = (key: ClientKey, body: object, target = '/orders') =>
      bench.engine.verify(
        bitgetRequest(key, { nowMs: bench.nowMs, target, body: JSON.stringify({ ...body, n: n++ }) }),
      );
    const order = (key: ClientKey, amount: string, target?: string) => send(key, { amount }, target);
    const keyOf = (maxNotionalPerDay?: string, maxNotionalPer30Days?: string) =>
      issue(bench, { constraints: { maxNotionalPerDay, maxNotionalPer30Days } });

    it('are allowed to the last unit, and refused one unit further', async () => {
      const key = await keyOf('100');
      expect(said(await order(key, '99.999999999999999999999999999999'))).toBe('allowed');
      expect(said(await order(key, '0.000000000000000000000000000002'))).toBe('constraint_violated');
      expect(said(await order(key, '0.000000000000000000000000000001'))).toBe('allowed');
      expect(said(await order(key, '0.000000000000000000000000000001'))).toBe('constraint_violated');
    });

    it('say which window is used up, and in how many seconds the amount fits', async () => {
      const key = await keyOf('100', '150');
      await order(key, '100');
      bench.nowMs += 1_500;
      const refused = await order(key, '50');
      expect(refused).toMatchObject({ code: 'constraint_violated', status: 403 });
      if (refused.allowed) return;
      expect(refused.detail).toMatch(/left of the limit for a day: it fits in \d+ s\.$/);
      const seconds = refused.retryAfterSeconds ?? 0;
      // The amount counts to the end of its minute.
      expect(seconds).toBeGreaterThanOrEqual(DAY / 1000 - 2);
      expect(seconds).toBeLessThanOrEqual(DAY / 1000 + 60);
      expect(refused.response.headers['retry-after']).toBe(String(seconds));
      bench.nowMs += seconds * 1000;
      expect(said(await order(key, '50'))).toBe('allowed');
      expect(await order(key, '1')).toMatchObject({ detail: expect.stringContaining('for 30 days') });
    });

    it('come back after the window, at most a minute late, and not a ms early', async () => {
      const key = await keyOf('100');
      const minute = T0 - (T0 % MINUTE);
      bench.nowMs = minute + MINUTE - 1;
      await order(key, '100');
      bench.nowMs = minute + MINUTE - 1 + DAY - 1;
      expect(said(await order(key, '1'))).toBe('constraint_violated');
      bench.nowMs += 1;
      expect(said(await order(key, '100'))).toBe('allowed');
    });

    it('count from the restart on what was spent while the clock was ahead', async () => {
      const key = await keyOf('100');
      const now = bench.nowMs;
      bench.nowMs = now + 40 * DAY;
      const ahead = await order(key, '60');
      bench.nowMs = now;
      await bench.restart();
      expect(said(await order(key, '41'))).toBe('constraint_violated');
      expect(said(await order(key, '40'))).toBe('allowed');
      bench.nowMs = now + DAY - MINUTE;
      expect(said(await order(key, '1'))).toBe('constraint_violated');
      bench.nowMs = now + DAY + MINUTE;
      expect(said(await order(key, '100'))).toBe('allowed');
      done(await bench.engine.releaseUsage(ahead.requestId, SERVICE));
      expect(said(await order(key, '1'))).toBe('constraint_violated');
    });

    it('count the sum of a batch', async () => {
      const key = await keyOf('100');
      const batch = (...amounts: string[]) =>
        send(key, { orders: amounts.map((amount) => ({ amount })) }, '/batch');
      expect(said(await batch('60', '40.5'))).toBe('constraint_violated');
      expect(said(await batch('60', '40'))).toBe('allowed');
      expect(said(await order(key, '0.1'))).toBe('constraint_violated');
    });

    it('are all or nothing: what is refused takes no unit of a limit, and burns no nonce', async () => {
      const key = await issue(bench, {
        constraints: { maxNotionalPerDay: '100' },
        rateLimits: [{ name: 'orders', quota: 3, windowSeconds: 30 }],
      });
      await order(key, '90');
      const request = bitgetRequest(key, { nowMs: bench.nowMs, body: '{"amount":"20"}' });
      for (let i = 0; i < 3; i++) {
        expect(said(await bench.engine.verify(request))).toBe('constraint_violated');
      }
      expect(await order(key, '10')).toMatchObject({ rateLimits: [{ remaining: 1 }] });
      done(
        await bench.engine.keys.edit(
          key.id,
          { constraints: { maxNotionalPerDay: '120' } },
          key.view.revision,
          SERVICE,
        ),
      );
      expect(said(await bench.engine.verify(request))).toBe('allowed');
      expect(said(await bench.engine.verify(request))).toBe('replayed');
    });

    it('are neither spent by what stage 8 refuses, nor by one who is only rate limited', async () => {
      const key = await issue(bench, {
        constraints: { maxNotionalPerDay: '100', maxNotionalPerOrder: '60' },
        rateLimits: [{ name: 'orders', quota: 2, windowSeconds: 30 }],
      });
      expect(said(await order(key, '61'))).toBe('constraint_violated');
      expect(said(await order(key, '1e1'))).toBe('constraint_violated');
      await order(key, '1');
      await order(key, '1');
      for (let i = 0; i < 5; i++) expect(said(await order(key, '60'))).toBe('rate_limited');
      bench.nowMs += 30_000;
      expect(said(await order(key, '60'))).toBe('allowed');
      expect(said(await order(key, '38'))).toBe('allowed');
    });

    it('are counted for each key by itself, and not where a request spends nothing', async () => {
      const [one, other] = [await keyOf('100'), await keyOf('100')];
      await order(one, '100');
      expect(said(await order(other, '100'))).toBe('allowed');
      expect(said(await order(one, '0'))).toBe('allowed');
      const read = bitgetRequest(one, { nowMs: bench.nowMs, method: 'GET', target: '/balance' });
      expect(said(await bench.engine.verify(read))).toBe('allowed');
    });

    it('are known after a restart, to the unit', async () => {
      const key = await keyOf('100', '150');
      await order(key, '70.5');
      await bench.restart();
      expect(said(await order(key, '29.6'))).toBe('constraint_violated');
      expect(said(await order(key, '29.5'))).toBe('allowed');
      bench.nowMs += DAY + MINUTE;
      await bench.restart();
      expect(said(await order(key, '50.1'))).toBe('constraint_violated');
      expect(said(await order(key, '50'))).toBe('allowed');
    });

    it('are counted once, though a start fails in the middle of reading them', async () => {
      const key = await keyOf('100');
      for (const amount of ['10', '20', '30']) await order(key, amount);
      bench.nowMs += 1_000;
      await order(key, '5');
      await bench.restart();
      let left = 3;
      const faulty = (store: Store): Store => ({
        ...store,
        async liveReservations(nowMs) {
          const all = [...(await store.liveReservations(nowMs))];
          if (left-- <= 0) return all;
          return (function* () {
            yield* all.slice(0, 3 - left);
            throw new StoreError('unavailable', 'no answer');
          })();
        },
      });
      await bench.engine.close();
      const engine = createEngine({
        store: faulty(bench.store),
        keyring: keyringOf('kek-1'),
        manifest: MANIFEST,
        clock: () => bench.nowMs,
        claimAndMeter: createMemoryClaimAndMeter(),
      });
      for (let i = 0; i < 3; i++) await expect(engine.start()).rejects.toThrow('no answer');
      const ask = (amount: string) =>
        engine.verify(bitgetRequest(key, { nowMs: bench.nowMs, body: JSON.stringify({ amount, n: n++ }) }));
      expect(said(await ask('35.1'))).toBe('constraint_violated');
      expect(said(await ask('35'))).toBe('allowed');
      await engine.close();
    });

    it('stand in the log, with each decision that spent one', async () => {
      const key = await keyOf('100');
      await order(key, '12.50');
      await order(key, '100');
      await bench.restart();
      const decisions = (await wholeLog(bench.store)).filter(({ type }) => type === 'decision');
      expect(decisions.map(({ data }) => data.amount)).toEqual(['12.5', undefined]);
      expect(decisions.map((entry) => 'taken' in entry)).toEqual([false, false]);
    });

    it('are never over and never lost when many requests spend and release at the same time', async () => {
      const key = await keyOf('100');
      let standing = 0;
      for (let round = 0; round < 5; round++) {
        const sent = await Promise.all(Array.from({ length: 40 }, () => order(key, '7')));
        const allowed = sent.filter(({ allowed }) => allowed);
        standing += allowed.length;
        expect(standing).toBe(14);
        // Half of them twice, at the same time as others try to spend what comes free.
        const half = allowed.slice(0, Math.ceil(allowed.length / 2));
        const [released, racing] = await Promise.all([
          Promise.all(
            [...half, ...half].map(({ requestId }) => bench.engine.releaseUsage(requestId, SERVICE)),
          ),
          Promise.all(Array.from({ length: 20 }, () => order(key, '7'))),
        ]);
        const given = released.filter((result) => result.ok && !result.wasReleased).length;
        expect(given).toBe(half.length);
        standing += racing.filter(({ allowed }) => allowed).length - given;
        expect(standing).toBeLessThanOrEqual(14);
      }
      const before = standing;
      await bench.restart();
      const rest = await Promise.all(Array.from({ length: 20 }, () => order(key, '7')));
      expect(rest.filter(({ allowed }) => allowed)).toHaveLength(14 - before);
    });
  });
}
