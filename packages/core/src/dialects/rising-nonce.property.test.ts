import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasMovableDigits, isRisingNonce } from './rising-nonce.ts';

const MS = { min: 1_700_000_000_000, max: 1_999_999_999_999 };

/** Nonces as clients make them: counters, and times in all units. */
const nonce = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  fc.integer({ min: 0, max: 99_999 }).map(String),
  fc.tuple(fc.integer(MS), fc.constantFrom(0, 3, 4, 5, 6), fc.nat(999_999)).map(([ms, digits, counter]) => {
    const end = String(counter).slice(0, digits);
    return digits === 0 ? String(ms) : `${ms}${end.padStart(digits, '0')}`;
  }),
);
/** What may stand before them: words, and now and then something that looks like the beginning of a time. */
const digits = fc.oneof(
  fc.stringMatching(/^\d{0,9}$/),
  fc.constantFrom('17', '18', '19', '179', '1800', '0'),
);
const before = fc
  .tuple(fc.constantFrom('/a', 'size=', 'price=1.', ''), fc.oneof(fc.constant(''), digits, nonce))
  .map(([word, end]) => word + end);

/** All ways to part a text into parameters and a nonce, of which the service sees only one. */
function waysToPart(text: string, mayBeAbsent: boolean): [before: string, nonce: string][] {
  const ways: [string, string][] = mayBeAbsent ? [[text, '']] : [];
  for (let at = 0; at < text.length; at++) {
    if (isRisingNonce(text.slice(at))) ways.push([text.slice(0, at), text.slice(at)]);
  }
  return ways;
}

describe.each([true, false])('digits before a nonce that may be absent: %s', (mayBeAbsent) => {
  it('are taken in one way at most, however they are parted', () => {
    fc.assert(
      fc.property(before, nonce, (text, number) => {
        const taken = waysToPart(text + number, mayBeAbsent).filter(
          ([left, right]) => !hasMovableDigits(left, right, mayBeAbsent),
        );
        expect(taken.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never stand in the way of a time behind a letter', () => {
    fc.assert(
      fc.property(fc.integer(MS), fc.constantFrom('', '000', '0000', '00000', '000000'), (ms, counter) => {
        expect(hasMovableDigits('side=buy', `${ms}${counter}`, mayBeAbsent)).toBe(false);
      }),
    );
  });
});

describe('a nonce that rises', () => {
  it('is a number of 64 bits in its only spelling', () => {
    fc.assert(
      fc.property(fc.oneof(nonce, fc.string(), fc.bigInt().map(String)), (text) => {
        const isNumber = /^\d+$/.test(text) && String(BigInt(text)) === text && BigInt(text) < 2n ** 64n;
        expect(isRisingNonce(text)).toBe(isNumber);
      }),
    );
  });

  it('ends at 64 bits', () => {
    expect(isRisingNonce('18446744073709551615')).toBe(true);
    expect(isRisingNonce('18446744073709551616')).toBe(false);
  });
});

/* The same bytes, parted in two ways or more: a price without a nonce is another price and a small nonce. */
it.each([
  ['price=50000.75', '', false],
  ['price=50000.', '75', true],
  ['size=1', '', false],
  ['size=', '1', true],
  ['side=buy', '42', true],
  ['side=buy42', '', false],
  ['size=1', '179550000000000000', false],
  ['size=19', '17955000000000000', true],
  ['id=1795500000000', '', true],
] as const)('%s and the nonce "%s", that may be absent', (text, number, isMovable) => {
  expect(hasMovableDigits(text, number, true)).toBe(isMovable);
});
