import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureBudget } from './failure-budget.ts';

const T0 = 1_800_000_000_000;

const budgets = fc.record({
  failures: fc.integer({ min: 1, max: 20 }),
  windowSeconds: fc.integer({ min: 20, max: 36_000 }),
  firstWaitSeconds: fc.integer({ min: 1, max: 60 }),
  maxWaitSeconds: fc.constantFrom(60, 600, 3_600),
});
/** What an attacker does next: waits for a time, as long as it has to, or for all to be forgiven; and guesses. */
const moves = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 7_200_000 }) }),
    fc.record({ kind: fc.constant('until allowed' as const), ms: fc.integer({ min: 0, max: 2 }) }),
    fc.record({ kind: fc.constant('burst' as const), ms: fc.integer({ min: 1, max: 40 }) }),
  ),
  { maxLength: 60 },
);

type Schedule = typeof moves extends fc.Arbitrary<infer Moves> ? Moves : never;
type Options = ConstructorParameters<typeof FailureBudget>[0] & {
  firstWaitSeconds: number;
  maxWaitSeconds: number;
};

/** The times of the guesses that were let happen. Each is a failure. */
function admitted(options: Options, schedule: Schedule): number[] {
  let budget = new FailureBudget(options);
  const times: number[] = [];
  let nowMs = T0;
  const guess = () => {
    if (budget.wait('attacker', nowMs) > 0) return;
    times.push(nowMs);
    budget.fail('attacker', nowMs);
  };
  for (const [i, { kind, ms }] of schedule.entries()) {
    if (kind === 'pause') nowMs += ms;
    if (kind === 'until allowed') nowMs += budget.wait('attacker', nowMs) + ms;
    for (let n = 0; n < (kind === 'burst' ? ms : 1); n++) guess();
    if (i % 7 === 6) budget = restarted(options, budget, nowMs);
  }
  return times;
}

function restarted(options: Options, budget: FailureBudget, nowMs: number): FailureBudget {
  const next = new FailureBudget(options);
  budget.sweep(nowMs);
  budget.giveBack(['attacker']);
  for (const { name, state } of budget.takeChanged(10)) if (state !== null) next.restore(name, state, nowMs);
  return next;
}

describe('a failure budget', () => {
  it('never admits more guesses than its bound, in any time, for any schedule, over restarts', () => {
    fc.assert(
      fc.property(budgets, moves, (options, schedule) => {
        const { failures, windowSeconds, firstWaitSeconds, maxWaitSeconds } = options;
        const doublings = Math.max(0, Math.ceil(Math.log2(maxWaitSeconds / firstWaitSeconds)));
        const times = admitted(options, schedule);
        for (let from = 0; from < times.length; from++) {
          for (let to = from; to < times.length; to++) {
            const T = ((times[to] as number) - (times[from] as number)) / 1000;
            const bound = failures + doublings + 1 + T / (windowSeconds / failures) + T / maxWaitSeconds;
            expect(to - from + 1).toBeLessThanOrEqual(bound);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('lets the whole budget happen at once to whoever was quiet, and then makes them wait', () => {
    fc.assert(
      fc.property(budgets, fc.integer({ min: 1, max: 50 }), (options, more) => {
        const times = admitted(options, [{ kind: 'burst', ms: options.failures + more }]);
        expect(times).toHaveLength(options.failures);
      }),
    );
  });
});
