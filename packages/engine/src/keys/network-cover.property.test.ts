import { contains, type Network, parseNetwork } from '@countersign/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCovered } from './network-cover.ts';

const network = (text: string) => parseNetwork(text) as Network;
const networks = (...texts: string[]) => texts.map(network);

/** Blocks within 192.0.2.0/24, so that every address of it can be tried. */
const block = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 }))
  .map(([last, prefix]): Network => {
    const mask = (0xff << (32 - prefix)) & 0xff;
    return { bytes: [192, 0, 2, last & mask], prefix };
  });
const ADDRESSES = Array.from({ length: 256 }, (_, last) => [192, 0, 2, last]);

describe('whether a network is covered by others', () => {
  it('is what trying every address says', () => {
    fc.assert(
      fc.property(block, fc.array(block, { maxLength: 12 }), (wanted, by) => {
        const isWholly = ADDRESSES.filter((address) => contains(wanted, address)).every((address) =>
          by.some((other) => contains(other, address)),
        );
        expect(isCovered(wanted, by)).toBe(isWholly);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['10.0.0.0/8', ['10.0.0.0/9', '10.128.0.0/9'], true],
    ['10.0.0.0/8', ['10.0.0.0/9', '10.128.0.0/10'], false],
    ['10.0.0.0/8', ['10.0.0.0/9', '10.0.0.0/9'], false],
    ['0.0.0.0/0', ['0.0.0.0/1', '128.0.0.0/1'], true],
    ['2001:db8::/48', ['2001:db8::/49', '2001:db8:0:8000::/49'], true],
    ['2001:db8::1', ['2001:db8::/64'], true],
    ['2001:db8::1', ['2001:db8::2'], false],
    ['10.0.0.1', ['::/0'], false],
    ['::ffff:10.0.0.1', ['10.0.0.0/8'], true],
    ['10.0.0.1', [], false],
  ])('%s by %j: %s', (wanted, by, covered) => {
    expect(isCovered(network(wanted), networks(...by))).toBe(covered);
  });
});
