import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addExact, compareExact, multiplyExact, readDecimal, subtractExact } from './exact-decimal.ts';

const SCALE = 60n;

/** A decimal text, and what it is in units of 10^-60. */
const amount = fc
  .record({
    whole: fc.bigInt({ min: 0n, max: 10n ** 30n - 1n }),
    fraction: fc.stringMatching(/^[0-9]{0,30}$/),
    zeros: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ whole, fraction, zeros }) => {
    const digits = `${'0'.repeat(zeros)}${whole}`.slice(-30);
    const text = fraction === '' ? digits : `${digits}.${fraction}`;
    return { text, units: BigInt(digits + fraction) * 10n ** (SCALE - BigInt(fraction.length)) };
  });

const read = (text: string) => {
  const value = readDecimal(text);
  if (value === undefined) throw new Error(`${text} is no decimal`);
  return value;
};
const units = (value: ReturnType<typeof addExact>) =>
  value && value.units * 10n ** (SCALE - BigInt(value.scale));

describe('exact decimals', () => {
  it('add, subtract, multiply and compare as integers do', () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const [x, y] = [read(a.text), read(b.text)];
        expect(units(addExact(x, y))).toBe(a.units + b.units);
        expect(units(subtractExact(x, y))).toBe(a.units - b.units);
        expect(units(multiplyExact(x, y))).toBe((a.units * b.units) / 10n ** SCALE);
        expect(Math.sign(compareExact(x, y))).toBe(a.units < b.units ? -1 : a.units > b.units ? 1 : 0);
        expect(compareExact(addExact(x, y) as typeof x, addExact(y, x) as typeof x)).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });

  it('do not use up digits for zeros at the end', () => {
    expect(read('1000.500000000000000000000000000000')).toEqual({ units: 10005n, scale: 1 });
    expect(read('10.000')).toEqual({ units: 10n, scale: 0 });
  });

  it('have no value with more than 60 digits after the point, and the last one that fits', () => {
    const tiny = read(`0.${'0'.repeat(29)}1`);
    const square = multiplyExact(tiny, tiny);
    expect(square).toEqual({ units: 1n, scale: 60 });
    expect(multiplyExact(square as typeof tiny, read('0.1'))).toBeUndefined();
  });

  it('have no value with more than 120 digits, and the largest one that fits', () => {
    const largest = { units: 10n ** 120n - 1n, scale: 0 };
    const one = read('1');
    expect(addExact(largest, read('0'))).toEqual(largest);
    expect(addExact(largest, one)).toBeUndefined();
    const lowest = { units: 1n - 10n ** 120n, scale: 0 };
    expect(subtractExact(lowest, one)).toBeUndefined();
    expect(subtractExact(lowest, read('0'))).toEqual(lowest);
  });

  it.each(['', '-1', '+1', '1e3', '1,000', 'NaN', '0x1', '.5', '5.', ' 1', '1'.repeat(31)])(
    'do not read %j',
    (text) => expect(readDecimal(text)).toBeUndefined(),
  );
});
