import { type AddressBytes, type Permission, parseAddress } from '@countersign/core';
import { UNTIDY } from '../keys/constraint-faults.ts';
import { type Activity, FOLDED, MAX_ACTIVITY_ROWS } from '../ports/activity.ts';

/** A count, and when it was last added to. */
export interface Use {
  readonly requests: number;
  /** Ms since 1970. */
  readonly lastAt: number;
}

export interface AddressUse extends Use {
  /** Null where the address was not known. */
  readonly ip: string | null;
  readonly permissions: readonly string[];
  readonly firstDay: number;
}

/** Sums up activity by one of its members, the most frequent first. */
export function usesBy(
  activity: readonly Activity[],
  member: 'permission' | 'instrument',
): ReadonlyMap<string, Use> {
  const uses = new Map<string, Use>();
  for (const row of activity) {
    const before = uses.get(row[member]);
    uses.set(row[member], {
      requests: row.requests + (before?.requests ?? 0),
      lastAt: Math.max(row.lastAt, before?.lastAt ?? 0),
    });
  }
  return new Map([...uses].sort(([a, use], [b, other]) => other.requests - use.requests || (a < b ? -1 : 1)));
}

/** Sums up activity by address, the most frequent first. What was put together with others is left out. */
export function usesByAddress(activity: readonly Activity[]): readonly AddressUse[] {
  const uses = new Map<string, AddressUse>();
  for (const { ip, permission, requests, firstDay, lastAt } of activity) {
    if (ip === FOLDED) continue;
    const before = uses.get(ip);
    const permissions = new Set(before?.permissions);
    if (permission !== '') permissions.add(permission);
    uses.set(ip, {
      ip: ip === '' ? null : ip,
      permissions: [...permissions],
      requests: requests + (before?.requests ?? 0),
      firstDay: Math.min(firstDay, before?.firstDay ?? firstDay),
      lastAt: Math.max(lastAt, before?.lastAt ?? 0),
    });
  }
  return [...uses.values()].sort((a, b) => b.requests - a.requests);
}

export function addressesOf(uses: readonly AddressUse[]): readonly AddressBytes[] {
  return uses
    .map(({ ip }) => (ip === null ? undefined : parseAddress(ip)))
    .filter((address) => address !== undefined);
}

/** Whether some of the traffic is known without its addresses: these were too many to be kept, or nobody knew them. */
export function hidesAddresses(activity: readonly Activity[]): boolean {
  return isCut(activity) || activity.some(({ ip }) => ip === FOLDED || ip === '');
}

/** Whether there was more than is given back of it. */
export function isCut(activity: readonly Activity[]): boolean {
  return activity.length >= MAX_ACTIVITY_ROWS;
}

/**
 * The instruments that a list of them would have to hold, so that nothing of the traffic is refused. Undefined where no
 * list would do: some were too many or too long to be kept, or such as no list may hold, or a request named none, which a
 * list refuses unless its permission is of low risk.
 */
export function instrumentsNeeded(
  activity: readonly Activity[],
  permissionNamed: (name: string) => Permission | undefined,
): readonly string[] | undefined {
  if (isCut(activity)) return undefined;
  const needed = new Set<string>();
  for (const { permission, instrument } of activity) {
    if (instrument === FOLDED || UNTIDY.test(instrument)) return undefined;
    if (instrument !== '') needed.add(instrument);
    // Where only authentication is asked for, no constraint is.
    else if (permission !== '' && permissionNamed(permission)?.risk !== 'low') return undefined;
  }
  return [...needed].sort();
}
