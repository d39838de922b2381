import { describe, expect, it } from 'vitest';
import { aCredential, type CredentialParts, denialOf, NOW } from '../../test/given.ts';
import { type Network, parseAddress, parseNetwork } from '../address.ts';
import type { Permission } from './manifest.ts';
import { checkNetwork } from './network.ts';
import { checkStanding, type StandingContext } from './standing.ts';

const cancel: Permission = { name: 'spot.cancel', risk: 'high', policy: { outlivesExpiryMs: 7_000 } };
const trade: Permission = { name: 'spot.trade', risk: 'high', policy: {} };

function standing(credential: CredentialParts, over: Partial<StandingContext> = {}) {
  const context = { nowMs: NOW, isFrozen: false, lastUsedAt: NOW, permission: undefined, ...over };
  return checkStanding(aCredential(credential), context);
}

describe('checkStanding', () => {
  it.each([
    ['revoked', 'credential_revoked'],
    ['quarantined', 'credential_quarantined'],
    ['disabled', 'credential_disabled'],
  ] as const)('refuses a credential that is %s with %s', (state, code) => {
    expect(denialOf(standing({ standing: state }))).toMatchObject({ code, part: 'key' });
  });

  it('lets an active one pass that never expires', () => {
    expect(standing({})).toBeUndefined();
    expect(standing({}, { nowMs: Number.MAX_SAFE_INTEGER })).toBeUndefined();
  });

  it.each([
    [-1, true],
    [0, false],
    [1, false],
  ])('%i ms from its expiry it may be used: %s', (after, isGood) => {
    for (const permission of [undefined, trade]) {
      const refusal = standing({ expiresAt: NOW }, { nowMs: NOW + after, permission });
      if (isGood) expect(refusal).toBeUndefined();
      else expect(denialOf(refusal)).toMatchObject({ code: 'credential_expired', part: 'key' });
    }
  });

  it.each([
    [0, true],
    [6_999, true],
    [7_000, false],
  ])('%i ms after the expiry, a permission that outlives it by 7 s may be used: %s', (after, isGood) => {
    const refusal = standing({ expiresAt: NOW }, { nowMs: NOW + after, permission: cancel });
    if (isGood) expect(refusal).toBeUndefined();
    else expect(denialOf(refusal).code).toBe('credential_expired');
  });

  it.each([
    [59_999, true],
    [60_000, false],
  ])('%i ms without use, where it expires after 60 s of that, it may be used: %s', (idleMs, isGood) => {
    const idle = { profile: { idleExpiryMs: 60_000 } };
    const refusal = standing(idle, { nowMs: NOW + idleMs, lastUsedAt: NOW });
    if (isGood) expect(refusal).toBeUndefined();
    else expect(denialOf(refusal)).toMatchObject({ code: 'credential_expired', part: 'key' });
    expect(standing({}, { nowMs: NOW + idleMs, lastUsedAt: 0 })).toBeUndefined();
  });

  it('lets no permission outlive idleness: its use would bring the others back', () => {
    const idle = { expiresAt: NOW, profile: { idleExpiryMs: 60_000 } };
    const at = (lastUsedAt: number) => standing(idle, { nowMs: NOW, lastUsedAt, permission: cancel });
    expect(at(NOW - 59_999)).toBeUndefined();
    expect(denialOf(at(NOW - 60_000)).code).toBe('credential_expired');
  });

  it('refuses with account_frozen, whatever the permission', () => {
    for (const permission of [undefined, trade, cancel]) {
      expect(denialOf(standing({}, { isFrozen: true, permission }))).toMatchObject({
        code: 'account_frozen',
        part: 'key',
      });
    }
  });

  it.each(['revoked', 'quarantined', 'disabled'] as const)(
    'says %s rather than frozen or expired',
    (state) => {
      const refusal = standing({ standing: state, expiresAt: NOW - 1 }, { isFrozen: true });
      expect(denialOf(refusal).code).toBe(`credential_${state}`);
    },
  );

  it('says frozen rather than expired', () => {
    expect(denialOf(standing({ expiresAt: NOW }, { isFrozen: true })).code).toBe('account_frozen');
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
