import { describe, expect, it } from 'vitest';
import { aCredential, denialOf, NOW } from '../../test/given.ts';
import { type Network, parseAddress, parseNetwork } from '../address.ts';
import { checkNetwork } from './network.ts';
import { checkStanding } from './standing.ts';

describe('checkStanding', () => {
  it.each([
    ['revoked', 'credential_revoked'],
    ['quarantined', 'credential_quarantined'],
    ['disabled', 'credential_disabled'],
  ] as const)('refuses a credential that is %s with %s', (standing, code) => {
    expect(denialOf(checkStanding(aCredential({ standing }), NOW))).toMatchObject({ code, part: 'key' });
  });

  it('lets an active one pass that never expires', () => {
    expect(checkStanding(aCredential(), NOW)).toBeUndefined();
    expect(checkStanding(aCredential(), Number.MAX_SAFE_INTEGER)).toBeUndefined();
  });

  it.each([
    [-1, true],
    [0, false],
    [1, false],
  ])('%i ms from its expiry it may be used: %s', (after, isGood) => {
    const refusal = checkStanding(aCredential({ expiresAt: NOW }), NOW + after);
    if (isGood) expect(refusal).toBeUndefined();
    else expect(denialOf(refusal)).toMatchObject({ code: 'credential_expired', part: 'key' });
  });

  it.each(['revoked', 'quarantined', 'disabled'] as const)('says %s rather than expired', (standing) => {
    const refusal = checkStanding(aCredential({ standing, expiresAt: NOW - 1 }), NOW);
    expect(denialOf(refusal).code).toBe(`credential_${standing}`);
  });
});

describe('checkNetwork', () => {
  const from = (address: string, ...networks: string[]) =>
    checkNetwork(
      aCredential({ profile: { allowedNetworks: networks.map((text) => parseNetwork(text) as Network) } }),
      parseAddress(address),
    );

  it('lets any address pass, and an unknown one, where there is no list', () => {
    expect(checkNetwork(aCredential(), [192, 0, 2, 1])).toBeUndefined();
    expect(checkNetwork(aCredential(), undefined)).toBeUndefined();
  });

  it.each([
    ['192.0.2.7', ['192.0.2.0/24']],
    ['192.0.2.7', ['198.51.100.1', '2001:db8::/32', '192.0.2.7']],
    ['::ffff:192.0.2.7', ['192.0.2.7']],
    ['2001:db8::5', ['192.0.2.7', '2001:db8::/32']],
  ])('lets %s pass', (address, networks) => expect(from(address, ...networks)).toBeUndefined());

  it.each([
    ['192.0.3.7', ['192.0.2.0/24']],
    ['192.0.2.7', ['::/0']],
    ['::192.0.2.7', ['192.0.2.0/24']],
    ['2001:db9::5', ['2001:db8::/32']],
    ['192.0.2.7', []],
    ['not an address', ['0.0.0.0/0', '::/0']],
  ])('refuses %s with ip_not_allowed', (address, networks) => {
    expect(denialOf(from(address, ...networks)).code).toBe('ip_not_allowed');
  });

  it('does not say which addresses are allowed', () => {
    expect(denialOf(from('192.0.3.7', '192.0.2.0/24')).detail).not.toMatch(/\d/);
  });
});
