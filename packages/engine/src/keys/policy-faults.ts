import {
  type Constraints,
  type CredentialKind,
  type Manifest,
  OPERATOR_ACCOUNT,
  type Policy,
  parseNetwork,
} from '@countersign/core';
import { durationText } from '../manifest/durations.ts';
import type { Fault } from './key-input.ts';

/** What policies ask of a key: as it is, or as it would be. */
export interface GovernedKey {
  readonly accountId: string;
  readonly kind: CredentialKind;
  readonly permissions: readonly string[];
  readonly allowedIps?: readonly string[] | null | undefined;
  /** Ms since 1970. */
  readonly expiresAt?: number | null | undefined;
  readonly constraints?: Constraints | undefined;
}

/** A policy that a key violates. */
interface Violation extends Fault {
  readonly permission: string;
  readonly policy: string;
  /** The member of the key that it is about. */
  readonly field: 'allowedIps' | 'expiresAt' | 'withdrawalAddresses' | 'kind';
  /** Of two with the same policy the lower one is the stricter: ms for times, else 0. */
  readonly limit: number;
}

/** A block that is larger counts as no address list: a few of those are the whole internet. */
const WIDEST = { ipv4: 8, ipv6: 16 };

/**
 * Lists the policies that a key violates, the strictest permission of each. Times are counted from now: what was allowed
 * when it was set has less of its time left today, and is allowed still. Keys of operators have no policies.
 */
export function policyFaults(key: GovernedKey, manifest: Manifest | undefined, nowMs: number): Fault[] {
  return strictest(violationsOf(key, manifest, nowMs));
}

/** Lists the permissions that a new key could never use: they cool down for as long as it lives, or longer. */
export function neverUsable(
  { accountId, permissions, expiresAt }: GovernedKey,
  manifest: Manifest | undefined,
  nowMs: number,
): Fault[] {
  if (accountId === OPERATOR_ACCOUNT || expiresAt === undefined || expiresAt === null) return [];
  return [...new Set(permissions)].flatMap((permission): Fault[] => {
    const coolDownMs = manifest?.permissions.get(permission)?.policy?.coolDownMs;
    if (coolDownMs === undefined || expiresAt > nowMs + coolDownMs) return [];
    const message = `is before ${permission} can be used, which cools down for ${durationText(coolDownMs)} (coolDown)`;
    return [{ pointer: '/expiresAt', message, permission, policy: 'coolDown' }];
  });
}

/**
 * Lists the policies that stand against an edit: those that the key did not violate before, or not for the same
 * permission, and those about a field to which the edit gives another value. What was violated already, because the
 * policy is newer than the key, does not keep an owner from editing anything else.
 */
export function policyFaultsOfEdit(
  before: GovernedKey,
  after: GovernedKey,
  manifest: Manifest | undefined,
  nowMs: number,
): Fault[] {
  const there = violationsOf(before, manifest, nowMs);
  const faults = violationsOf(after, manifest, nowMs).filter(
    (fault) =>
      !there.some(({ policy, permission }) => policy === fault.policy && permission === fault.permission) ||
      fieldOf(before, fault.field) !== fieldOf(after, fault.field),
  );
  // The kind of a key cannot be edited: what is wrong is that it is to have the permission.
  return strictest(faults).map((fault) =>
    fault.pointer === '/kind'
      ? { ...fault, pointer: `/permissions/${after.permissions.indexOf(fault.permission as string)}` }
      : fault,
  );
}

function violationsOf(key: GovernedKey, manifest: Manifest | undefined, nowMs: number): Violation[] {
  if (key.accountId === OPERATOR_ACCOUNT) return [];
  return [...new Set(key.permissions)].flatMap((permission) => {
    const policy = manifest?.permissions.get(permission)?.policy;
    if (policy === undefined) return [];
    return [
      ...withoutAddressList(key, permission, policy),
      ...withoutWithdrawalAddresses(key, permission, policy),
      ...tooLong(key, permission, policy, nowMs),
      ...ofAnotherKind(key, permission, policy),
    ];
  });
}

