import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDecimals, isDecimal } from './decimal.ts';

describe('isDecimal', () => {
  it.each(['0', '1', '00', '0.0', '1.5', '007.10', '9'.repeat(30), `0.${'9'.repeat(30)}`])(
    'accepts %s',
    (text) => expect(isDecimal(text)).toBe(true),
  );

  it.each([
    '',
    '.',
    '.5',
    '5.',
    '-1',
    '+1',
    '1e3',
    '1E3',
    '0x10',
    '1,000',
    '1_000',
    '1.2.3',
    ' 1',
    '1 ',
    '1\n',
    'NaN',
    'Infinity',
    '1n',
    '١',
    '１',
    '1'.repeat(31),
    `0.${'1'.repeat(31)}`,
  ])('refuses %j', (text) => expect(isDecimal(text)).toBe(false));
});

describe('compareDecimals', () => {
  it.each([
    ['100', '100.000', 0],
    ['0', '00.0', 0],
    ['100.000000000000000000000000000001', '100', 1],
    ['99.999999999999999999999999999999', '100', -1],
    ['9007199254740993', '9007199254740992', 1],
    ['0.1', '0.10000000000000000001', -1],
    ['9', '10', -1],
  ])('%s against %s: %s', (a, b, expected) => {
    expect(compareDecimals(a, b)).toBe(expected);
    expect(compareDecimals(b, a)).toBe(expected === 0 ? 0 : -expected);
  });

  it('throws on what is no decimal: the caller has to ask first', () => {
    expect(() => compareDecimals('1e3', '1')).toThrow(TypeError);
    expect(() => compareDecimals('1', '')).toThrow(TypeError);
  });

  it('agrees with integers, whatever zeros stand around', () => {
    const amount = fc.record({
      units: fc.bigInt({ min: 0n, max: 10n ** 40n }),
      scale: fc.integer({ min: 0, max: 25 }),
      zerosBefore: fc.integer({ min: 0, max: 4 }),
      zerosAfter: fc.integer({ min: 0, max: 5 }),
    });
    const text = ({
      units,
      scale,
      zerosBefore,
      zerosAfter,
    }: {
      units: bigint;
      scale: number;
      zerosBefore: number;
      zerosAfter: number;
    }) => {
      const digits = units.toString().padStart(scale + 1, '0');
      const whole = '0'.repeat(zerosBefore) + digits.slice(0, digits.length - scale);
      const fraction = digits.slice(digits.length - scale) + '0'.repeat(zerosAfter);
      return fraction === '' ? whole : `${whole}.${fraction}`;
    };
    const scaled = ({ units, scale }: { units: bigint; scale: number }) => units * 10n ** BigInt(30 - scale);
    let compared = 0;
    fc.assert(
      fc.property(amount, amount, fc.boolean(), (left, other, isNear) => {
        const right = isNear ? { ...other, units: left.units + 1n, scale: left.scale } : other;
        const [a, b] = [text(left), text(right)];
        fc.pre(isDecimal(a) && isDecimal(b));
        compared++;
        const [x, y] = [scaled(left), scaled(right)];
        expect(Math.sign(compareDecimals(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0);
        expect(compareDecimals(a, a)).toBe(0);
      }),
    );
    expect(compared).toBeGreaterThan(50);
  });
});
