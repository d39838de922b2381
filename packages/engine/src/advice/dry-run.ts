import { contains, type Network, parseAddress, parseNetwork } from '@countersign/core';
import { type Activity, FOLDED } from '../ports/activity.ts';
import type { AuditEntry } from '../ports/audit-log.ts';
import { type AddressUse, addressesOf, isCut, usesByAddress } from './traffic.ts';

const MAX_SHOWN = 100;
const MAX_EXAMPLES = 10;

/** A request of the log that a list would have refused. */
export interface RefusedExample {
  readonly requestId: string;
  readonly at: number;
  readonly ip: string | null;
  readonly method: string;
  readonly path: string;
}

/** What a list of addresses would have refused of what was allowed. */
export interface DryRun {
  /** Requests in those days, and how many of them would have been refused. */
  readonly requests: number;
  readonly refusedRequests: number;
  readonly refusedAddresses: number;
  /** The addresses that would have been refused, the most frequent first: the first hundred. */
  readonly refused: readonly AddressUse[];
  /** Requests whose address was not kept, because there were too many: nobody knows what the list had done. */
  readonly unknownRequests: number;
  /** Entries of the list that nobody used. */
  readonly unusedEntries: readonly string[];
  /** Some of the latest requests that would have been refused. */
  readonly examples: readonly RefusedExample[];
}

/**
 * Holds recorded traffic against a list of addresses and networks. What is no network in the list allows nothing: whoever
 * asks checks the list before. A request about several instruments is counted once for each.
 *
 * @param decisions the latest of the log, the latest first: examples are taken from them
 */
export function dryRunAddresses(
  allowedIps: readonly string[],
  activity: readonly Activity[],
  decisions: readonly AuditEntry[],
): DryRun {
  const entries = allowedIps.map((text) => ({ text, network: parseNetwork(text) }));
  const networks = entries.flatMap(({ network }) => network ?? []);
  const allowed = activity.filter(({ wasDenied }) => !wasDenied);
  const uses = usesByAddress(allowed);
  const refused = uses.filter(({ ip }) => !isAllowed(ip, networks));
  const addresses = addressesOf(uses);
  return {
    requests: sumOf(allowed),
    refusedRequests: sumOf(refused),
    refusedAddresses: refused.length,
    refused: refused.slice(0, MAX_SHOWN),
    unknownRequests: sumOf(allowed.filter(({ ip }) => ip === FOLDED)),
    // Of what was cut off, nobody knows which entries it used.
    unusedEntries: isCut(activity)
      ? []
      : entries
          .filter(({ network }) => network === undefined || !addresses.some((one) => contains(network, one)))
          .map(({ text }) => text),
    examples: decisions.flatMap((entry) => exampleIn(entry, networks) ?? []).slice(0, MAX_EXAMPLES),
  };
}

function isAllowed(ip: string | null, networks: readonly Network[]): boolean {
  const address = ip === null ? undefined : parseAddress(ip);
  return address !== undefined && networks.some((network) => contains(network, address));
}

function exampleIn({ bytes }: AuditEntry, networks: readonly Network[]): RefusedExample | undefined {
  const { at, requestId, data } = JSON.parse(bytes) as {
    at: number;
    requestId: string;
    data: { allowed: boolean; method: string; path: string; ip?: string };
  };
  const { allowed, method, path, ip = null } = data;
  return allowed && !isAllowed(ip, networks) ? { requestId, at, ip, method, path } : undefined;
}

function sumOf(rows: readonly { readonly requests: number }[]): number {
  return rows.reduce((sum, { requests }) => sum + requests, 0);
}
