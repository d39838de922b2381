import { describe, expect, it } from 'vitest';
import { PaceTable } from './pace-table.ts';

const T0 = 1_800_000_000_000;
const pace = () => new PaceTable({ units: 3, windowSeconds: 60 }, 7);

describe('a pace of 3 in 60 s', () => {
  it('lets the third one happen, no fourth, and one more each 20 s', () => {
    const table = pace();
    expect([0, 1, 2, 3].map(() => table.take('a', T0))).toEqual([true, true, true, false]);
    expect(table.take('a', T0 + 19_999)).toBe(false);
    expect(table.take('a', T0 + 20_000)).toBe(true);
    expect(table.take('a', T0 + 20_000)).toBe(false);
  });

  it('is full again a whole window after the last one', () => {
    const table = pace();
    for (let i = 0; i < 3; i++) table.take('a', T0);
    expect([0, 1, 2, 3].map(() => table.take('a', T0 + 60_000))).toEqual([true, true, true, false]);
  });

  it('makes nobody wait for a clock that was ahead', () => {
    const table = pace();
    for (let i = 0; i < 3; i++) table.take('a', T0 + 3_600_000);
    expect(table.take('a', T0)).toBe(false);
    expect(table.take('a', T0 + 19_999)).toBe(false);
    expect(table.take('a', T0 + 20_000)).toBe(true);
  });

  it('lets 100,000 names have their first one, but for a few that share with two others', () => {
    const table = pace();
    let refused = 0;
    for (let i = 0; i < 100_000; i++) if (!table.take(`key ${i}`, T0)) refused++;
    expect(refused).toBeLessThan(20);
  });
});
