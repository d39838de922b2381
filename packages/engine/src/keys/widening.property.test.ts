import type { HoursWindow, RateLimit, Weekday } from '@countersign/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CredentialRecord } from '../ports/record.ts';
import { coolDownOfEdit, isWidened, type Reach } from './widening.ts';

const names = (least: number) =>
  fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: least, maxLength: 5 });
const amount = fc.tuple(fc.nat(1_000), fc.nat(99)).map(([whole, cents]) => `${whole}.${cents}`);
const network = fc
  .tuple(fc.nat(255), fc.integer({ min: 8, max: 24 }))
  .map(([byte, prefix]) => `${byte}.0.0.0/${prefix}`);
const rateLimit = fc.record({
  name: fc.constantFrom('x', 'y'),
  quota: fc.integer({ min: 1, max: 100 }),
  windowSeconds: fc.integer({ min: 1, max: 3_600 }),
});
const clock = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
const span = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom<Weekday>('mon', 'tue', 'sun'), { minLength: 1 }),
    fc.nat(1_439),
    fc.integer({ min: 1, max: 1_440 }),
  )
  .filter(([, from, to]) => from < to)
  .map(([days, from, to]): HoursWindow => ({ days, from: clock(from), to: clock(to) }));
const expression = fc.constantFrom('true', 'false');

const reach: fc.Arbitrary<Reach> = fc.record({
  accountId: fc.constant('acct_1'),
  permissions: names(0),
  allowedIps: fc.option(fc.array(network, { minLength: 1, maxLength: 4 })),
  expiresAt: fc.option(fc.nat(10_000)),
  rateLimits: fc.array(rateLimit, { maxLength: 3 }),
  constraints: fc.record(
    {
      instruments: names(1),
      sides: names(1),
      orderTypes: names(1),
      maxNotionalPerOrder: amount,
      maxNotionalPerDay: amount,
      maxNotionalPer30Days: amount,
      withdrawalAddresses: names(1),
      hours: fc.record({
        timeZone: fc.constant('UTC'),
        windows: fc.array(span, { minLength: 1, maxLength: 3 }),
      }),
      expression,
    },
    { requiredKeys: [] },
  ),
});

const some = (list: readonly string[], bits: number) => {
  const kept = list.filter((_, i) => (bits >> i) % 2 === 1);
  return kept.length === 0 ? list.slice(0, 1) : kept;
};
/** Half of an amount, rounded down. */
const lower = (text: string) => String(Math.floor(Number(text) / 2));
/** The lower half of a block. */
const half = (text: string) => text.replace(/\d+$/, (prefix) => String(Number(prefix) + 1));
const stricter = (limit: RateLimit): RateLimit => ({
  ...limit,
  quota: Math.ceil(limit.quota / 2),
});

/** An edit that only takes away: of everything that there is less or the same, and restrictions where there were none. */
function narrowed(before: Reach, other: Reach, bits: number): Reach {
  const isOn = (bit: number) => (bits >> bit) % 2 === 1;
  const { constraints: own } = before;
  const given = <T>(mine: T | undefined, theirs: T | undefined, bit: number, less: (value: T) => T) => {
    if (mine === undefined) return isOn(bit) ? theirs : undefined;
    return isOn(bit) ? less(mine) : mine;
  };
  const list = (name: 'instruments' | 'sides' | 'orderTypes', bit: number) =>
    given(own[name], other.constraints[name], bit, (value) => some(value, bits));
  const cap = (name: 'maxNotionalPerOrder' | 'maxNotionalPerDay' | 'maxNotionalPer30Days', bit: number) =>
    given(own[name], other.constraints[name], bit, lower);
  return {
    ...before,
    permissions: before.permissions.filter((_, i) => isOn(i)),
    allowedIps:
      given(before.allowedIps ?? undefined, other.allowedIps ?? undefined, 1, (ips) => ips.map(half)) ?? null,
    expiresAt: given(before.expiresAt ?? undefined, other.expiresAt ?? undefined, 2, (at) => at - 1) ?? null,
    rateLimits: [
      ...before.rateLimits.map((limit) => (isOn(3) ? stricter(limit) : limit)),
      ...other.rateLimits,
    ],
    constraints: {
      instruments: list('instruments', 4),
      sides: list('sides', 5),
      orderTypes: list('orderTypes', 6),
      maxNotionalPerOrder: cap('maxNotionalPerOrder', 7),
      maxNotionalPerDay: cap('maxNotionalPerDay', 8),
      maxNotionalPer30Days: cap('maxNotionalPer30Days', 9),
      withdrawalAddresses: given(
        own.withdrawalAddresses,
        other.constraints.withdrawalAddresses,
        10,
        (value) => some(value, bits),
      ),
      hours: given(own.hours, other.constraints.hours, 11, ({ timeZone, windows }) => ({
        timeZone,
        windows: windows.slice(0, 1),
      })),
      expression: own.expression ?? other.constraints.expression,
    },
  };
}

describe('an edit that only narrows', () => {
  it('starts no cool-down, neither of the key nor of an address', () => {
    fc.assert(
      fc.property(reach, reach, fc.nat(4_095), (before, other, bits) => {
        const after = narrowed(before, other, bits);
        const record = { ...before, widenedAt: 1, addressesSince: { a: 1 } } as unknown as CredentialRecord;
        const { widenedAt, addressesSince = {} } = coolDownOfEdit(record, after, 99);
        expect([widenedAt, ...Object.values(addressesSince)].filter((at) => at !== 1)).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('can be taken back only by one that widens, unless nothing was narrowed', () => {
    fc.assert(
      fc.property(reach, fc.nat(4_095), (before, bits) => {
        const after = { ...before, permissions: before.permissions.filter((_, i) => (bits >> i) % 2 === 1) };
        expect(isWidened(after, before)).toBe(after.permissions.length < before.permissions.length);
      }),
    );
  });
});
