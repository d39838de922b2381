import { type Constraints, OPERATOR_ACCOUNT } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import type { CredentialRecord } from '../ports/record.ts';
import { coolDownOfEdit, coolDownOfNewKey, isWidened, type Reach } from './widening.ts';

const REACH: Reach = {
  accountId: 'acct_1',
  permissions: ['read', 'trade'],
  allowedIps: ['192.0.2.0/24', '2001:db8::/48'],
  expiresAt: 1_000,
  rateLimits: [{ name: 'orders', quota: 10, windowSeconds: 60 }],
  constraints: {
    instruments: ['BTCUSDT', 'ETHUSDT'],
    sides: ['sell'],
    orderTypes: ['limit'],
    maxNotionalPerOrder: '1000',
    maxNotionalPerDay: '5000.50',
    maxNotionalPer30Days: '9000',
    withdrawalAddresses: ['bc1one', 'bc1two'],
    hours: { timeZone: 'Europe/Berlin', windows: [{ days: ['mon', 'tue'], from: '09:00', to: '17:30' }] },
    expression: 'facts.side == "sell"',
  },
};
const FREE: Reach = { ...REACH, allowedIps: null, expiresAt: null, rateLimits: [], constraints: {} };

const constrained = (more: Constraints): Partial<Reach> => ({
  constraints: { ...REACH.constraints, ...more },
});
const hours = (timeZone: string, ...windows: [string[], string, string][]): Partial<Reach> =>
  constrained({
    hours: {
      timeZone,
      windows: windows.map(([days, from, to]) => ({ days: days as ['mon'], from, to })),
    },
  });

describe('an edit widens a key that', () => {
  it.each<[string, Partial<Reach>]>([
    ['gets a permission', { permissions: ['read', 'withdraw'] }],
    ['gets a network', { allowedIps: ['192.0.2.0/24', '198.51.100.7'] }],
    ['gets a network that is one bit wider', { allowedIps: ['192.0.2.0/23'] }],
    ['loses its networks', { allowedIps: null }],
    ['expires a ms later', { expiresAt: 1_001 }],
    ['never expires any more', { expiresAt: null }],
    ['gets an instrument', constrained({ instruments: ['BTCUSDT', 'SOLUSDT'] })],
    ['gets an instrument in another case', constrained({ instruments: ['btcusdt'] })],
    ['loses its instruments', constrained({ instruments: undefined })],
    ['gets a side', constrained({ sides: ['sell', 'buy'] })],
    ['loses its sides', constrained({ sides: undefined })],
    ['gets an order type', constrained({ orderTypes: ['limit', 'market'] })],
    ['loses its order types', constrained({ orderTypes: undefined })],
    [
      'may order for a little more',
      constrained({ maxNotionalPerOrder: '1000.000000000000000000000000000001' }),
    ],
    ['may order for any amount', constrained({ maxNotionalPerOrder: undefined })],
    ['may spend more a day', constrained({ maxNotionalPerDay: '5000.51' })],
    ['may spend anything a day', constrained({ maxNotionalPerDay: undefined })],
    ['may spend more in 30 days', constrained({ maxNotionalPer30Days: '9001' })],
    ['may spend anything in 30 days', constrained({ maxNotionalPer30Days: undefined })],
    ['loses its list of withdrawal addresses', constrained({ withdrawalAddresses: undefined })],
    ['may be used a minute earlier', hours('Europe/Berlin', [['mon', 'tue'], '08:59', '17:30'])],
    ['may be used a minute longer', hours('Europe/Berlin', [['mon', 'tue'], '09:00', '17:31'])],
    ['may be used on another day', hours('Europe/Berlin', [['mon', 'wed'], '09:00', '17:30'])],
    ['has its hours in another zone', hours('Europe/London', [['mon', 'tue'], '09:00', '17:30'])],
    ['may be used at any hour', constrained({ hours: undefined })],
    ['has another expression', constrained({ expression: 'facts.side == "buy"' })],
    ['loses its expression', constrained({ expression: undefined })],
    ['may make more requests', { rateLimits: [{ name: 'orders', quota: 11, windowSeconds: 60 }] }],
    ['may make as many in less time', { rateLimits: [{ name: 'orders', quota: 10, windowSeconds: 59 }] }],
    ['is counted anew by another name', { rateLimits: [{ name: 'all', quota: 10, windowSeconds: 60 }] }],
    ['is counted anew in more time', { rateLimits: [{ name: 'orders', quota: 10, windowSeconds: 61 }] }],
    ['loses its rate limit', { rateLimits: [] }],
    ['loses everything but its permissions', { ...FREE }],
  ])('%s', (_, after) => {
    expect(isWidened(REACH, { ...REACH, ...after })).toBe(true);
  });
});

