import { parseNetwork } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { peerAddress } from './peer-address.ts';

const TRUSTED = ['10.0.0.0/8', '2001:db8:ffff::/48'].map((text) => parseNetwork(text) as never);
const PROXY = '10.0.0.1';
const through = (forwarded: string | readonly string[] | undefined, socket = PROXY) =>
  peerAddress(socket, forwarded, TRUSTED);

describe('the peer behind trusted proxies', () => {
  it.each([
    ['one proxy', '203.0.113.7', '203.0.113.7'],
    ['two proxies', '203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['a proxy on IPv6', '203.0.113.7, 2001:db8:ffff::1', '203.0.113.7'],
    ['a mapped proxy', '203.0.113.7, ::ffff:10.0.0.2', '203.0.113.7'],
    ['what a client made up', '192.0.2.1, 203.0.113.7', '203.0.113.7'],
    ['a trusted address that a client made up', '10.0.0.9, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['junk that a client made up', 'bot.example.com, , ;;, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['a comma of a client', ',203.0.113.7', '203.0.113.7'],
    ['no blanks', '192.0.2.1,203.0.113.7,10.0.0.2', '203.0.113.7'],
    ['many blanks', '  192.0.2.1 ,\t203.0.113.7  ', '203.0.113.7'],
    ['only proxies', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['a port', '203.0.113.7:5678', '203.0.113.7'],
    ['ports of proxies', '203.0.113.7:5678, 10.0.0.2:80', '203.0.113.7'],
    ['IPv6', '2001:db8::7', '2001:db8::7'],
    ['IPv6 in brackets', '[2001:db8::7]', '2001:db8::7'],
    ['IPv6 with a port', '[2001:db8::7]:5678', '2001:db8::7'],
    ['a proxy in brackets', '203.0.113.7, [2001:db8:ffff::1]:80', '203.0.113.7'],
    ['a mapped address', '::ffff:203.0.113.7', '::ffff:203.0.113.7'],
  ])('is found with %s', (_, forwarded, peer) => {
    expect(through(forwarded)).toBe(peer);
  });

  it.each([
    ['a gap where a proxy ought to say who', '192.0.2.1, , 10.0.0.2'],
    ['a gap at the end', '192.0.2.1,'],
    ['only gaps', ', ,'],
    ['a host name', '192.0.2.1, bot.example.com'],
    ['"unknown"', '192.0.2.1, unknown, 10.0.0.2'],
    ['a hidden name', '192.0.2.1, _hidden'],
    ['an octal address', '192.0.2.1, 0313.0.113.7'],
    ['a short address', '192.0.2.1, 203.113'],
    ['an address in brackets that is none of IPv6', '192.0.2.1, [203.0.113.7]:80'],
    ['a port that is none', '192.0.2.1, 203.0.113.7:http'],
    ['a port without an address', '192.0.2.1, :80'],
    ['two ports', '192.0.2.1, 203.0.113.7:80:80'],
    ['brackets that stay open', '192.0.2.1, [2001:db8::7'],
    ['a zone', '192.0.2.1, fe80::1%eth0'],
    ['a network', '192.0.2.1, 203.0.113.0/24'],
    ['quotes', '192.0.2.1, "203.0.113.7"'],
  ])('is unknown with %s, and not what stands left of it', (_, forwarded) => {
    expect(through(forwarded)).toBeUndefined();
  });

  it('is the proxy itself when that forwards nobody', () => {
    for (const nothing of [undefined, '', '  ', []]) expect(through(nothing)).toBe(PROXY);
  });

  it('is read from several headers in their order', () => {
    expect(through(['192.0.2.1, 203.0.113.7', '10.0.0.2'])).toBe('203.0.113.7');
    expect(through(['192.0.2.1', '203.0.113.7'])).toBe('203.0.113.7');
  });

  it('is whoever is connected, unless that is trusted', () => {
    expect(through('192.0.2.1', '203.0.113.9')).toBe('203.0.113.9');
    expect(through('192.0.2.1', '::ffff:10.0.0.1')).toBe('192.0.2.1');
    expect(peerAddress('10.0.0.1', '192.0.2.1', [])).toBe('10.0.0.1');
    expect(peerAddress(undefined, '192.0.2.1', TRUSTED)).toBeUndefined();
  });

  it('takes its time once, however long the header is', () => {
    expect(through(`${'1'.repeat(60_000)}`)).toBeUndefined();
    expect(through(`${'[['.repeat(30_000)}`)).toBeUndefined();
    expect(through(`${'10.0.0.1,'.repeat(6_000)}10.0.0.2`)).toBe('10.0.0.1');
  });
});
