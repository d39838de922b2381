import {
  type Constraints,
  compareDecimals,
  foldedAddress,
  type Hours,
  minuteOf,
  type Network,
  OPERATOR_ACCOUNT,
  parseNetwork,
  type RateLimit,
  WEEKDAYS,
} from '@countersign/core';
import type { CredentialRecord } from '../ports/record.ts';
import { isCovered } from './network-cover.ts';

/** What a key may do: the part of its record that can be wider or narrower. */
export type Reach = Pick<
  CredentialRecord,
  'accountId' | 'permissions' | 'allowedIps' | 'expiresAt' | 'rateLimits' | 'constraints'
>;

/** From when the cool-downs of a key count. */
export type CoolDownStart = Pick<CredentialRecord, 'widenedAt' | 'addressesSince'>;

const DAY_MINUTES = 1440;

/** For a new key, all of it is new. Keys of operators do not cool down, and neither do imported ones. */
export function coolDownOfNewKey(
  { accountId, constraints }: Pick<Reach, 'accountId'> & { constraints?: Constraints | undefined },
  nowMs: number,
): CoolDownStart {
  if (accountId === OPERATOR_ACCOUNT) return { widenedAt: null };
  return { widenedAt: nowMs, addressesSince: sinceFor(constraints?.withdrawalAddresses, () => nowMs) };
}

/**
 * For an edited key: anew when it may do more than before. An address to withdraw to that comes onto a list waits by
 * itself; one that stays goes on, however its letter case is written; and where there was no list, any address was
 * allowed already.
 */
export function coolDownOfEdit(before: CredentialRecord, after: Reach, nowMs: number): CoolDownStart {
  if (after.accountId === OPERATOR_ACCOUNT) return { widenedAt: null };
  const listed = before.constraints.withdrawalAddresses;
  const known = new Map(
    listed?.map((address) => [foldedAddress(address), sinceOf(before.addressesSince, address)]),
  );
  const since = (address: string) => {
    const folded = foldedAddress(address);
    return listed === undefined || known.has(folded) ? known.get(folded) : nowMs;
  };
  return {
    widenedAt: isWidened(before, after) ? nowMs : (before.widenedAt ?? null),
    addressesSince: sinceFor(after.constraints.withdrawalAddresses, since),
  };
}

/**
 * Whether a key may do anything that it might not before. What cannot be compared, like two expressions or two time
 * zones, counts as wider. A longer list of addresses to withdraw to does not: they cool down one by one.
 */
export function isWidened(before: Reach, after: Reach): boolean {
  return (
    hasAdded(before.permissions, after.permissions) ||
    areNetworksWider(before.allowedIps, after.allowedIps) ||
    isLater(before.expiresAt, after.expiresAt) ||
    areLimitsLooser(before.rateLimits, after.rateLimits) ||
    areConstraintsLooser(before.constraints, after.constraints)
  );
}

function areConstraintsLooser(before: Constraints, after: Constraints): boolean {
  return (
    hasAdded(before.instruments, after.instruments) ||
    hasAdded(before.sides, after.sides) ||
    hasAdded(before.orderTypes, after.orderTypes) ||
    isHigher(before.maxNotionalPerOrder, after.maxNotionalPerOrder) ||
    isHigher(before.maxNotionalPerDay, after.maxNotionalPerDay) ||
    isHigher(before.maxNotionalPer30Days, after.maxNotionalPer30Days) ||
    (before.withdrawalAddresses !== undefined && after.withdrawalAddresses === undefined) ||
    areHoursLonger(before.hours, after.hours) ||
    (before.expression !== undefined && before.expression !== after.expression)
  );
}

/** Absent: everything is allowed. */
function hasAdded(before: readonly string[] | undefined, after: readonly string[] | undefined): boolean {
  if (before === undefined) return false;
  return after === undefined || after.some((name) => !before.includes(name));
}

function areNetworksWider(before: readonly string[] | null, after: readonly string[] | null): boolean {
  if (before === null) return false;
  if (after === null) return true;
  const networks = before.map(parseNetwork).filter((network): network is Network => network !== undefined);
  return after.some((text) => {
    const network = parseNetwork(text);
    return network === undefined || !isCovered(network, networks);
  });
}

function isLater(before: number | null, after: number | null): boolean {
  return before !== null && (after === null || after > before);
}

/**
 * A limit is kept by one of the same name and window that allows no more. One of another name or window begins to count
 * at nothing: whoever renamed a limit again and again would never meet it.
 */
function areLimitsLooser(before: readonly RateLimit[], after: readonly RateLimit[]): boolean {
  return before.some(
    ({ name, quota, windowSeconds }) =>
      !after.some(
        (limit) => limit.name === name && limit.windowSeconds === windowSeconds && limit.quota <= quota,
      ),
  );
}

function isHigher(before: string | undefined, after: string | undefined): boolean {
  return before !== undefined && (after === undefined || compareDecimals(after, before) > 0);
}

function areHoursLonger(before: Hours | undefined, after: Hours | undefined): boolean {
  if (before === undefined) return false;
  if (after === undefined || after.timeZone.toLowerCase() !== before.timeZone.toLowerCase()) return true;
  const open = minutesOf(before);
  return minutesOf(after).some((isOpen, minute) => isOpen === 1 && open[minute] !== 1);
}

/** Of each minute of a week, whether it lies in a window. */
function minutesOf({ windows }: Hours): Uint8Array {
  const minutes = new Uint8Array(WEEKDAYS.length * DAY_MINUTES);
  for (const { days, from, to } of windows) {
    for (const day of days) {
      const midnight = WEEKDAYS.indexOf(day) * DAY_MINUTES;
      minutes.fill(1, midnight + (minuteOf(from) ?? 0), midnight + (minuteOf(to) ?? DAY_MINUTES));
    }
  }
  return minutes;
}

/** By address, in the spelling of the list. What is undefined need not cool down. */
function sinceFor(
  addresses: readonly string[] = [],
  since: (address: string) => number | undefined,
): Record<string, number> | undefined {
  const entries = addresses.flatMap((address): [string, number][] => {
    const at = since(address);
    return at === undefined ? [] : [[address, at]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** An address may be called like something that every object has. */
function sinceOf(since: CredentialRecord['addressesSince'], address: string): number | undefined {
  return since !== undefined && Object.hasOwn(since, address) ? since[address] : undefined;
}
