import { describe, expect, it } from 'vitest';
import { FailureBudget } from './failure-budget.ts';

const T0 = 1_800_000_000_000;
const A = '192.0.2.1';

/** One failure is forgiven each 20 s; waits of 20 s, 40 s, … up to an hour. */
const three = (maxNames?: number) => new FailureBudget({ failures: 3, windowSeconds: 60 }, maxNames);

function failTimes(budget: FailureBudget, times: number, nowMs: number, name = A): void {
  for (let i = 0; i < times; i++) budget.fail(name, nowMs);
}

describe('a failure budget of 3 in 60 s', () => {
  it('lets the third failure happen, and no fourth, to the ms', () => {
    const budget = three();
    failTimes(budget, 2, T0);
    expect(budget.wait(A, T0)).toBe(0);
    budget.fail(A, T0);
    expect(budget.wait(A, T0)).toBe(20_000);
    expect(budget.wait(A, T0 + 19_999)).toBe(1);
    expect(budget.wait(A, T0 + 20_000)).toBe(0);
  });

  it('doubles the wait with each failure after it, up to an hour', () => {
    const budget = three();
    failTimes(budget, 3, T0);
    let nowMs = T0;
    const waits = [];
    for (let i = 0; i < 11; i++) {
      const waitMs = budget.wait(A, nowMs);
      waits.push(waitMs / 1000);
      nowMs += waitMs;
      budget.fail(A, nowMs);
    }
    expect(waits).toEqual([20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600, 3_600]);
  });

  it('forgives one failure each 20 s of quiet, and none during a wait', () => {
    const budget = three();
    failTimes(budget, 3, T0);
    budget.fail(A, T0 + 20_000);
    expect(budget.wait(A, T0 + 20_000)).toBe(40_000);
    // Four are owed when the wait is over; one is forgiven, and the next one is the fourth again.
    budget.fail(A, T0 + 80_000);
    expect(budget.wait(A, T0 + 80_000)).toBe(40_000);
    // Two are forgiven: the next one is the third.
    budget.fail(A, T0 + 160_000);
    expect(budget.wait(A, T0 + 160_000)).toBe(20_000);
  });

  it('forgives from the longest wait on within the time of all failures that it counts', () => {
    const budget = three();
    let nowMs = T0;
    for (let i = 0; i < 50; i++) {
      nowMs += budget.wait(A, nowMs);
      budget.fail(A, nowMs);
    }
    nowMs += 3_600_000 + 11 * 20_000;
    budget.sweep(nowMs - 1);
    expect(budget.isQuiet).toBe(false);
    budget.sweep(nowMs);
    expect(budget.isQuiet).toBe(true);
  });

  it('does not lengthen the wait for failures that were under way when it began', () => {
    const budget = three();
    failTimes(budget, 100, T0);
    expect(budget.wait(A, T0)).toBe(20_000);
    budget.fail(A, T0 + 19_999);
    expect(budget.wait(A, T0 + 19_999)).toBe(1);
  });

  it('takes what is not forgiven yet for a whole failure', () => {
    const budget = three();
    failTimes(budget, 2, T0);
    budget.fail(A, T0 + 19_999);
    expect(budget.wait(A, T0 + 19_999)).toBe(20_000);
    failTimes(budget, 2, T0, 'slower');
    budget.fail('slower', T0 + 20_000);
    expect(budget.wait('slower', T0 + 20_000)).toBe(0);
  });

  it('counts each name by itself, and never refuses who keeps within it', () => {
    const budget = three();
    failTimes(budget, 3, T0);
    expect(budget.wait('192.0.2.2', T0)).toBe(0);
    for (let i = 0; i < 500; i++) {
      budget.fail('slow', T0 + i * 20_000);
      expect(budget.wait('slow', T0 + i * 20_000)).toBe(0);
    }
  });

  it('makes nobody wait longer after a clock that was ahead than they would have', () => {
    const budget = three();
    failTimes(budget, 3, T0 + 86_400_000);
    failTimes(budget, 2, T0 + 86_400_000, 'within');
    expect(budget.wait(A, T0)).toBe(3_600_000);
    expect(budget.wait(A, T0 + 3_600_000)).toBe(0);
    budget.fail('within', T0);
    expect(budget.wait('within', T0)).toBe(0);
  });

  it('takes other waits', () => {
    const given = { failures: 1, windowSeconds: 3_600, firstWaitSeconds: 1, maxWaitSeconds: 3 };
    const budget = new FailureBudget(given);
    let nowMs = T0;
    const waits = [];
    for (let i = 0; i < 4; i++) {
      budget.fail(A, nowMs);
      waits.push(budget.wait(A, nowMs));
      nowMs += budget.wait(A, nowMs);
    }
    expect(waits).toEqual([1_000, 2_000, 3_000, 3_000]);
  });

  it('forgets first who need not wait, so that many addresses do not free one that waits', () => {
    const budget = three(100);
    failTimes(budget, 3, T0, 'waits');
    for (let i = 0; i < 1_000; i++) budget.fail(`source ${i}`, T0);
    expect(budget.size).toBe(100);
    expect(budget.wait('waits', T0)).toBe(20_000);
    for (let i = 0; i < 99; i++) failTimes(budget, 3, T0, `guesses ${i}`);
    expect(budget.wait('waits', T0)).toBe(20_000);
    failTimes(budget, 3, T0, 'one too many');
    expect([budget.size, budget.wait('waits', T0)]).toEqual([100, 0]);
  });

  it('counts at most 100,000 names', () => {
    const budget = three();
    for (let i = 0; i < 100_100; i++) budget.fail(`source ${i}`, T0);
    expect(budget.size).toBe(100_000);
  });
});

describe('what is saved of a failure budget', () => {
  it('is each count that changed, once, and has the same waits when it is restored', () => {
    const budget = three();
    failTimes(budget, 3, T0, 'a');
    failTimes(budget, 2, T0, 'b');
    const rows = [...budget.takeChanged(1), ...budget.takeChanged(10)];
    expect(rows.map(({ name }) => name)).toEqual(['a', 'b']);
    expect([budget.hasChanged, budget.takeChanged(10)]).toEqual([false, []]);
    const other = three();
    for (const { name, state } of rows) other.restore(name, state ?? '', T0 + 1_000);
    expect(other.wait('a', T0 + 1_000)).toBe(19_000);
    other.fail('b', T0 + 1_000);
    expect(other.wait('b', T0 + 1_000)).toBe(20_000);
    other.fail('a', T0 + 20_000);
    expect(other.wait('a', T0 + 20_000)).toBe(40_000);
  });

  it('is the end of a count, too', () => {
    const budget = three();
    budget.fail('a', T0);
    budget.takeChanged(10);
    budget.sweep(T0 + 20_000);
    expect(budget.takeChanged(10)).toEqual([{ name: 'a', state: null }]);
    budget.restore('old', `${T0} ${T0}`, T0);
    budget.restore('broken', 'nonsense', T0);
    expect(budget.isQuiet).toBe(true);
    expect(budget.takeChanged(10).map(({ state }) => state)).toEqual([null, null]);
  });

  it('is given back when it could not be saved', () => {
    const budget = three();
    budget.fail('a', T0);
    const [row] = budget.takeChanged(10);
    budget.giveBack(['a']);
    expect(budget.takeChanged(10)).toEqual([row]);
  });

  it('stays bounded under a flood that is faster than it is saved', () => {
    const budget = three(100);
    for (let i = 0; i < 10_000; i++) budget.fail(`source ${i}`, T0);
    expect(budget.takeChanged(10_000).length).toBeLessThanOrEqual(300);
  });
});
