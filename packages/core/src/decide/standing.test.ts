import { describe, expect, it } from 'vitest';
import { aCredential, denialOf, NOW } from '../../test/given.ts';
import { type Network, parseAddress, parseNetwork } from '../address.ts';
import { checkNetwork } from './network.ts';
import { checkStanding, type StandingContext } from './standing.ts';

const DAY_MS = 86_400_000;
const CANCEL = { name: 'cancel', risk: 'low', policy: { outlivesExpiryMs: 7 * DAY_MS } } as const;
const TRADE = { name: 'trade', risk: 'high', policy: {} } as const;

function at(nowMs: number, more: Partial<StandingContext> = {}): StandingContext {
  return { nowMs, isFrozen: false, lastUsedAt: NOW, permission: undefined, ...more };
}

describe('checkStanding', () => {
  it.each([
    ['revoked', 'credential_revoked'],
    ['quarantined', 'credential_quarantined'],
    ['disabled', 'credential_disabled'],
  ] as const)('refuses a credential that is %s with %s', (standing, code) => {
    expect(denialOf(checkStanding(aCredential({ standing }), at(NOW)))).toMatchObject({ code, part: 'key' });
  });

  it('refuses a frozen account with account_frozen', () => {
    const refusal = checkStanding(aCredential(), at(NOW, { isFrozen: true }));
    expect(denialOf(refusal)).toMatchObject({ code: 'account_frozen', part: 'key' });
  });

  it('lets an active one pass that never expires', () => {
    expect(checkStanding(aCredential(), at(NOW))).toBeUndefined();
    expect(checkStanding(aCredential(), at(Number.MAX_SAFE_INTEGER))).toBeUndefined();
  });

  it.each([
    [-1, true],
    [0, false],
    [1, false],
  ])('%i ms from its expiry it may be used: %s', (after, isGood) => {
    for (const permission of [undefined, TRADE]) {
      const refusal = checkStanding(aCredential({ expiresAt: NOW }), at(NOW + after, { permission }));
      if (isGood) expect(refusal).toBeUndefined();
      else expect(denialOf(refusal)).toMatchObject({ code: 'credential_expired', part: 'key' });
    }
  });

  it.each([
    [0, true],
    [7 * DAY_MS - 1, true],
    [7 * DAY_MS, false],
  ])('%i ms after its expiry a permission that outlives it by 7 days may be used: %s', (after, isGood) => {
    const credential = aCredential({ expiresAt: NOW });
    const refusal = checkStanding(credential, at(NOW + after, { permission: CANCEL, lastUsedAt: 0 }));
    if (isGood) expect(refusal).toBeUndefined();
    else expect(denialOf(refusal).code).toBe('credential_expired');
  });

  it.each([
    [DAY_MS - 1, true],
    [DAY_MS, false],
  ])('%i ms after its last use it may be used, where a day without use ends it: %s', (after, isGood) => {
    for (const permission of [undefined, TRADE, CANCEL]) {
      const credential = aCredential({ profile: { idleExpiryMs: DAY_MS } });
      const refusal = checkStanding(credential, at(NOW + after, { permission }));
      if (isGood) expect(refusal).toBeUndefined();
      else expect(denialOf(refusal)).toMatchObject({ code: 'credential_expired', part: 'key' });
    }
  });

  it('lets nothing outlive a time without use, before or after the expiry was written down', () => {
    const credential = aCredential({ profile: { idleExpiryMs: DAY_MS }, expiresAt: NOW + DAY_MS });
    const refusal = checkStanding(credential, at(NOW + DAY_MS, { permission: CANCEL }));
    expect(denialOf(refusal).detail).toContain('not used');
  });

  it.each(['revoked', 'quarantined', 'disabled'] as const)(
    'says %s rather than expired, whatever outlives an expiry',
    (standing) => {
      for (const permission of [undefined, CANCEL]) {
        const refusal = checkStanding(aCredential({ standing, expiresAt: NOW - 1 }), at(NOW, { permission }));
        expect(denialOf(refusal).code).toBe(`credential_${standing}`);
      }
    },
  );

  it('lets nothing outlive a freeze', () => {
    const context = at(NOW, { isFrozen: true, permission: CANCEL });
    expect(denialOf(checkStanding(aCredential({ expiresAt: NOW - 1 }), context)).code).toBe('account_frozen');
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
