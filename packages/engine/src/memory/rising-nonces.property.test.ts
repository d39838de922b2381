import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RisingNonces } from './rising-nonces.ts';

interface Rule {
  readonly window: bigint | undefined;
  readonly keep: number;
}

/** What is right, slowly: every nonce ever used is kept. */
class Exact {
  readonly used: bigint[] = [];

  take(value: bigint, { window, keep }: Rule): boolean {
    const falling = [...this.used].sort((a, b) => (a < b ? 1 : -1));
    const [highest] = falling;
    const forgotten = falling[keep];
    if (this.used.includes(value)) return false;
    if (highest !== undefined && window !== undefined && value < highest - window) return false;
    if (forgotten !== undefined && value <= forgotten) return false;
    this.used.push(value);
    return true;
  }
}

const values = fc.array(fc.bigInt({ min: 0n, max: 60n }), { maxLength: 80 });
const rule = fc.record({
  window: fc.option(fc.bigInt({ min: 0n, max: 30n }), { nil: undefined }),
  keep: fc.integer({ min: 1, max: 12 }),
});

describe('rising nonces', () => {
  it('are as one would count them with everything in mind', () => {
    fc.assert(
      fc.property(values, rule, (sequence, { window, keep }) => {
        const nonces = new RisingNonces();
        const exact = new Exact();
        for (const value of sequence) {
          const nonce = { series: 's', value, window, keep };
          const isFresh = nonces.isFresh(nonce);
          if (isFresh) nonces.use(nonce);
          expect(isFresh).toBe(exact.take(value, { window, keep }));
        }
      }),
    );
  });

  it('are never taken twice, whatever windows come and go, and over restarts that keep the highest', () => {
    const step = fc.record({ value: fc.bigInt({ min: 0n, max: 40n }), rule, isRestart: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let nonces = new RisingNonces();
        const taken: bigint[] = [];
        for (const { value, rule: given, isRestart } of steps) {
          if (isRestart) {
            nonces = new RisingNonces();
            const falling = [...taken].sort((a, b) => (a < b ? 1 : -1));
            for (const kept of falling.slice(0, given.keep + 1)) nonces.restore('s', kept);
          }
          const nonce = { series: 's', value, ...given };
          if (!nonces.isFresh(nonce)) continue;
          nonces.use(nonce);
          expect(taken).not.toContain(value);
          taken.push(value);
        }
      }),
    );
  });
});
