import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decimalOf, isDecimal, multiplyDecimals, unitsOf } from './decimal.ts';
import { isExactNumber } from './json-number.ts';

const digits = (max: number) =>
  fc.stringMatching(/^\d+$/, { maxLength: max }).filter((text) => text.length <= max);
const decimal = fc.oneof(
  digits(30),
  fc.tuple(digits(30), digits(30)).map(([whole, fraction]) => `${whole}.${fraction}`),
  fc.tuple(digits(3), digits(30)).map(([whole, fraction]) => `${whole}.${fraction}`),
  fc.constantFrom('0', '9'.repeat(30), `0.${'0'.repeat(29)}1`, `${'9'.repeat(30)}.${'9'.repeat(30)}`),
);

/** A decimal as a fraction: digits over a power of ten. */
function rational(text: string): [bigint, bigint] {
  const [whole = '', fraction = ''] = text.split('.');
  return [BigInt(whole + fraction), 10n ** BigInt(fraction.length)];
}

it('a decimal is the same in units, and as a text again', () => {
  fc.assert(
    fc.property(decimal, (text) => {
      expect(isDecimal(text)).toBe(true);
      const [numerator, denominator] = rational(text);
      const units = unitsOf(text);
      expect(units * denominator).toBe(numerator * 10n ** 30n);
      expect(unitsOf(decimalOf(units))).toBe(units);
      expect(decimalOf(units)).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/);
    }),
  );
});

it('a product is exact, or the next above at the 30th place, and never too large for a decimal', () => {
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      const [an, ad] = rational(a);
      const [bn, bd] = rational(b);
      const [n, d] = [an * bn * 10n ** 30n, ad * bd];
      const product = multiplyDecimals(a, b);
      expect(multiplyDecimals(b, a)).toBe(product);
      const ceiling = n / d + (n % d === 0n ? 0n : 1n);
      if (product === undefined) {
        expect(ceiling >= 10n ** 60n).toBe(true);
        return;
      }
      expect(isDecimal(product)).toBe(true);
      expect(unitsOf(product)).toBe(ceiling);
    }),
    { numRuns: 1_000 },
  );
});

/** What a number's text says, as a fraction. */
function said(text: string): [bigint, bigint] {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? expect.fail(text);
  const shift = Number(power) - fraction.length;
  const value = BigInt(sign + whole + fraction);
  return shift >= 0 ? [value * 10n ** BigInt(shift), 1n] : [value, 10n ** BigInt(-shift)];
}

it('a number of JSON is taken only when it says what we read', () => {
  const whole = fc.stringMatching(/^(0|[1-9]\d{0,20})$/);
  const number = fc
    .tuple(
      fc.constantFrom('', '-'),
      whole,
      fc.stringMatching(/^(\.\d{1,20})?$/),
      fc.stringMatching(/^([eE][+-]?[0-9]{1,2})?$/),
    )
    .map((parts) => parts.join(''));
  let taken = 0;
  let left = 0;
  fc.assert(
    fc.property(number, (text) => {
      const [n, d] = said(text);
      const [readN, readD] = said(String(JSON.parse(text)));
      const isSame = n * readD === readN * d && !(n === 0n && text.startsWith('-'));
      expect(isExactNumber(text)).toBe(isSame);
      if (isSame) taken++;
      else left++;
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(taken, left)).toBeGreaterThan(100);
});

it.each([
  '1'.repeat(65),
  `1${'0'.repeat(64)}`,
  '1e999999999999',
  '1e-999999999',
  '-0',
  '-0.0',
  '1e400',
  '',
  'NaN',
  '1.',
  '.5',
  '0x1',
])('is not taken: %s', (text) => expect(isExactNumber(text)).toBe(false));

it.each(['0', '0.0', '0e0', '1', '-1', '1e21', '1E-7', '100000000000000000000', '0.1', '999999999999999'])(
  'is taken: %s',
  (text) => expect(isExactNumber(text)).toBe(true),
);
