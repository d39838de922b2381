import { isIP, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressBytes, contains, parseAddress, parseNetwork } from './address.ts';

const numberOf = (bytes: AddressBytes) => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const maskOf = (prefix: number, width: number) => ((1n << BigInt(prefix)) - 1n) << BigInt(width - prefix);
const bytesOf = (value: bigint, width: number) =>
  Array.from({ length: width / 8 }, (_, i) => Number((value >> BigInt(width - 8 * (i + 1))) & 0xffn));

const width = fc.constantFrom(32, 128);

describe('contains', () => {
  it('agrees with arithmetic on integers', () => {
    const question = width.chain((bits) =>
      fc.record({
        bits: fc.constant(bits),
        base: fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }),
        prefix: fc.integer({ min: 0, max: bits }),
        // The bits in which the address differs: often few, so that both answers occur.
        flips: fc.array(fc.integer({ min: 0, max: bits - 1 }), { maxLength: 3 }),
      }),
    );
    const seen = { inside: 0, outside: 0 };
    fc.assert(
      fc.property(question, ({ bits, base, prefix, flips }) => {
        const mask = maskOf(prefix, bits);
        const network = { bytes: bytesOf(base & mask, bits), prefix };
        const address = flips.reduce((value, bit) => value ^ (1n << BigInt(bit)), base);
        const expected = (address & mask) === (base & mask);
        seen[expected ? 'inside' : 'outside']++;
        expect(contains(network, bytesOf(address, bits))).toBe(expected);
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.inside, seen.outside)).toBeGreaterThan(100);
  });
});

describe('parseAddress', () => {
  it('accepts what Node accepts, without zones', () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      'ff',
      'ffff',
      'FFFF',
      '00a',
      '10',
      '255',
      '256',
      '01',
      '0x1',
      ':',
      '::',
      '.',
      '%1',
      ' ',
    );
    const v4 = fc
      .array(fc.integer({ min: 0, max: 260 }), { minLength: 3, maxLength: 5 })
      .map((parts) => parts.join('.'));
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      v4,
      fc.array(piece, { maxLength: 16 }).map((parts) => parts.join('')),
      fc
        .tuple(fc.constantFrom('::', '::ffff:', '1::', '1:2:3:4:5:6:', '::ffff:0:'), fc.oneof(fc.ipV4(), v4))
        .map((p) => p.join('')),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        const expected = isIP(candidate) !== 0 && !candidate.includes('%');
        expect(parseAddress(candidate) !== undefined).toBe(expected);
      }),
      { numRuns: 5000 },
    );
  });

  it('reads an IPv4 address and its mapped form alike, and no other prefix', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 0xfffe }), (text, group) => {
        expect(isIPv4(text)).toBe(true);
        const bytes = text.split('.').map(Number);
        expect(parseAddress(text)).toEqual(bytes);
        expect(parseAddress(`::ffff:${text}`)).toEqual(bytes);
        expect(parseAddress(`::${group.toString(16)}:${text}`)).toHaveLength(16);
      }),
    );
  });

  it('agrees with the groups that were written', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
        const expected = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
        const bytes = parseAddress(groups.map((group) => group.toString(16)).join(':')) ?? [];
        const isMapped = expected >> 32n === 0xffffn;
        expect(numberOf(bytes)).toBe(isMapped ? expected & 0xffffffffn : expected);
      }),
    );
  });
});

describe('parseNetwork', () => {
  it('accepts a block exactly when no bit stands beyond the prefix', () => {
    const block = width.chain((bits) =>
      fc.tuple(fc.constant(bits), fc.integer({ min: 0, max: bits }), fc.integer({ min: 0, max: bits - 1 })),
    );
    fc.assert(
      fc.property(block, ([bits, prefix, bit]) => {
        const bytes = bytesOf(1n << BigInt(bits - 1 - bit), bits);
        const text =
          bits === 32
            ? bytes.join('.')
            : Array.from({ length: 8 }, (_, i) => numberOf(bytes.slice(i * 2, i * 2 + 2)).toString(16)).join(
                ':',
              );
        expect(parseNetwork(`${text}/${prefix}`) !== undefined).toBe(bit < prefix);
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseAddress(text);
        parseNetwork(text);
        parseNetwork(`::/${text}`);
      }),
    );
  });
});
