import { describe, expect, it } from 'vitest';
import { TokenBuckets } from './token-buckets.ts';

const T0 = 1_800_000_000_000;
const A = '192.0.2.1';

describe('a pace of 3 in 60 s', () => {
  const pace = () => new TokenBuckets({ units: 3, windowSeconds: 60 });

  it('lets the third one happen, and no fourth', () => {
    const buckets = pace();
    for (let i = 0; i < 3; i++) {
      expect(buckets.wait(A, T0)).toBe(0);
      buckets.take(A, T0);
    }
    expect(buckets.wait(A, T0)).toBe(20_000);
  });

  it('lets one more happen each 20 s, to the ms', () => {
    const buckets = pace();
    for (let i = 0; i < 3; i++) buckets.take(A, T0);
    expect(buckets.wait(A, T0 + 19_999)).toBe(1);
    expect(buckets.wait(A, T0 + 20_000)).toBe(0);
    buckets.take(A, T0 + 20_000);
    expect(buckets.wait(A, T0 + 20_000)).toBe(20_000);
    expect(buckets.wait(A, T0 + 39_999)).toBe(1);
  });

  it('is full again a whole window after the last one', () => {
    const buckets = pace();
    for (let i = 0; i < 3; i++) buckets.take(A, T0);
    expect(buckets.wait(A, T0 + 60_000)).toBe(0);
    for (let i = 0; i < 3; i++) {
      expect(buckets.wait(A, T0 + 60_000)).toBe(0);
      buckets.take(A, T0 + 60_000);
    }
    expect(buckets.wait(A, T0 + 60_000)).toBe(20_000);
  });

  it('never makes a name wait longer for what came at the same time', () => {
    const buckets = pace();
    for (let i = 0; i < 100; i++) buckets.take(A, T0);
    expect(buckets.wait(A, T0)).toBe(20_000);
  });

  it('makes nobody wait for a clock that was ahead', () => {
    const buckets = pace();
    for (let i = 0; i < 3; i++) buckets.take(A, T0 + 3_600_000);
    expect(buckets.wait(A, T0)).toBe(20_000);
    expect(buckets.wait(A, T0 + 19_999)).toBe(1);
    expect(buckets.wait(A, T0 + 20_000)).toBe(0);
  });

  it('counts each name by itself', () => {
    const buckets = pace();
    for (let i = 0; i < 3; i++) buckets.take(A, T0);
    expect(buckets.wait('192.0.2.2', T0)).toBe(0);
  });

  it('remembers at most 100,000 names, the last ones', () => {
    const buckets = pace();
    for (let i = 0; i < 3; i++) buckets.take('first', T0);
    for (let i = 0; i < 3; i++) buckets.take('second', T0);
    for (let i = 0; i < 99_998; i++) buckets.take(`source ${i}`, T0);
    buckets.take('first', T0);
    buckets.take('one more', T0);
    expect(buckets.wait('first', T0)).toBe(20_000);
    expect(buckets.wait('second', T0)).toBe(0);
  });

  it('never refuses who keeps to the pace', () => {
    const buckets = pace();
    for (let i = 0; i < 500; i++) {
      expect(buckets.wait(A, T0 + i * 20_000)).toBe(0);
      buckets.take(A, T0 + i * 20_000);
    }
  });
});
