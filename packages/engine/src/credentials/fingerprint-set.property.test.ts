import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FingerprintSet } from './fingerprint-set.ts';

const word = fc.oneof(fc.nat(3), fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff), fc.nat(0xffffffff));
/** A low word of 0 is kept as 1: a chance of 2^-32 that two fingerprints are one, and no more than that. */
const name = (high: number, low: number) => `${high}:${low === 0 ? 1 : low}`;

describe('a set of fingerprints', () => {
  it('is the set that a Set of texts would be', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, word, fc.boolean()), { maxLength: 400, size: 'max' }),
        (operations) => {
          const set = new FingerprintSet();
          const model = new Set<string>();
          for (const [high, low, isAdd] of operations) {
            const there = model.has(name(high, low));
            expect(set.has(high, low)).toBe(there);
            if (!isAdd) continue;
            expect(set.add(high, low)).toBe(!there);
            model.add(name(high, low));
            expect(set.size).toBe(model.size);
          }
          for (const [high, low] of operations) expect(set.has(high, low)).toBe(model.has(name(high, low)));
        },
      ),
    );
  });

  it('finds everything after it has grown, with all first choices of slot the same', () => {
    const set = new FingerprintSet(1);
    const before = set.bytes;
    for (let i = 1; i <= 2_000; i++) expect(set.add(0xffff0000, i)).toBe(true);
    expect(set.size).toBe(2_000);
    expect(set.bytes).toBeGreaterThan(before);
    for (let i = 1; i <= 2_000; i++) expect(set.has(0xffff0000, i)).toBe(true);
    expect(set.has(0xffff0000, 2_001)).toBe(false);
    expect(set.add(0xffff0000, 7)).toBe(false);
  });

  it('makes room for what is expected, and does not grow before', () => {
    const set = new FingerprintSet(1_000);
    const before = set.bytes;
    for (let i = 1; i <= 1_000; i++) set.add(i, i);
    expect(set.bytes).toBe(before);
    expect(before / 1_000).toBeLessThanOrEqual(24);
  });
});
