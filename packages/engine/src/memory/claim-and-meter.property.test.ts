import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClaimAndMeterAsk } from '../ports/claim-and-meter.ts';
import { createMemoryClaimAndMeter } from './claim-and-meter.ts';

const T0 = 1_800_000_000_000;
const LIMITS = [
  { key: 'a', quota: 5, windowMs: 1000 },
  { key: 'b', quota: 12, windowMs: 4000 },
  { key: 'c', quota: 3, windowMs: 200 },
] as const;

/** Keeps every use of every limit and every nonce, and decides by going through all of it. */
class SlowModel {
  readonly #uses: { key: string; at: number; cost: number }[] = [];
  readonly #nonces = new Map<number, number>();

  ask({ nonce, nonceExpiresAt, meters, cost }: ClaimAndMeterAsk, now: number): string {
    if (nonce !== undefined && (this.#nonces.get(nonce.low) ?? 0) >= now) return 'replayed';
    const over = meters.findIndex(
      ({ key, quota, windowMs }) => this.#used(key, windowMs, now) + cost > quota,
    );
    if (over !== -1) return `rate_limited ${over}`;
    if (nonce !== undefined) this.#nonces.set(nonce.low, nonceExpiresAt);
    for (const { key } of meters) this.#uses.push({ key, at: now, cost });
    return `ok ${meters.map(({ key, quota, windowMs }) => quota - this.#used(key, windowMs, now)).join()}`;
  }
  #used(key: string, windowMs: number, now: number): number {
    return this.#uses.reduce(
      (sum, use) => (use.key === key && use.at > now - windowMs ? sum + use.cost : sum),
      0,
    );
  }
}

const request = fc.record({
  wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 900 })),
  nonce: fc.option(fc.nat(200), { nil: undefined }),
  meters: fc.subarray([...LIMITS]),
  cost: fc.integer({ min: 1, max: 3 }),
});

describe('claim and meter in memory', () => {
  it('decides like the slow model, whatever is asked in which order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 150, size: 'max' }), async (requests) => {
        const port = createMemoryClaimAndMeter();
        const model = new SlowModel();
        let now = T0;
        for (const { wait, nonce, meters, cost } of requests) {
          now += wait;
          const ask = {
            // A nonce belongs to one request, so it always expires at the same time.
            nonce: nonce === undefined ? undefined : { high: nonce * 7, low: nonce },
            nonceExpiresAt: T0 + 500_000,
            meters,
            cost,
          };
          const answer = await port.claimAndMeter(ask, now);
          const said = answer.ok
            ? `ok ${answer.remaining.map(({ remaining }) => remaining).join()}`
            : answer.reason === 'rate_limited'
              ? `rate_limited ${answer.limit}`
              : answer.reason;
          expect(said).toBe(model.ask(ask, now));
        }
      }),
      { numRuns: 200 },
    );
  });
});
