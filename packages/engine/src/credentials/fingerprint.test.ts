import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint, fingerprintText, parseFingerprint } from './fingerprint.ts';

const SEED = 0x12345678;
const texts = (count: number) =>
  Array.from({ length: count }, (_, i) => createHash('sha256').update(`${i}`).digest('base64'));

/** Chi-squared of counts against an even spread, as standard deviations from what is expected. */
function deviation(counts: readonly number[]): number {
  const mean = counts.reduce((sum, n) => sum + n, 0) / counts.length;
  const chiSquared = counts.reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0);
  const freedom = counts.length - 1;
  return (chiSquared - freedom) / Math.sqrt(2 * freedom);
}

describe('a fingerprint', () => {
  it('is the same for the same text and seed, and written and read as 16 hex digits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(0xffffffff), (text, seed) => {
        const made = fingerprint(text, seed);
        expect(fingerprint(text, seed)).toEqual(made);
        expect(fingerprintText(made)).toMatch(/^[0-9a-f]{16}$/);
        expect(parseFingerprint(fingerprintText(made))).toEqual(made);
      }),
    );
  });

  it('has no two alike among 200,000 signatures, nor among 200,000 counted names', () => {
    for (const list of [texts(200_000), Array.from({ length: 200_000 }, (_, i) => `key-${i}`)]) {
      expect(new Set(list.map((text) => fingerprintText(fingerprint(text, SEED)))).size).toBe(list.length);
    }
  });

  it('spreads signatures and counted names evenly over both words, at either end', () => {
    for (const list of [texts(65_536), Array.from({ length: 65_536 }, (_, i) => `key-${i}`)]) {
      const prints = list.map((text) => fingerprint(text, SEED));
      for (const bucketOf of [
        (f: { high: number }) => f.high & 0xff,
        (f: { high: number }) => f.high >>> 24,
        (f: { low: number }) => f.low & 0xff,
        (f: { low: number }) => f.low >>> 24,
      ]) {
        const counts = new Array<number>(256).fill(0);
        for (const print of prints) counts[bucketOf(print)] = (counts[bucketOf(print)] as number) + 1;
        expect(deviation(counts)).toBeLessThan(6);
      }
    }
  });

  it('changes about half of its bits with one character, and with the seed', () => {
    let flipped = 0;
    const list = texts(2_000);
    const bits = (a: string, b: string) =>
      (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).replaceAll('0', '').length;
    for (const [i, text] of list.entries()) {
      const other =
        i % 2 === 0
          ? fingerprint(`${text.slice(0, -2)}${text.at(-2) === 'A' ? 'B' : 'A'}=`, SEED)
          : fingerprint(text, SEED + 1);
      flipped += bits(fingerprintText(fingerprint(text, SEED)), fingerprintText(other));
    }
    expect(flipped / list.length).toBeGreaterThan(30);
    expect(flipped / list.length).toBeLessThan(34);
  });
});
