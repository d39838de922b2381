import { describe, expect, it } from 'vitest';
import { FailureBudget } from './failure-budget.ts';

const T0 = 1_800_000_000_000;
const A = '192.0.2.1';

describe('a failure budget of 3 in 60 s', () => {
  const budget = () => new FailureBudget({ failures: 3, windowSeconds: 60 });

  it('lets the third failure happen, and no fourth', () => {
    const failures = budget();
    for (let i = 0; i < 3; i++) {
      expect(failures.wait(A, T0)).toBe(0);
      failures.fail(A, T0);
    }
    expect(failures.wait(A, T0)).toBe(20_000);
  });

  it('lets one more happen each 20 s, to the ms', () => {
    const failures = budget();
    for (let i = 0; i < 3; i++) failures.fail(A, T0);
    expect(failures.wait(A, T0 + 19_999)).toBe(1);
    expect(failures.wait(A, T0 + 20_000)).toBe(0);
    failures.fail(A, T0 + 20_000);
    expect(failures.wait(A, T0 + 20_000)).toBe(20_000);
    expect(failures.wait(A, T0 + 39_999)).toBe(1);
  });

  it('is full again a whole window after the last failure, and quiet', () => {
    const failures = budget();
    expect(failures.isQuiet).toBe(true);
    for (let i = 0; i < 3; i++) failures.fail(A, T0);
    expect(failures.isQuiet).toBe(false);
    expect(failures.wait(A, T0 + 60_000)).toBe(0);
    expect(failures.isQuiet).toBe(true);
    for (let i = 0; i < 3; i++) {
      expect(failures.wait(A, T0 + 60_000)).toBe(0);
      failures.fail(A, T0 + 60_000);
    }
    expect(failures.wait(A, T0 + 60_000)).toBe(20_000);
  });

  it('never makes a source wait longer for failures that came at the same time', () => {
    const failures = budget();
    for (let i = 0; i < 100; i++) failures.fail(A, T0);
    expect(failures.wait(A, T0)).toBe(20_000);
  });

  it('counts each source by itself', () => {
    const failures = budget();
    for (let i = 0; i < 3; i++) failures.fail(A, T0);
    expect(failures.wait('192.0.2.2', T0)).toBe(0);
  });

  it('remembers at most 100,000 sources, those that failed last', () => {
    const failures = budget();
    for (let i = 0; i < 3; i++) failures.fail('first', T0);
    for (let i = 0; i < 3; i++) failures.fail('second', T0);
    for (let i = 0; i < 99_998; i++) failures.fail(`source ${i}`, T0);
    failures.fail('first', T0);
    failures.fail('one more', T0);
    expect(failures.wait('first', T0)).toBe(20_000);
    expect(failures.wait('second', T0)).toBe(0);
  });

  it('never refuses when the budget is not used up, whatever the pace', () => {
    const failures = budget();
    for (let i = 0; i < 500; i++) {
      expect(failures.wait(A, T0 + i * 20_000)).toBe(0);
      failures.fail(A, T0 + i * 20_000);
    }
  });
});