describe('an edit does not widen a key that', () => {
  it.each<[string, Partial<Reach>]>([
    ['stays as it is', {}],
    ['loses permissions', { permissions: ['read'] }],
    ['has its permissions in another order', { permissions: ['trade', 'read'] }],
    ['loses a network', { allowedIps: ['192.0.2.0/24'] }],
    ['gets a part of its networks', { allowedIps: ['192.0.2.128/25', '2001:db8:0:1::/64', '192.0.2.0/25'] }],
    ['expires earlier', { expiresAt: 999 }],
    ['trades less', constrained({ instruments: ['ETHUSDT'], maxNotionalPerOrder: '1000.0' })],
    ['spends less', constrained({ maxNotionalPerDay: '0', maxNotionalPer30Days: '8999.9' })],
    [
      'withdraws to another address, which cools down by itself',
      constrained({ withdrawalAddresses: ['bc1new'] }),
    ],
    [
      'is used for a shorter time',
      hours('Europe/Berlin', [['tue'], '09:00', '10:00'], [['tue'], '12:00', '17:30']),
    ],
    [
      'has its hours cut in two',
      hours('Europe/Berlin', [['mon', 'tue'], '09:00', '12:00'], [['tue', 'mon'], '12:00', '17:30']),
    ],
    ['has its zone in another case', hours('europe/berlin', [['mon', 'tue'], '09:00', '17:30'])],
    ['makes fewer requests', { rateLimits: [{ name: 'orders', quota: 9, windowSeconds: 60 }] }],
    [
      'gets one more rate limit',
      { rateLimits: [{ name: 'all', quota: 99, windowSeconds: 1 }, ...REACH.rateLimits] },
    ],
  ])('%s', (_, after) => {
    expect(isWidened(REACH, { ...REACH, ...after })).toBe(false);
  });

  it('was free, and is restricted in everything', () => {
    expect(isWidened(FREE, REACH)).toBe(false);
  });
});

describe('addresses to withdraw to', () => {
  const listed = (withdrawalAddresses: string[] | undefined, more: Partial<CredentialRecord> = {}) =>
    ({ ...REACH, constraints: { withdrawalAddresses }, widenedAt: 5, ...more }) as CredentialRecord;
  const edited = (before: CredentialRecord, after: string[] | undefined) =>
    coolDownOfEdit(before, listed(after), 100);
  const ETHEREUM = `0x${'aB'.repeat(20)}`;

  it('are all new on a new key', () => {
    expect(coolDownOfNewKey(listed(['a', 'b']), 7)).toEqual({ widenedAt: 7, addressesSince: { a: 7, b: 7 } });
    expect(coolDownOfNewKey(listed(undefined), 7)).toEqual({ widenedAt: 7, addressesSince: undefined });
  });

  it('that stay keep their time, and those that come begin', () => {
    const before = listed(['a', 'b', 'c'], { addressesSince: { a: 1, b: 2 } });
    expect(edited(before, ['b', 'c', 'd'])).toEqual({ widenedAt: 5, addressesSince: { b: 2, d: 100 } });
  });

  it('begin anew when they were away', () => {
    const before = listed(['a', 'b'], { addressesSince: { a: 1, b: 2 } });
    const without = { ...listed(['a']), ...edited(before, ['a']) };
    expect(edited(without, ['a', 'b']).addressesSince).toEqual({ a: 1, b: 100 });
  });

  it('stay when the case of an Ethereum address changes, and no other', () => {
    const before = listed([ETHEREUM, 'bc1qAB'], { addressesSince: { [ETHEREUM]: 1, bc1qAB: 2 } });
    const lower = ETHEREUM.toLowerCase();
    expect(edited(before, [lower, 'bc1qab']).addressesSince).toEqual({ [lower]: 1, bc1qab: 100 });
  });

  it('need not wait when any was allowed before', () => {
    expect(edited(listed(undefined), ['a'])).toEqual({ widenedAt: 5, addressesSince: undefined });
  });

  it('can be called like a member of every object', () => {
    const names = ['__proto__', 'constructor'];
    const { addressesSince } = coolDownOfNewKey(listed(names), 7);
    expect(Object.entries(addressesSince ?? {})).toEqual(names.map((name) => [name, 7]));
    const stored = JSON.parse(JSON.stringify(addressesSince));
    const after = edited(listed(names, { addressesSince: stored }), [...names, 'toString']);
    expect(Object.entries(after.addressesSince ?? {})).toEqual([
      ...names.map((name) => [name, 7]),
      ['toString', 100],
    ]);
  });

  it('and nothing else cool down on keys of operators', () => {
    const operator = listed(['a'], { accountId: OPERATOR_ACCOUNT });
    expect(coolDownOfNewKey(operator, 7)).toEqual({ widenedAt: null });
    expect(coolDownOfEdit({ ...operator, widenedAt: null }, operator, 100)).toEqual({ widenedAt: null });
  });
});
