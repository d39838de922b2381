import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateWindow } from './rate-window.ts';

const RESOLUTION = 4096;
const T0 = 1_800_000_000_000;

/** Everything that was ever let through, and no cleverness. */
class ExactModel {
  readonly #log: { at: number; cost: number }[] = [];

  /** Units used in the window (from, to]. */
  used(from: number, to: number): number {
    return this.#log.reduce((sum, { at, cost }) => (at > from && at <= to ? sum + cost : sum), 0);
  }
  use(cost: number, at: number): void {
    this.#log.push({ at, cost });
  }
  /** The most that was used in any window of that length. It is reached in one that ends with a use. */
  worst(windowMs: number): number {
    return Math.max(0, ...this.#log.map(({ at }) => this.used(at - windowMs, at)));
  }
}

function ask(window: RateWindow, quota: number, cost: number, nowMs: number): boolean {
  if (window.used(nowMs) + cost > quota) return false;
  window.use(cost, nowMs);
  return true;
}

const windowMs = fc.oneof(
  fc.constantFrom(1, 1000, 4095, 4096, 8192, 60_000, 86_400_000),
  fc.integer({ min: 1, max: 100_000 }),
);
const quota = fc.integer({ min: 1, max: 40 });
/** Steps of time as parts of the window, most of them small, some at its very edge. */
const steps = fc.array(
  fc.record({
    part: fc.oneof(
      fc.double({ min: 0, max: 0.1, noNaN: true }),
      fc.constantFrom(0, 0, 1, 0.5),
      // Within a grain of each other, and of the end of a window.
      fc.double({ min: 0, max: 0.0003, noNaN: true }),
      fc.double({ min: 0.9996, max: 1.0003, noNaN: true }),
      fc.double({ min: 0, max: 1.2, noNaN: true }),
    ),
    cost: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 10 })),
  }),
  { maxLength: 120, size: 'max' },
);

describe('a rate window', () => {
  it('never lets more than the quota through in any window, and refuses only what would break it', () => {
    fc.assert(
      fc.property(windowMs, quota, steps, (length, most, requests) => {
        const window = new RateWindow(length);
        const model = new ExactModel();
        const grainMs = Math.floor(length / RESOLUTION);
        let now = T0;
        for (const { part, cost } of requests) {
          now += Math.round(part * length);
          if (ask(window, most, cost, now)) {
            model.use(cost, now);
          } else {
            // Truly over: at the latest a grain ago it would have been one unit too many.
            expect(model.used(now - length - grainMs, now) + cost).toBeGreaterThan(most);
          }
          expect(window.used(now)).toBeGreaterThanOrEqual(model.used(now - length, now));
          expect(window.used(now)).toBeLessThanOrEqual(model.used(now - length - grainMs, now));
        }
        expect(model.worst(length)).toBeLessThanOrEqual(most);
      }),
      { numRuns: 400 },
    );
  });

  it('is exact to the ms in windows of up to 4 s', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8191 }), quota, steps, (length, most, requests) => {
        const window = new RateWindow(length);
        const model = new ExactModel();
        let now = T0;
        for (const { part, cost } of requests) {
          now += Math.round(part * length);
          const wanted = model.used(now - length, now) + cost <= most;
          expect(ask(window, most, cost, now)).toBe(wanted);
          if (wanted) model.use(cost, now);
        }
      }),
    );
  });

  it('says when the missing units are free: then they are, and a ms earlier they are not', () => {
    fc.assert(
      fc.property(windowMs, quota, steps, (length, most, requests) => {
        const window = new RateWindow(length);
        let now = T0;
        for (const { part, cost } of requests) {
          now += Math.round(part * length);
          const units = Math.min(cost, most);
          if (ask(window, most, units, now)) continue;
          const wait = window.freeAfter(units, most, now);
          expect(wait).toBeGreaterThan(0);
          expect(wait).toBeLessThanOrEqual(length);
          expect(window.used(now + wait - 1) + units).toBeGreaterThan(most);
          expect(window.used(now + wait) + units).toBeLessThanOrEqual(most);
          now += wait;
        }
        const empty = window.emptyAfter(now);
        if (empty > 0) expect(window.used(now + empty - 1)).toBeGreaterThan(0);
        expect(window.used(now + empty)).toBe(0);
        expect(window.emptyAfter(now + empty)).toBe(0);
      }),
    );
  });

  it('never lets more through in real time when the clock is set back', () => {
    fc.assert(
      fc.property(windowMs, quota, steps, fc.array(fc.nat(120)), (length, most, requests, setBackAt) => {
        const window = new RateWindow(length);
        const model = new ExactModel();
        let real = T0;
        let behind = 0;
        for (const [i, { part, cost }] of requests.entries()) {
          real += Math.round(part * length);
          if (setBackAt.includes(i)) behind += Math.ceil(length * 0.7) + 1;
          if (ask(window, most, cost, real - behind)) model.use(cost, real);
        }
        expect(model.worst(length)).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('says truly when it is empty and when units are free, also after the clock was set back', () => {
    const window = new RateWindow(1000);
    window.use(1, T0);
    window.use(1, T0 - 400);
    expect(window.emptyAfter(T0 - 400)).toBe(1_400);
    expect(window.freeAfter(1, 2, T0 - 400)).toBe(1_400);
    window.use(1, T0 + 100);
    expect(window.freeAfter(1, 3, T0 + 100)).toBe(900);
    expect(window.emptyAfter(T0 + 100)).toBe(1_000);
  });

  it('gives a unit back exactly one window after it was used', () => {
    const window = new RateWindow(1000);
    window.use(3, T0);
    expect(window.used(T0 + 999)).toBe(3);
    expect(window.used(T0 + 1000)).toBe(0);
  });
});

describe('a rate window that is given back to', () => {
  it('never lets more than the quota stand in any window, and loses nothing', () => {
    const picks = fc.array(fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { nil: undefined }), {
      minLength: 120,
      maxLength: 120,
    });
    fc.assert(
      fc.property(windowMs, quota, steps, picks, (length, most, requests, givesBack) => {
        const window = new RateWindow(length);
        const grainMs = Math.floor(length / RESOLUTION);
        const standing: { at: number; cost: number }[] = [];
        const used = (from: number) =>
          standing.reduce((sum, { at, cost }) => (at > from ? sum + cost : sum), 0);
        let now = T0;
        for (const [i, { part, cost }] of requests.entries()) {
          now += Math.round(part * length);
          const pick = givesBack[i];
          if (pick !== undefined && standing.length > 0) {
            const [given] = standing.splice(Math.floor(pick * standing.length), 1);
            if (given !== undefined) window.giveBack(given.cost, given.at);
          }
          if (ask(window, most, cost, now)) standing.push({ at: now, cost });
          expect(window.used(now)).toBeGreaterThanOrEqual(used(now - length));
          expect(window.used(now)).toBeLessThanOrEqual(used(now - length - grainMs));
          expect(window.nextAfter(now)).toBeLessThanOrEqual(window.emptyAfter(now));
          expect(used(now - length)).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  it('never refuses a client that keeps to 99 % of the quota, in weights and evenly spread', () => {
    fc.assert(
      fc.property(
        windowMs,
        fc.integer({ min: 100, max: 5000 }),
        fc.integer({ min: 1, max: 7 }),
        (length, most, weight) => {
          const window = new RateWindow(length);
          const perWindow = Math.floor((most * 0.99) / weight);
          // A unit may come back 1/4096 of the window late, which is within the one percent that is not asked for.
          for (let i = 0; i < perWindow * 3; i++) {
            expect(ask(window, most, weight, T0 + Math.ceil((i * length) / perWindow))).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
