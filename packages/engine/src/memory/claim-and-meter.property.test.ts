import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClaimAndMeterAnswer, ClaimAndMeterAsk, Taken } from '../ports/claim-and-meter.ts';
import { createMemoryClaimAndMeter } from './claim-and-meter.ts';

const T0 = 1_800_000_000_000;
const LIMITS = [
  { key: 'a', quota: 5, windowMs: 1000 },
  { key: 'b', quota: 12, windowMs: 4000 },
  { key: 'c', quota: 3, windowMs: 200 },
] as const;
/** So short that they are exact to the ms, too. */
const SPENDS = [
  { key: 'd', limit: 10n ** 31n, windowMs: 1400 },
  { key: 'e', limit: 3n * 10n ** 31n, windowMs: 2800 },
] as const;

interface Use {
  readonly key: string;
  readonly at: number;
  readonly what: bigint;
}

/** Keeps every use of every limit and every nonce, and decides by going through all of it. */
class SlowModel {
  #uses: Use[] = [];
  readonly #nonces = new Map<number, number>();

  ask(
    { nonce, nonceExpiresAt, meters, cost, spends = [], amount = 0n }: ClaimAndMeterAsk,
    now: number,
  ): string {
    if (nonce !== undefined && (this.#nonces.get(nonce.low) ?? 0) >= now) return 'replayed';
    const units = meters.map(({ key, quota, windowMs }) => ({
      key,
      most: BigInt(quota),
      windowMs,
      what: BigInt(cost),
    }));
    const amounts = spends.map(({ key, limit, windowMs }) => ({ key, most: limit, windowMs, what: amount }));
    for (const [word, asked] of [
      ['rate_limited', units],
      ['amount_exceeded', amounts],
    ] as const) {
      const waits = asked.map((one) => this.#wait(one, now));
      const longest = Math.max(0, ...waits);
      if (longest > 0) return `${word} ${waits.indexOf(longest)} ${longest}`;
    }
    if (nonce !== undefined) this.#nonces.set(nonce.low, nonceExpiresAt);
    for (const { key, what } of [...units, ...amounts]) this.#uses.push({ key, at: now, what });
    return `ok ${units.map((one) => one.most - this.used(one.key, one.windowMs, now)).join()}`;
  }

  /** Takes back the uses of a request: of those that are equal, any. */
  giveBack({ at, cost, meters, amount, spends }: Taken): void {
    for (const [list, what] of [
      [meters, BigInt(cost)],
      [spends, amount],
    ] as const) {
      for (const { key } of list) {
        const index = this.#uses.findIndex((use) => use.key === key && use.at === at && use.what === what);
        this.#uses.splice(index, 1);
      }
    }
  }

  used(key: string, windowMs: number, now: number): bigint {
    return this.#uses.reduce(
      (sum, use) => (use.key === key && use.at > now - windowMs ? sum + use.what : sum),
      0n,
    );
  }

  /** Ms until it fits; the whole window when it never does. */
  #wait(
    { key, most, windowMs, what }: { key: string; most: bigint; windowMs: number; what: bigint },
    now: number,
  ): number {
    if (what > most) return windowMs;
    const ends = this.#uses.filter((use) => use.key === key).map(({ at }) => at + windowMs);
    const fits = (when: number) => this.used(key, windowMs, when) + what <= most;
    return fits(now) ? 0 : Math.min(...ends.filter((end) => end > now && fits(end))) - now;
  }
}

const request = fc.record({
  wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 900 })),
  nonce: fc.option(fc.nat(200), { nil: undefined }),
  meters: fc.subarray([...LIMITS]),
  cost: fc.integer({ min: 1, max: 6 }),
  spends: fc.subarray([...SPENDS]),
  amount: fc.bigInt({ min: 1n, max: 11n * 10n ** 30n }),
  /** Gives back what one of the requests before took, as a part of their number. */
  givesBack: fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { nil: undefined }),
});

function said(answer: ClaimAndMeterAnswer): string {
  if (answer.ok) return `ok ${answer.remaining.map(({ remaining }) => remaining).join()}`;
  if (answer.reason === 'rate_limited') return `rate_limited ${answer.limit} ${answer.retryAfterMs}`;
  if (answer.reason === 'amount_exceeded') return `amount_exceeded ${answer.spend} ${answer.retryAfterMs}`;
  return answer.reason;
}

describe('claim and meter in memory', () => {
  it('decides like the slow model, whatever is asked and given back in which order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 120, size: 'max' }), async (requests) => {
        const port = createMemoryClaimAndMeter();
        const model = new SlowModel();
        const held: Taken[] = [];
        let now = T0;
        for (const { wait, nonce, meters, cost, spends, amount, givesBack } of requests) {
          now += wait;
          if (givesBack !== undefined && held.length > 0) {
            const [taken] = held.splice(Math.floor(givesBack * held.length), 1) as [Taken];
            await port.giveBack(taken, now);
            model.giveBack(taken);
          }
          const ask = {
            // A nonce belongs to one request, so it always expires at the same time.
            nonce: nonce === undefined ? undefined : { high: nonce * 7, low: nonce },
            nonceExpiresAt: T0 + 500_000,
            meters,
            cost,
            spends,
            amount,
          };
          const answer = await port.claimAndMeter(ask, now);
          if (answer.ok && answer.taken !== undefined) held.push(answer.taken);
          expect(said(answer)).toBe(model.ask(ask, now));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('knows after a restart what was taken and not given back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 60, size: 'max' }), async (requests) => {
        const before = createMemoryClaimAndMeter();
        const held: Taken[] = [];
        let now = T0;
        for (const { wait, meters, cost, spends, amount, givesBack } of requests) {
          now += wait;
          const answer = await before.claimAndMeter({ nonceExpiresAt: 0, meters, cost, spends, amount }, now);
          if (answer.ok && answer.taken !== undefined) held.push(answer.taken);
          if (givesBack === undefined || held.length === 0) continue;
          const [taken] = held.splice(Math.floor(givesBack * held.length), 1) as [Taken];
          await before.giveBack(taken, now);
        }
        const after = createMemoryClaimAndMeter();
        for (const taken of held) after.restoreTaken?.(taken, now);
        const ask = { nonceExpiresAt: 0, meters: LIMITS, cost: 1, spends: SPENDS, amount: 1n };
        for (let i = 0; i < 12; i++) {
          now += 97;
          expect(said(await after.claimAndMeter(ask, now))).toBe(said(await before.claimAndMeter(ask, now)));
        }
      }),
    );
  });
});
