import { describe, expect, it } from 'vitest';
import { contains, type Network, parseAddress, parseNetwork, sourceOf } from './address.ts';

const network = (text: string): Network => {
  const parsed = parseNetwork(text);
  if (parsed === undefined) throw new Error(`${text} is no network`);
  return parsed;
};
const lies = (address: string, text: string) => contains(network(text), parseAddress(address) ?? []);
const v6 = (...groups: number[]) => groups.flatMap((group) => [group >> 8, group & 0xff]);

describe('parseAddress', () => {
  it.each([
    ['0.0.0.0', [0, 0, 0, 0]],
    ['192.0.2.1', [192, 0, 2, 1]],
    ['255.255.255.255', [255, 255, 255, 255]],
    ['::', v6(0, 0, 0, 0, 0, 0, 0, 0)],
    ['::1', v6(0, 0, 0, 0, 0, 0, 0, 1)],
    ['2001:db8::1', v6(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)],
    ['2001:DB8::A', v6(0x2001, 0xdb8, 0, 0, 0, 0, 0, 10)],
    ['1:2:3:4:5:6:7:8', v6(1, 2, 3, 4, 5, 6, 7, 8)],
    ['1:2:3:4:5:6:7::', v6(1, 2, 3, 4, 5, 6, 7, 0)],
    ['1:2:3:4:5:6:192.0.2.1', v6(1, 2, 3, 4, 5, 6, 0xc000, 0x201)],
  ])('reads %s', (text, bytes) => expect(parseAddress(text)).toEqual(bytes));

  it.each([
    '::ffff:192.0.2.1',
    '::FFFF:192.0.2.1',
    '::ffff:c000:201',
    '0:0:0:0:0:ffff:192.0.2.1',
    '0:0::ffff:c000:0201',
  ])('reads %s, which is mapped, as IPv4', (text) => expect(parseAddress(text)).toEqual([192, 0, 2, 1]));

  it.each([
    ['::192.0.2.1', 'IPv4-compatible'],
    ['::ffff:0:192.0.2.1', 'IPv4-translated'],
    ['64:ff9b::192.0.2.1', 'NAT64'],
    ['2002:c000:201::', '6to4'],
    ['::fffe:192.0.2.1', 'one bit off'],
  ])('does not take %s (%s) for a mapped one', (text) => expect(parseAddress(text)).toHaveLength(16));

  it.each([
    '010.0.0.1',
    '192.0.2.01',
    '0x7f.0.0.1',
    '127.1',
    '2130706433',
    '0177.0.0.1',
    '192.0.2.256',
    '192.0.2',
    '192.0.2.1.5',
    '192.0.2.1.',
    '192.0.2.-1',
    '192.0.2.1 ',
    ' 192.0.2.1',
    '192.0.2.1\n',
    '192.0.2.1:80',
    '192.0.2.1/32',
    '١٩٢.0.2.1',
    '',
    '.',
    'localhost',
  ])('is no IPv4 address: %j', (text) => expect(parseAddress(text)).toBeUndefined());

  it.each([
    'fe80::1%eth0',
    '::ffff:192.0.2.1%1',
    '[::1]',
    '[::1]:80',
    ':',
    ':::',
    '1::2::3',
    ':1',
    '1:',
    '::00001',
    '::g',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:192.0.2.1',
    '::ffff:010.0.0.1',
    '::ffff:192.0.2.01',
    '::ffff:0x7f.0.0.1',
    '::ffff:192.0.2.256',
    '::ffff:192.0.2',
    '::192.0.2.1:1',
    '::1\n',
    ' ::1',
    `${'0'.repeat(45)}::1`,
  ])('is no IPv6 address: %j', (text) => expect(parseAddress(text)).toBeUndefined());

  it('reads the longest spelling of an address', () => {
    expect(parseAddress('0000:0000:0000:0000:0000:ffff:192.168.100.228')).toEqual([192, 168, 100, 228]);
  });
});

