import { type Constraints, networkText, type Permission, parseNetwork } from '@countersign/core';
import { FACT_OF_CONSTRAINT } from '../keys/constraint-facts.ts';
import type { KeyEdit } from '../keys/key-input.ts';
import type { Activity } from '../ports/activity.ts';
import type { CredentialRecord } from '../ports/record.ts';
import { proposeNetworks } from './propose-networks.ts';
import {
  type AddressUse,
  addressesOf,
  hidesAddresses,
  instrumentsNeeded,
  isCut,
  type Use,
  usesBy,
  usesByAddress,
} from './traffic.ts';

const DAY_MS = 86_400_000;
const MAX_INSTRUMENTS = 500;
const MAX_SHOWN = 100;

/** What advice is made of. */
export interface AdviceInput {
  readonly record: CredentialRecord;
  /** Of the days that are asked about. */
  readonly activity: readonly Activity[];
  readonly nowMs: number;
  /** How many days are asked about, today not counted. */
  readonly days: number;
  /** The first day of which anything is kept, of any key; undefined: there is none. */
  readonly firstDay: number | undefined;
  readonly permissionNamed: (name: string) => Permission | undefined;
  /** Names of the facts that requests can have. */
  readonly facts: ReadonlySet<string>;
}

export interface Proposal<T> {
  readonly used: readonly T[];
  /** Null: what the key has can stay, or nothing can be proposed; `note` says which. */
  readonly proposal: readonly string[] | null;
  readonly note: string | null;
}

/** The smallest set that a key's traffic needs. */
export interface Advice {
  /** Empty where there is enough to go by. */
  readonly tooLittle: readonly string[];
  readonly permissions: readonly ({ readonly permission: string; readonly isUsed: boolean } & {
    readonly requests: number;
    readonly lastAt: number | null;
  })[];
  readonly allowedIps: Proposal<AddressUse>;
  readonly instruments: Proposal<Use & { readonly instrument: string }>;
  /** Constraints that the key lacks, and that requests have the facts for. */
  readonly constraints: readonly string[];
  /** The edit that applies it. Null: there is too little to go by, or nothing to trim. */
  readonly edit: Pick<KeyEdit, 'permissions' | 'allowedIps' | 'constraints'> | null;
}

/**
 * Says what of a key its traffic needs. What was allowed to the key in those days, and is allowed to it as it is now, is
 * still allowed to it after the edit, by its permissions, addresses and instruments. The edit never allows more than
 * the key does.
 */
export function advise(input: AdviceInput): Advice {
  const { record } = input;
  const activity = input.activity.filter(({ wasDenied }) => !wasDenied);
  const byPermission = usesBy(activity, 'permission');
  const permissions = record.permissions.map((permission) => {
    const use = byPermission.get(permission);
    return {
      permission,
      isUsed: use !== undefined,
      requests: use?.requests ?? 0,
      lastAt: use?.lastAt ?? null,
    };
  });
  const allowedIps = addressAdvice(record, activity);
  const instruments = instrumentAdvice(record.constraints, activity, input);
  const tooLittle = reasonsToWait(input, activity);
  const kept = permissions.filter(({ isUsed }) => isUsed || hidesPermissions(activity));
  const edit = {
    ...(kept.length < permissions.length ? { permissions: kept.map(({ permission }) => permission) } : {}),
    ...(allowedIps.proposal === null ? {} : { allowedIps: allowedIps.proposal }),
    ...(instruments.proposal === null
      ? {}
      : { constraints: { ...record.constraints, instruments: instruments.proposal } }),
  };
  return {
    tooLittle,
    permissions,
    allowedIps,
    instruments,
    constraints: missingConstraints(record.constraints, input.facts),
    edit: tooLittle.length > 0 || Object.keys(edit).length === 0 ? null : edit,
  };
}