function withoutAddressList(key: GovernedKey, permission: string, { needsAddressList }: Policy): Violation[] {
  if (needsAddressList !== true || hasAddressList(key)) return [];
  const common = { field: 'allowedIps', permission, policy: 'needsAddressList', limit: 0 } as const;
  const wide = key.allowedIps?.findIndex(isTooWide) ?? -1;
  if (wide === -1) {
    const message = `is needed: ${permission} demands a list of addresses (needsAddressList)`;
    return [{ ...common, pointer: '/allowedIps', message }];
  }
  const message = `is too wide to be in the list of addresses that ${permission} demands (needsAddressList): /${WIDEST.ipv4} is the widest, and of IPv6 /${WIDEST.ipv6}`;
  return [{ ...common, pointer: `/allowedIps/${wide}`, message }];
}

function hasAddressList({ allowedIps }: GovernedKey): boolean {
  return allowedIps !== undefined && allowedIps !== null && !allowedIps.some(isTooWide);
}

/** What is no network at all is another fault. */
function isTooWide(text: string): boolean {
  const network = parseNetwork(text);
  if (network === undefined) return false;
  return network.prefix < (network.bytes.length === 4 ? WIDEST.ipv4 : WIDEST.ipv6);
}

function withoutWithdrawalAddresses(
  { constraints }: GovernedKey,
  permission: string,
  { needsWithdrawalAddresses }: Policy,
): Violation[] {
  if (needsWithdrawalAddresses !== true || constraints?.withdrawalAddresses !== undefined) return [];
  return [
    {
      pointer: '/constraints/withdrawalAddresses',
      message: `is needed: ${permission} demands a list of addresses to withdraw to (needsWithdrawalAddresses)`,
      field: 'withdrawalAddresses',
      permission,
      policy: 'needsWithdrawalAddresses',
      limit: 0,
    },
  ];
}

function tooLong(key: GovernedKey, permission: string, policy: Policy, nowMs: number): Violation[] {
  const { maxLifetimeMs, expiryWithoutAddressListMs } = policy;
  const limits: [string, number | undefined][] = [
    ['maxLifetime', maxLifetimeMs],
    ['expiryWithoutAddressList', hasAddressList(key) ? undefined : expiryWithoutAddressListMs],
  ];
  return limits.flatMap(([name, limit]): Violation[] => {
    if (limit === undefined) return [];
    const { expiresAt } = key;
    const isGiven = expiresAt !== undefined && expiresAt !== null;
    if (isGiven && expiresAt <= nowMs + limit) return [];
    const latest = new Date(nowMs + limit).toISOString();
    const when = name === 'maxLifetime' ? '' : ' for a key without a list of addresses';
    const message = `${isGiven ? 'is too late' : 'is needed'}: ${permission} demands an expiry within ${durationText(limit)}${when}, now until ${latest} (${name})`;
    return [{ pointer: '/expiresAt', message, field: 'expiresAt', permission, policy: name, limit }];
  });
}

function ofAnotherKind({ kind }: GovernedKey, permission: string, { kinds }: Policy): Violation[] {
  if (kinds === undefined || kinds.includes(kind)) return [];
  const message = `is not allowed: ${permission} demands a key of kind ${kinds.join(' or ')}, not ${kind} (kinds)`;
  return [{ pointer: '/kind', message, field: 'kind', permission, policy: 'kinds', limit: 0 }];
}

function strictest(violations: readonly Violation[]): Fault[] {
  const byPolicy = new Map<string, Violation>();
  for (const violation of violations) {
    const other = byPolicy.get(violation.policy);
    if (other === undefined || violation.limit < other.limit) byPolicy.set(violation.policy, violation);
  }
  return [...byPolicy.values()].map(({ pointer, message, permission, policy }) => ({
    pointer,
    message,
    permission,
    policy,
  }));
}

function fieldOf(key: GovernedKey, field: Violation['field']): string {
  const value = field === 'withdrawalAddresses' ? key.constraints?.withdrawalAddresses : key[field];
  return JSON.stringify(value ?? null);
}