describe('parseNetwork', () => {
  it.each([
    ['192.0.2.1', 32],
    ['2001:db8::1', 128],
    ['192.0.2.0/24', 24],
    ['192.0.2.1/32', 32],
    ['0.0.0.0/0', 0],
    ['::/0', 0],
    ['2001:db8::/33', 33],
    ['2001:db8::1/128', 128],
  ])('reads %s', (text, prefix) => expect(parseNetwork(text)?.prefix).toBe(prefix));

  it('reads a mapped block with the prefix of its IPv6 form', () => {
    expect(parseNetwork('::ffff:192.0.2.0/120')).toEqual({ bytes: [192, 0, 2, 0], prefix: 24 });
    expect(parseNetwork('::ffff:192.0.2.1')).toEqual({ bytes: [192, 0, 2, 1], prefix: 32 });
    expect(parseNetwork('::ffff:0:0/96')).toEqual({ bytes: [0, 0, 0, 0], prefix: 0 });
  });

  it.each([
    '192.0.2.1/24',
    '192.0.2.128/24',
    '10.0.0.1/0',
    '2001:db8::1/64',
    '::1/0',
    '::ffff:192.0.2.1/120',
  ])('refuses bits beyond the prefix: %s', (text) => expect(parseNetwork(text)).toBeUndefined());

  it.each([
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2.0/',
    '192.0.2.0/024',
    '192.0.2.0/24.0',
    '192.0.2.0/1e1',
    '192.0.2.0/ 24',
    '192.0.2.0/24/24',
    '192.0.2.0/255.255.255.0',
    '2001:db8::/129',
    '2001:db8::/1000',
    '::ffff:192.0.2.0/95',
    '::ffff:192.0.2.0/24',
    '/24',
    '',
    '192.0.2/24',
    'fe80::%eth0/64',
  ])('is no network: %j', (text) => expect(parseNetwork(text)).toBeUndefined());
});

describe('contains', () => {
  it.each([
    ['192.0.2.0', '192.0.2.0/24', true],
    ['192.0.2.255', '192.0.2.0/24', true],
    ['192.0.1.255', '192.0.2.0/24', false],
    ['192.0.3.0', '192.0.2.0/24', false],
    ['192.0.2.127', '192.0.2.0/25', true],
    ['192.0.2.128', '192.0.2.0/25', false],
    ['192.0.2.7', '192.0.2.4/30', true],
    ['192.0.2.8', '192.0.2.4/30', false],
    ['192.0.2.3', '192.0.2.4/30', false],
    ['192.0.2.1', '192.0.2.1/32', true],
    ['192.0.2.0', '192.0.2.1/32', false],
    ['127.255.255.255', '0.0.0.0/1', true],
    ['128.0.0.0', '0.0.0.0/1', false],
    ['255.255.255.255', '0.0.0.0/0', true],
    ['2001:db8:0:1:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64', true],
    ['2001:db8:0:2::', '2001:db8:0:1::/64', false],
    ['2001:db8:7fff::', '2001:db8::/33', true],
    ['2001:db8:8000::', '2001:db8::/33', false],
    ['::1', '::1', true],
    ['::2', '::1', false],
    ['::ffff:192.0.2.7', '192.0.2.0/24', true],
    ['192.0.2.7', '::ffff:192.0.2.0/120', true],
    ['::ffff:192.0.3.7', '192.0.2.0/24', false],
  ])('%s in %s: %s', (address, text, expected) => expect(lies(address, text)).toBe(expected));

  it.each([
    ['192.0.2.1', '::/0'],
    ['::ffff:192.0.2.1', '::/0'],
    ['::', '0.0.0.0/0'],
    ['::192.0.2.1', '192.0.2.1'],
    ['::c000:201', '0.0.0.0/0'],
  ])('never across families: %s in %s', (address, text) => expect(lies(address, text)).toBe(false));
});

describe('sourceOf', () => {
  const source = (text: string) => sourceOf(parseAddress(text) ?? []);

  it('counts IPv4 addresses apart, mapped or not', () => {
    expect(source('192.0.2.1')).toBe('192.0.2.1');
    expect(source('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(source('192.0.2.2')).not.toBe(source('192.0.2.1'));
  });

  it('counts a /64 of IPv6 as one', () => {
    expect(source('2001:db8:0:1::1')).toBe(source('2001:db8:0:1:ffff:ffff:ffff:ffff'));
    expect(source('2001:db8:0:1::1')).not.toBe(source('2001:db8:0:2::1'));
  });

  it('never confuses the families', () => expect(source('::')).not.toBe(source('0.0.0.0')));
});