/** Where only authentication was asked for, the one who asked may look at the permissions by himself. */
function hidesPermissions(activity: readonly Activity[]): boolean {
  return isCut(activity) || activity.some(({ permission }) => permission === '');
}

function reasonsToWait(input: AdviceInput, activity: readonly Activity[]): string[] {
  const { record, nowMs, days, firstDay } = input;
  const today = Math.floor(nowMs / DAY_MS);
  const madeAt = Math.max(record.createdAt, record.widenedAt ?? 0);
  const age = Math.floor((nowMs - madeAt) / DAY_MS);
  const reasons: string[] = [];
  if (activity.length === 0) {
    reasons.push(`The key was not used in ${daysText(days)}. If nobody needs it, disable or revoke it.`);
  }
  if (age < days) {
    const deed = madeAt === record.createdAt ? 'made' : 'last widened';
    const ago = age === 0 ? 'less than a day' : daysText(age);
    reasons.push(
      `The key was ${deed} ${ago} ago: there is no use of it as it is now for ${daysText(days)} yet.`,
    );
  } else if (firstDay === undefined || firstDay > today - days) {
    const known = firstDay === undefined ? 0 : today - firstDay;
    reasons.push(
      `What keys are used for is known of the last ${daysText(known)}, and not of ${daysText(days)}.`,
    );
  }
  return reasons;
}

function daysText(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}

function addressAdvice(record: CredentialRecord, activity: readonly Activity[]): Proposal<AddressUse> {
  const used = usesByAddress(activity);
  const shown = used.slice(0, MAX_SHOWN);
  const nothing = (note: string | null) => ({ used: shown, proposal: null, note });
  if (activity.length === 0) return nothing(null);
  if (hidesAddresses(activity)) {
    return nothing('Some requests came from addresses that are not known, so that no list can be proposed.');
  }
  const proposal = proposeNetworks(addressesOf(used), record.allowedIps);
  if (proposal === undefined) return nothing('It was used from too many networks for a list.');
  // The addresses that it was used from are none of those allowed now: its list was changed since.
  if (proposal.length === 0) return nothing('It was not used from any address that is allowed now.');
  return isSameList(record.allowedIps, proposal) ? nothing(null) : { used: shown, proposal, note: null };
}

function isSameList(current: readonly string[] | null, proposal: readonly string[]): boolean {
  const spelled = (current ?? []).flatMap((text) => parseNetwork(text) ?? []).map(networkText);
  return [...new Set(spelled)].sort().join() === proposal.join();
}

function instrumentAdvice(
  { instruments: current }: Constraints,
  activity: readonly Activity[],
  { permissionNamed }: AdviceInput,
): Proposal<Use & { readonly instrument: string }> {
  const used = [...usesBy(activity, 'instrument')]
    .filter(([instrument]) => instrument !== '')
    .map(([instrument, use]) => ({ instrument, ...use }))
    .slice(0, MAX_SHOWN);
  const nothing = (note: string | null) => ({ used, proposal: null, note });
  const needed = instrumentsNeeded(activity, permissionNamed);
  if (needed === undefined) {
    return nothing(
      used.length === 0
        ? null
        : 'Some requests name no instrument, too many, or one that no list may hold, so that none can be proposed.',
    );
  }
  const proposal = needed.filter((one) => current === undefined || current.includes(one));
  if (proposal.length === 0 || proposal.length === current?.length) return nothing(null);
  if (proposal.length > MAX_INSTRUMENTS) return nothing('It was used for too many instruments for a list.');
  return { used, proposal, note: null };
}

/** Constraints that the key lacks and could have. Its instruments have a proposal of their own. */
function missingConstraints(constraints: Constraints, facts: ReadonlySet<string>): string[] {
  return Object.entries(FACT_OF_CONSTRAINT)
    .filter(([name, fact]) => constraints[name as keyof Constraints] === undefined && facts.has(fact))
    .map(([name]) => name)
    .filter((name) => name !== 'instruments');
}
