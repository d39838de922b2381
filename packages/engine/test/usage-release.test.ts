import { type Decision, KNOWN_MS, type Store, StoreError } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, issue, SERVICE, said } from './engine-setup.ts';
import { codeOf, wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest, type ClientKey } from './wire.ts';

const DAY = 86_400_000;

for (const adapter of STORES) {
  describe(`giving back usage, over ${adapter.name}`, () => {
    let bench: Bench;
    let isDown = false;
    beforeEach(async () => {
      isDown = false;
      const wrap = (store: Store): Store => ({
        ...store,
        append: (entries) =>
          isDown ? Promise.reject(new StoreError('full', 'no room')) : store.append(entries),
      });
      bench = await benchOn(adapter, {}, wrap);
    });
    afterEach(() => bench.close());
    let n = 0;
    const order = (key: ClientKey, amount: string, target = '/orders') =>
      bench.engine.verify(
        bitgetRequest(key, { nowMs: bench.nowMs, target, body: `{"amount":"${amount}","n":${n++}}` }),
      );
    const release = ({ requestId }: Pick<Decision, 'requestId'>, reason?: string) =>
      bench.engine.releaseUsage(requestId, { actor: 'op_1', requestId: 'req_op' }, reason);
    const limited = () =>
      issue(bench, {
        constraints: { maxNotionalPerDay: '100' },
        rateLimits: [{ name: 'orders', quota: 2, windowSeconds: 3600 }],
      });

    it('gives back the amount and the units of an allowed request, at once', async () => {
      const key = await limited();
      const first = await order(key, '100');
      await order(key, '0');
      expect(said(await order(key, '100'))).toBe('rate_limited');
      expect(await release(first)).toEqual({
        ok: true,
        requestId: first.requestId,
        credentialId: key.id,
        amount: '100',
        cost: 1,
        releasedAt: bench.nowMs,
        wasReleased: false,
      });
      expect(await order(key, '100')).toMatchObject({ allowed: true, rateLimits: [{ remaining: 0 }] });
      expect(said(await order(key, '100'))).toBe('rate_limited');
    });

    it('does so once: again, or at the same time, it says that it had happened', async () => {
      const key = await limited();
      const first = await order(key, '60');
      const results = await Promise.all(Array.from({ length: 20 }, () => release(first)));
      expect(results.filter((result) => result.ok && !result.wasReleased)).toHaveLength(1);
      expect(results.filter((result) => result.ok && result.wasReleased)).toHaveLength(19);
      bench.nowMs += 5_000;
      expect(await release(first)).toMatchObject({
        ok: true,
        wasReleased: true,
        releasedAt: bench.nowMs - 5_000,
      });
      expect(said(await order(key, '100'))).toBe('allowed');
      expect(said(await order(key, '1'))).toBe('constraint_violated');
    });

    it('is logged with who did it and why, under the key and its account', async () => {
      const key = await limited();
      const first = await order(key, '60');
      await release(first, 'rejected by the engine');
      await release(first, 'again');
      const entries = (await wholeLog(bench.store)).filter(({ type }) => type === 'key.usage_released');
      expect(entries).toEqual([
        {
          at: bench.nowMs,
          type: 'key.usage_released',
          credentialId: key.id,
          accountId: 'acct_1',
          actor: 'op_1',
          requestId: 'req_op',
          data: { decision: first.requestId, amount: '60', cost: 1, reason: 'rejected by the engine' },
        },
      ]);
    });

    it('knows no request that was invented, refused, or took nothing: not_found', async () => {
      const key = await limited();
      const free = await issue(bench);
      const ids = ['req_invented', '', '\u0000', (await order(key, '101')).requestId];
      ids.push((await order(free, '5')).requestId);
      for (const requestId of ids)
        expect(await release({ requestId })).toMatchObject({ ok: false, code: 'not_found' });
      expect((await wholeLog(bench.store)).filter(({ type }) => type === 'key.usage_released')).toEqual([]);
    });

    it('is too late once all windows have passed: state_conflict, and then not_found', async () => {
      const key = await issue(bench, { rateLimits: [{ name: 'orders', quota: 2, windowSeconds: 60 }] });
      const [first, second] = [await order(key, '1'), await order(key, '1')];
      bench.nowMs += 59_999;
      expect(await release(first)).toMatchObject({ ok: true });
      bench.nowMs += 1;
      expect(await release(second)).toMatchObject({ ok: false, code: 'state_conflict' });
      expect(await release(first)).toMatchObject({ ok: true, wasReleased: true });
      bench.nowMs += KNOWN_MS + 10_001;
      await order(key, '1');
      expect(await release({ requestId: 'req_x' })).toMatchObject({ code: 'not_found' });
      expect(await release(first)).toMatchObject({ ok: false, code: 'not_found' });
    });

    it('gives back what is still counted, where a shorter window has passed', async () => {
      const key = await limited();
      const first = await order(key, '100');
      bench.nowMs += 3_600_000;
      await order(key, '0');
      await order(key, '0');
      expect(await release(first)).toMatchObject({ amount: '100', cost: 1 });
      expect(said(await order(key, '0'))).toBe('rate_limited');
      bench.nowMs += 3_600_000;
      expect(said(await order(key, '100'))).toBe('allowed');
    });

    it('outlives a restart, in both directions', async () => {
      const key = await issue(bench, { constraints: { maxNotionalPerDay: '100' } });
      const [first, second] = [await order(key, '60'), await order(key, '40')];
      await release(first);
      await bench.restart();
      expect(await release(first)).toMatchObject({ wasReleased: true });
      expect(said(await order(key, '61'))).toBe('constraint_violated');
      expect(said(await order(key, '60'))).toBe('allowed');
      expect(await release(second)).toMatchObject({ ok: true, amount: '40', wasReleased: false });
      expect(said(await order(key, '41'))).toBe('constraint_violated');
      expect(said(await order(key, '40'))).toBe('allowed');
    });

    it('works for a key that is revoked meanwhile', async () => {
      const key = await limited();
      const first = await order(key, '60');
      await bench.engine.keys.revoke(key.id, 'leaked', SERVICE);
      expect(await release(first)).toMatchObject({ ok: true, amount: '60' });
    });

    it('does nothing while the log cannot be written, and rejects', async () => {
      const key = await limited();
      const first = await order(key, '60');
      isDown = true;
      expect(await codeOf(() => release(first))).toBe('StoreError:full');
      isDown = false;
      expect(await bench.store.reservation(first.requestId)).toBeUndefined();
    });

    it('happens by itself where a decision must be durable and is not: it was answered as unavailable', async () => {
      const key = await issue(bench, { rateLimits: [{ name: 'moves', quota: 1, windowSeconds: 3600 }] });
      isDown = true;
      const failed = await order(key, '1', '/withdrawals');
      expect(said(failed)).toBe('unavailable');
      isDown = false;
      while (!bench.engine.health().logIsWritable) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await release(failed)).toMatchObject({ code: 'not_found' });
      expect(said(await order(key, '1', '/withdrawals'))).toBe('allowed');
      await bench.restart();
      expect(said(await order(key, '1', '/withdrawals'))).toBe('rate_limited');
    });

    it('forgets reservations after their windows, and no sooner', async () => {
      const key = await issue(bench, { constraints: { maxNotionalPerDay: '100' } });
      const first = await order(key, '60');
      bench.nowMs += DAY + KNOWN_MS;
      await order(key, '1');
      await bench.restart();
      expect(await bench.store.reservation(first.requestId)).toBeDefined();
      expect([...(await bench.store.liveReservations(bench.nowMs))]).toHaveLength(1);
      bench.nowMs += 10_001;
      await order(key, '1');
      await bench.restart();
      expect(await bench.store.reservation(first.requestId)).toBeUndefined();
    });
  });
}
