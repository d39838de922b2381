import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText, contains, networkOf, networkText, parseAddress, parseNetwork } from './address.ts';

const bytes = (length: number) =>
  fc.array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: length, maxLength: length });
const address = fc.oneof(bytes(4), bytes(16));
/** Mapped addresses are IPv4, and are never held as 16 bytes. */
const isMapped = (given: readonly number[]) =>
  given.length === 16 && given.every((byte, i) => i > 11 || byte === (i > 9 ? 255 : 0));

describe('addresses as text', () => {
  it('are read as what they were', () => {
    fc.assert(
      fc.property(address, (given) => {
        fc.pre(!isMapped(given));
        expect(parseAddress(addressText(given))).toEqual(given);
      }),
    );
  });

  it('have one spelling', () => {
    const spellings = ['2001:DB8::0:1', '2001:db8:0:0:0:0:0:1', '2001:db8::1'];
    expect(new Set(spellings.map((text) => addressText(parseAddress(text) ?? [])))).toEqual(
      new Set(['2001:db8::1']),
    );
    expect(addressText(parseAddress('::ffff:192.0.2.7') ?? [])).toBe('192.0.2.7');
  });
});

describe('networks of an address', () => {
  it('hold it, and are networks whose text is read as what they were', () => {
    fc.assert(
      fc.property(address, fc.nat(128), (given, length) => {
        fc.pre(!isMapped(given));
        const prefix = Math.min(length, given.length * 8);
        const network = networkOf(given, prefix);
        expect(contains(network, given)).toBe(true);
        fc.pre(!isMapped(network.bytes));
        expect(parseNetwork(networkText(network))).toEqual(network);
      }),
    );
  });

  it('are written as an address where they are one', () => {
    expect(networkText(networkOf([203, 0, 113, 7], 32))).toBe('203.0.113.7');
    expect(networkText(networkOf([203, 0, 113, 7], 24))).toBe('203.0.113.0/24');
  });
});
