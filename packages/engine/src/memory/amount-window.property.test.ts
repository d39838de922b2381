import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmountWindow } from './amount-window.ts';

const T0 = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const RESOLUTION = 1440;

/** Everything that was spent and not given back, and no cleverness. */
class ExactModel {
  readonly log: { at: number; amount: bigint }[] = [];

  spent(from: number, to: number): bigint {
    return this.log.reduce((sum, { at, amount }) => (at > from && at <= to ? sum + amount : sum), 0n);
  }
  /** The most in any window of that length. It is reached in one that ends with an amount. */
  worst(windowMs: number): bigint {
    return this.log.reduce((most, { at }) => {
      const spent = this.spent(at - windowMs, at);
      return spent > most ? spent : most;
    }, 0n);
  }
}

const windowMs = fc.oneof(
  fc.constantFrom(1, 1439, 1440, 2880, DAY_MS, 30 * DAY_MS),
  fc.integer({ min: 1, max: 10_000_000 }),
);
const limit = fc.bigInt({ min: 1n, max: 10n ** 36n });
const steps = fc.array(
  fc.record({
    part: fc.oneof(
      fc.double({ min: 0, max: 0.1, noNaN: true }),
      fc.constantFrom(0, 0, 1, 0.5),
      // Within a grain of each other, and of the end of a window.
      fc.double({ min: 0, max: 0.0008, noNaN: true }),
      fc.double({ min: 0.999, max: 1.0008, noNaN: true }),
    ),
    share: fc.integer({ min: 1, max: 1000 }),
    givesBack: fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { nil: undefined }),
    setBack: fc.oneof(
      { weight: 9, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.double({ min: 0, max: 1.5, noNaN: true }) },
    ),
  }),
  { maxLength: 120, size: 'max' },
);

function spend(window: AmountWindow, most: bigint, amount: bigint, nowMs: number): boolean {
  if (window.spent(nowMs) + amount > most) return false;
  window.spend(amount, nowMs);
  return true;
}

describe('a window of amounts', () => {
  it('never lets more than the limit through in any window, and refuses only what would break that', () => {
    fc.assert(
      fc.property(windowMs, limit, steps, (length, most, requests) => {
        const window = new AmountWindow(length);
        const model = new ExactModel();
        const grainMs = Math.max(1, Math.floor(length / RESOLUTION));
        let now = T0;
        for (const { part, share, givesBack } of requests) {
          now += Math.round(part * length);
          if (givesBack !== undefined && model.log.length > 0) {
            const [given] = model.log.splice(Math.floor(givesBack * model.log.length), 1);
            if (given !== undefined) window.giveBack(given.amount, given.at);
          }
          const amount = (most * BigInt(share) + 999n) / 1000n;
          if (spend(window, most, amount, now)) model.log.push({ at: now, amount });
          else expect(model.spent(now - length - grainMs, now) + amount).toBeGreaterThan(most);
          // Never less than is spent, and never more than was a grain ago: nothing leaks.
          expect(window.spent(now)).toBeGreaterThanOrEqual(model.spent(now - length, now));
          expect(window.spent(now)).toBeLessThanOrEqual(model.spent(now - length - grainMs, now));
        }
        expect(model.worst(length)).toBeLessThanOrEqual(most);
      }),
      { numRuns: 300 },
    );
  });

  it('says when an amount fits: then it does, and a ms earlier it does not', () => {
    fc.assert(
      fc.property(windowMs, limit, steps, (length, most, requests) => {
        const window = new AmountWindow(length);
        let now = T0;
        for (const { part, share } of requests) {
          now += Math.round(part * length);
          const amount = (most * BigInt(share) + 999n) / 1000n;
          if (spend(window, most, amount, now)) continue;
          const wait = window.freeAfter(amount, most, now);
          expect(wait).toBeGreaterThan(0);
          expect(window.spent(now + wait - 1) + amount).toBeGreaterThan(most);
          expect(window.spent(now + wait) + amount).toBeLessThanOrEqual(most);
          now += wait;
        }
      }),
    );
  });

  it('never lets more through in real time when the clock is set back', () => {
    fc.assert(
      fc.property(windowMs, limit, steps, (length, most, requests) => {
        const window = new AmountWindow(length);
        const model = new ExactModel();
        let real = T0;
        let behind = 0;
        for (const { part, share, setBack } of requests) {
          real += Math.round(part * length);
          behind += Math.round(setBack * length);
          const amount = (most * BigInt(share) + 999n) / 1000n;
          if (spend(window, most, amount, real - behind)) model.log.push({ at: real, amount });
        }
        expect(model.worst(length)).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('keeps a minute of a day as one, under the time of its end', () => {
    const window = new AmountWindow(DAY_MS);
    const minute = T0 - (T0 % 60_000);
    window.spend(1n, minute);
    window.spend(2n, minute + 59_999);
    window.spend(4n, minute + 60_000);
    expect(window.spent(minute + DAY_MS)).toBe(7n);
    expect(window.spent(minute + DAY_MS + 59_998)).toBe(7n);
    expect(window.spent(minute + DAY_MS + 59_999)).toBe(4n);
    expect(window.spent(minute + DAY_MS + 60_000)).toBe(0n);
    expect(window.isEmpty(minute + DAY_MS + 60_000)).toBe(true);
  });
});
