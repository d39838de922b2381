import type { ClaimAndMeter, ClaimAndMeterAsk, MeterAsk, SpendAsk, Taken } from '@countersign/engine';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClaimAndMeterAdapter } from './claim-and-meter.contract.ts';
import { T0 } from './records.ts';

/** What every one keeps to about amounts, and about what is given back. */
export function takenAndGivenBackContract(adapter: ClaimAndMeterAdapter): void {
  let port: ClaimAndMeter;
  beforeEach(async () => {
    port = await adapter.open();
  });
  const nonce = (n: number) => ({ high: 0xfeed0000 + n, low: n });
  const meter = (key: string, quota: number, windowMs = 1_000): MeterAsk => ({ key, quota, windowMs });
  const asked = (more: Partial<ClaimAndMeterAsk>): ClaimAndMeterAsk => ({
    nonceExpiresAt: T0 + 30_000,
    meters: [],
    cost: 1,
    ...more,
  });
  const ask = async (more: Partial<ClaimAndMeterAsk>, nowMs = T0) => port.claimAndMeter(asked(more), nowMs);
  const word = async (more: Partial<ClaimAndMeterAsk>, nowMs = T0) => {
    const answer = await ask(more, nowMs);
    return answer.ok ? 'ok' : answer.reason;
  };

  describe(`amounts: ${adapter.name}`, () => {
    const DAY = 86_400_000;
    const day = (limit: bigint): SpendAsk => ({ key: 'k day', limit, windowMs: DAY });
    const month = (limit: bigint): SpendAsk => ({ key: 'k month', limit, windowMs: 30 * DAY });
    const spend = (amount: bigint, spends: SpendAsk[], nowMs = T0, more: Partial<ClaimAndMeterAsk> = {}) =>
      ask({ amount, spends, ...more }, nowMs);
    const said = async (...args: Parameters<typeof spend>) => {
      const answer = await spend(...args);
      return answer.ok ? 'ok' : answer.reason;
    };
    const LARGE = 10n ** 59n;

    it('are spent to the last unit, and no further, of any size', async () => {
      expect(await said(LARGE - 1n, [day(LARGE)])).toBe('ok');
      expect(await said(2n, [day(LARGE)])).toBe('amount_exceeded');
      expect(await said(1n, [day(LARGE)])).toBe('ok');
      expect(await said(1n, [day(LARGE)])).toBe('amount_exceeded');
    });

    it('come back when the window has passed, up to 1/1440 of it late and never early', async () => {
      expect(await said(10n, [day(10n)], T0)).toBe('ok');
      expect(await said(1n, [day(10n)], T0 + DAY - 1)).toBe('amount_exceeded');
      expect(await said(10n, [day(10n)], T0 + DAY + 60_000)).toBe('ok');
    });

    it('say which window is over, and in how many ms the amount fits', async () => {
      const both = [day(10n), month(15n)];
      expect(await said(10n, both)).toBe('ok');
      expect(await spend(5n, both, T0 + 1_000)).toMatchObject({
        reason: 'amount_exceeded',
        spend: 0,
        retryAfterMs: DAY - 1_000,
      });
      expect(await said(5n, both, T0 + DAY)).toBe('ok');
      expect(await spend(1n, both, T0 + DAY)).toMatchObject({ spend: 1, retryAfterMs: 29 * DAY });
      expect(await spend(6n, both, T0 + DAY)).toMatchObject({ spend: 1, retryAfterMs: 29 * DAY });
    });

    it('are all or nothing with each other, the limits and the nonce', async () => {
      const both = [day(10n), month(15n)];
      expect(await said(8n, both)).toBe('ok');
      for (let i = 0; i < 5; i++) {
        expect(await said(3n, both, T0, { nonce: nonce(1), meters: [meter('a', 2)] })).toBe(
          'amount_exceeded',
        );
      }
      expect(await said(1n, both, T0, { nonce: nonce(1), meters: [meter('a', 1)], cost: 2 })).toBe(
        'rate_limited',
      );
      expect(await said(2n, both, T0, { nonce: nonce(1), meters: [meter('a', 1)] })).toBe('ok');
      expect(await said(2n, both, T0, { nonce: nonce(1), meters: [meter('a', 9)] })).toBe('replayed');
      expect(await said(5n, [month(15n)])).toBe('ok');
    });

    it('follow a limit that is lowered, and one that is raised', async () => {
      expect(await said(10n, [day(10n)])).toBe('ok');
      expect(await said(1n, [day(5n)])).toBe('amount_exceeded');
      expect(await said(1n, [day(11n)])).toBe('ok');
    });

    it('stay strict when the clock is set back', async () => {
      expect(await said(6n, [day(10n)], T0)).toBe('ok');
      expect(await said(4n, [day(10n)], T0 - DAY)).toBe('ok');
      expect(await said(1n, [day(10n)], T0 + DAY - 1)).toBe('amount_exceeded');
      expect(await said(10n, [day(10n)], T0 + DAY)).toBe('ok');
    });
  });

  describe(`what is given back: ${adapter.name}`, () => {
    const spends = [{ key: 'k day', limit: 10n, windowMs: 86_400_000 }];
    async function take(more: Partial<ClaimAndMeterAsk>, nowMs = T0): Promise<Taken> {
      const answer = await ask(more, nowMs);
      if (!answer.ok || answer.taken === undefined) throw new Error('took nothing');
      return answer.taken;
    }

    it('can be taken again at once: units of all limits, and the amount', async () => {
      const all = { meters: [meter('a', 3), meter('b', 3, 60_000)], cost: 3, spends, amount: 10n };
      const taken = await take(all);
      expect(await word(all)).toBe('rate_limited');
      await port.giveBack(taken, T0);
      expect(await word(all)).toBe('ok');
      expect(await word(all)).toBe('rate_limited');
    });

    it('leaves what others took at the same time', async () => {
      const one = { meters: [meter('a', 3)], spends, amount: 5n };
      const taken = await take(one);
      await take(one);
      await port.giveBack(taken, T0);
      const [left] = (await take(one)).meters;
      expect(left?.key).toBe('a');
      expect(await word(one)).toBe('amount_exceeded');
      expect(await ask({ meters: [meter('a', 3)] })).toMatchObject({ remaining: [{ remaining: 0 }] });
    });

    it('is nothing once its window has passed, also where others took something meanwhile', async () => {
      const one = { meters: [meter('a', 1)], cost: 1 };
      const taken = await take(one);
      expect(await word(one, T0 + 1_000)).toBe('ok');
      await port.giveBack(taken, T0 + 1_000);
      expect(await word(one, T0 + 1_000)).toBe('rate_limited');
    });

    it('shows in what remains, and in when the rest is free', async () => {
      const taken = await take({ meters: [meter('a', 5)], cost: 2 });
      const second = await take({ meters: [meter('a', 5)], cost: 2 }, T0 + 400);
      await port.giveBack(second, T0 + 500);
      expect(await ask({ meters: [meter('a', 5)], cost: 4 }, T0 + 500)).toMatchObject({
        remaining: [{ remaining: 3, resetMs: 500, nextMs: 500 }],
      });
      await port.giveBack(taken, T0 + 500);
      expect(await ask({ meters: [meter('a', 5)] }, T0 + 500)).toMatchObject({
        ok: true,
        remaining: [{ remaining: 4, resetMs: 1_000, nextMs: 1_000 }],
      });
    });

    it('is found after the clock was set back', async () => {
      await take({ meters: [meter('a', 2)] }, T0 + 5_000);
      const taken = await take({ meters: [meter('a', 2)], spends, amount: 10n }, T0);
      expect(await word({ meters: [meter('a', 2)] }, T0)).toBe('rate_limited');
      await port.giveBack(taken, T0);
      expect(await word({ meters: [meter('a', 2)], spends, amount: 10n }, T0)).toBe('ok');
    });

    it('is what was counted before a restart, too', async () => {
      if (port.restoreTaken === undefined) return;
      const taken = { at: T0, cost: 2, meters: [meter('a', 3)], amount: 10n, spends };
      port.restoreTaken(taken, T0 + 10);
      expect(await word({ meters: [meter('a', 3)], cost: 2 }, T0 + 999)).toBe('rate_limited');
      expect(await word({ spends, amount: 1n }, T0 + 999)).toBe('amount_exceeded');
      await port.giveBack(taken, T0 + 999);
      expect(await word({ meters: [meter('a', 3)], cost: 3, spends, amount: 10n }, T0 + 999)).toBe('ok');
    });
  });
}
