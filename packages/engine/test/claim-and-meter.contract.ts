import type { ClaimAndMeter, ClaimAndMeterAsk, MeterAsk, RisingNonce } from '@countersign/engine';
import { beforeEach, describe, expect, it } from 'vitest';
import { T0 } from './records.ts';

export interface ClaimAndMeterAdapter {
  readonly name: string;
  /** A fresh one. `maxNonces`: most that it can remember; where it has no such bound it says so. */
  open(options?: { maxNonces?: number }): Promise<ClaimAndMeter>;
  readonly hasCapacity: boolean;
}

/** What every replay memory with rate limits keeps to. */
export function claimAndMeterContract(adapter: ClaimAndMeterAdapter): void {
  describe(`claim and meter: ${adapter.name}`, () => {
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

    it('has nothing to say where nothing is asked', async () => {
      expect(await ask({})).toEqual({ ok: true, remaining: [] });
    });

    it('lets a nonce through once, until the ms of its expiry', async () => {
      expect(await word({ nonce: nonce(1) })).toBe('ok');
      for (const at of [T0, T0 + 1, T0 + 29_999, T0 + 30_000])
        expect(await word({ nonce: nonce(1) }, at)).toBe('replayed');
      expect(await word({ nonce: nonce(2) }, T0 + 30_000)).toBe('ok');
    });

    it('tells nonces apart that share a word', async () => {
      expect(await word({ nonce: { high: 1, low: 2 } })).toBe('ok');
      expect(await word({ nonce: { high: 1, low: 3 } })).toBe('ok');
      expect(await word({ nonce: { high: 2, low: 2 } })).toBe('ok');
      expect(await word({ nonce: { high: 1, low: 2 } })).toBe('replayed');
    });

    it('takes the largest words, and zero', async () => {
      for (const pair of [
        { high: 0xffffffff, low: 0xffffffff },
        { high: 0, low: 0 },
        { high: 0x80000000, low: 0 },
      ]) {
        expect(await word({ nonce: pair })).toBe('ok');
        expect(await word({ nonce: pair })).toBe('replayed');
      }
    });

    describe('a nonce that is bound to what it came with', () => {
      const here = { nonce: nonce(1), bound: nonce(101) };

      it('may come again as it came, and in no other way', async () => {
        expect(await word(here)).toBe('ok');
        expect(await word(here)).toBe('ok');
        expect(await word({ nonce: nonce(1), bound: nonce(102) })).toBe('replayed');
        expect(await word({ nonce: nonce(1) })).toBe('replayed');
        expect(await word(here)).toBe('ok');
      });

      it('cannot follow one that was used for good', async () => {
        expect(await word({ nonce: nonce(1) })).toBe('ok');
        expect(await word(here)).toBe('replayed');
      });

      it('is not claimed by what was refused', async () => {
        expect(await word({ ...here, meters: [meter('a', 1)], cost: 2 })).toBe('rate_limited');
        expect(await word({ nonce: nonce(1), bound: nonce(102) })).toBe('ok');
        expect(await word(here)).toBe('replayed');
      });

      it('uses up the quota each time', async () => {
        expect(await word({ ...here, meters: [meter('a', 2)] })).toBe('ok');
        expect(await word({ ...here, meters: [meter('a', 2)] })).toBe('ok');
        expect(await word({ ...here, meters: [meter('a', 2)] })).toBe('rate_limited');
      });
    });

    describe('a nonce that must rise', () => {
      const rising = (value: bigint, more: Partial<RisingNonce> = {}): Partial<ClaimAndMeterAsk> => ({
        rising: { series: 'key kraken', value, window: 0n, keep: 1, ...more },
      });
      const windowed = { window: 10n, keep: 3 };
      const highest = { window: undefined, keep: 3 };

      it('is taken when it is higher than all before it', async () => {
        const values = [5n, 6n, 6n, 5n, 7n, 2n ** 64n - 1n, 2n ** 64n - 1n];
        const words: string[] = [];
        for (const value of values) words.push(await word(rising(value)));
        const no = 'nonce_not_rising';
        expect(words).toEqual(['ok', 'ok', no, no, 'ok', 'ok', no]);
      });

      it('says which is the highest', async () => {
        await ask(rising(7n));
        expect(await ask(rising(3n))).toEqual({ ok: false, reason: 'nonce_not_rising', highest: 7n });
      });

      it('may be zero, once', async () => {
        expect([await word(rising(0n)), await word(rising(0n))]).toEqual(['ok', 'nonce_not_rising']);
      });

      it('may lie below the highest, within its window, once', async () => {
        expect(await word(rising(100n, windowed))).toBe('ok');
        expect(await word(rising(90n, windowed))).toBe('ok');
        expect(await word(rising(90n, windowed))).toBe('nonce_not_rising');
        expect(await word(rising(89n, windowed))).toBe('nonce_not_rising');
        expect(await word(rising(101n, windowed))).toBe('ok');
        // Only three are remembered, and 90 is the least of them still: 91 to 99 are new.
        expect(await word(rising(95n, windowed))).toBe('ok');
        // Now 90 is forgotten, so nothing up to it is taken any more, and what it knows is 95, 100 and 101.
        expect(await word(rising(91n, windowed))).toBe('ok');
        expect(await word(rising(91n, windowed))).toBe('nonce_not_rising');
      });

      it('may come in any order, among the highest that are remembered', async () => {
        const words: string[] = [];
        for (const value of [50n, 10n, 30n, 20n, 20n, 5n, 40n, 30n, 20n])
          words.push(await word(rising(value, highest)));
        const no = 'nonce_not_rising';
        expect(words).toEqual(['ok', 'ok', 'ok', 'ok', no, no, 'ok', no, no]);
      });

      it('does not come back when the window is widened', async () => {
        for (const value of [5n, 6n, 7n]) expect(await word(rising(value))).toBe('ok');
        for (const value of [5n, 6n, 7n])
          expect(await word(rising(value, windowed))).toBe('nonce_not_rising');
      });

      it('is counted per series', async () => {
        expect(await word(rising(7n))).toBe('ok');
        expect(await word(rising(6n, { series: 'other kraken' }))).toBe('ok');
      });

      it('is not used up by what is over a limit', async () => {
        expect(await word({ ...rising(7n), meters: [meter('a', 1)], cost: 2 })).toBe('rate_limited');
        expect(await word(rising(7n))).toBe('ok');
      });

      it('is known again after a restart, and nothing below the least of those that were kept', async () => {
        for (const value of [7n, 9n]) port.restoreRising?.('key kraken', value);
        for (const value of [6n, 7n, 9n])
          expect(await word(rising(value, windowed))).toBe('nonce_not_rising');
        expect(await word(rising(8n, windowed))).toBe('ok');
        expect(await word(rising(10n, windowed))).toBe('ok');
      });
    });

    it('meters cost exactly, and says what remains and when all is free', async () => {
      expect(await ask({ meters: [meter('a', 5)], cost: 2 })).toMatchObject({
        ok: true,
        remaining: [{ remaining: 3, resetMs: 1_000, nextMs: 1_000 }],
      });
      expect(await ask({ meters: [meter('a', 5)], cost: 3 }, T0 + 400)).toMatchObject({
        ok: true,
        remaining: [{ remaining: 0, resetMs: 1_000, nextMs: 600 }],
      });
      expect(await ask({ meters: [meter('a', 5)], cost: 1 }, T0 + 500)).toEqual({
        ok: false,
        reason: 'rate_limited',
        limit: 0,
        retryAfterMs: 500,
        remaining: [{ remaining: 0, resetMs: 900, nextMs: 500 }],
      });
      expect(await ask({ meters: [meter('a', 5)], cost: 3 }, T0 + 500)).toMatchObject({ retryAfterMs: 900 });
      expect(await word({ meters: [meter('a', 5)], cost: 2 }, T0 + 999)).toBe('rate_limited');
      expect(await word({ meters: [meter('a', 5)], cost: 2 }, T0 + 1_000)).toBe('ok');
    });

    it('counts each key by itself', async () => {
      expect(await word({ meters: [meter('a', 1)] })).toBe('ok');
      expect(await word({ meters: [meter('b', 1)] })).toBe('ok');
      expect(await word({ meters: [meter('a', 1)] })).toBe('rate_limited');
    });

    it('takes all of several limits, or nothing, and names the one that refuses', async () => {
      const both = [meter('fast', 10), meter('slow', 2, 60_000)];
      expect(await word({ meters: both })).toBe('ok');
      expect(await word({ meters: both })).toBe('ok');
      for (let i = 0; i < 8; i++)
        expect(await ask({ meters: both })).toMatchObject({ reason: 'rate_limited', limit: 1 });
      expect(await ask({ meters: [meter('fast', 10)] })).toMatchObject({
        ok: true,
        remaining: [{ remaining: 7 }],
      });
    });

    it('names the limit that is to be waited for longest, and until then', async () => {
      const both = [meter('fast', 1), meter('slow', 1, 60_000)];
      expect(await word({ meters: both })).toBe('ok');
      const refusal = { reason: 'rate_limited', limit: 1, retryAfterMs: 60_000 };
      expect(await ask({ meters: both })).toMatchObject(refusal);
      expect(await ask({ meters: [both[1]!, both[0]!] })).toMatchObject({ ...refusal, limit: 0 });
      expect(await word({ meters: both }, T0 + 59_999)).toBe('rate_limited');
      expect(await word({ meters: both }, T0 + 60_000)).toBe('ok');
    });

    it('refuses a cost over the whole quota, always', async () => {
      for (const at of [T0, T0 + 5_000, T0 + 500_000]) {
        expect(await word({ meters: [meter('a', 3)], cost: 4 }, at)).toBe('rate_limited');
      }
      expect(await word({ meters: [meter('a', 3)], cost: 3 }, T0 + 500_000)).toBe('ok');
    });

    it('does not burn the nonce of a request over a limit', async () => {
      expect(await word({ meters: [meter('a', 1)], nonce: nonce(1) })).toBe('ok');
      expect(await word({ meters: [meter('a', 1)], nonce: nonce(2) })).toBe('rate_limited');
      expect(await word({ meters: [meter('a', 1)], nonce: nonce(2) }, T0 + 1_000)).toBe('ok');
    });

    it('uses up no quota for a replay', async () => {
      expect(await word({ meters: [meter('a', 2)], nonce: nonce(1) })).toBe('ok');
      for (let i = 0; i < 10; i++)
        expect(await word({ meters: [meter('a', 2)], nonce: nonce(1) })).toBe('replayed');
      expect(await ask({ meters: [meter('a', 2)], nonce: nonce(2) })).toMatchObject({
        remaining: [{ remaining: 0 }],
      });
    });

    it('stays strict when the clock is set back', async () => {
      expect(await word({ meters: [meter('a', 1)], nonce: nonce(1) })).toBe('ok');
      expect(await word({ nonce: nonce(9), nonceExpiresAt: T0 + 90_000 }, T0 + 60_000)).toBe('ok');
      // The first nonce has expired by now, and was forgotten perhaps: its time must not come again.
      expect(await word({ nonce: nonce(1) }, T0)).toBe('replayed');
      expect(await word({ meters: [meter('b', 1)] }, T0 + 10_000)).toBe('ok');
      expect(await word({ meters: [meter('b', 1)] }, T0 + 5_000)).toBe('rate_limited');
      expect(await word({ meters: [meter('b', 1)] }, T0 + 10_999)).toBe('rate_limited');
      expect(await word({ meters: [meter('b', 1)] }, T0 + 11_000)).toBe('ok');
    });

    it('lets one of many through that come at the same time', async () => {
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => word({ nonce: nonce(1), meters: [meter('a', 50)] })),
      );
      expect(answers.filter((answer) => answer === 'ok')).toHaveLength(1);
      expect(await ask({ meters: [meter('a', 50)] })).toMatchObject({ remaining: [{ remaining: 48 }] });
    });

    it('remembers what was used before a restart, where that is not kept elsewhere', async () => {
      if (port.restore === undefined) return;
      port.restore(nonce(5), T0 + 30_000);
      expect(await word({ nonce: nonce(5) }, T0 + 30_000)).toBe('replayed');
      expect(await word({ nonce: nonce(6) })).toBe('ok');
    });

    it.skipIf(!adapter.hasCapacity)(
      'says full at its capacity, and burns and uses nothing up for it',
      async () => {
        port = await adapter.open({ maxNonces: 2 });
        for (const n of [1, 2]) expect(await word({ nonce: nonce(n) })).toBe('ok');
        expect(await word({ nonce: nonce(3), meters: [meter('a', 1)] })).toBe('full');
        expect(await word({ nonce: nonce(1) })).toBe('replayed');
        expect(await word({ meters: [meter('a', 1)] })).toBe('ok');
        expect(await word({ nonce: nonce(3), nonceExpiresAt: T0 + 90_000 }, T0 + 40_000)).toBe('ok');
      },
    );
  });
}
