import type { Constraints } from '../credential/constraints.ts';
import { unitsOf } from './decimal.ts';
import type { Expression } from './expression.ts';
import { type OpenHours, openHours } from './hours.ts';

const DAY_MS = 86_400_000;

/** A limit of what may be spent in any window of that length, in units of 10^-30. */
export interface SpendLimit {
  readonly name: 'day' | '30 days';
  readonly windowMs: number;
  readonly limit: bigint;
}

/** Constraints as the decision uses them. */
export interface CompiledConstraints {
  readonly instruments: ReadonlySet<string> | undefined;
  readonly sides: ReadonlySet<string> | undefined;
  readonly orderTypes: ReadonlySet<string> | undefined;
  /** In units of 10^-30. */
  readonly maxPerOrder: bigint | undefined;
  readonly spendLimits: readonly SpendLimit[];
  /** By address as {@link foldedAddress} spells it: since when it is on the list, in ms since 1970. */
  readonly withdrawalAddresses: ReadonlyMap<string, number> | undefined;
  readonly hours: OpenHours | undefined;
  readonly expression: Expression | undefined;
}

/**
 * Makes stored constraints ready for decisions. They must be valid.
 *
 * @param addressesSince since when each withdrawal address is on the list, in ms since 1970, in any spelling; absent: always
 * @param expression that of the constraints, compiled; must be there when they have one
 * @returns undefined when there are none
 */
export function compileConstraints(
  constraints: Constraints,
  addressesSince: Readonly<Record<string, number>>,
  expression: Expression | undefined,
): CompiledConstraints | undefined {
  if (Object.values(constraints).every((value) => value === undefined)) return undefined;
  if ((constraints.expression === undefined) !== (expression === undefined)) {
    throw new TypeError('the expression of the constraints is not the compiled one');
  }
  const { instruments, sides, orderTypes, maxNotionalPerOrder, withdrawalAddresses, hours } = constraints;
  return {
    instruments: instruments && new Set(instruments),
    sides: sides && new Set(sides),
    orderTypes: orderTypes && new Set(orderTypes),
    maxPerOrder: maxNotionalPerOrder === undefined ? undefined : unitsOf(maxNotionalPerOrder),
    spendLimits: spendLimitsOf(constraints),
    withdrawalAddresses: withdrawalAddresses && sinceByAddress(withdrawalAddresses, addressesSince),
    hours: hours && openHours(hours),
    expression,
  };
}

function sinceByAddress(
  addresses: readonly string[],
  addressesSince: Readonly<Record<string, number>>,
): Map<string, number> {
  const since = new Map(addresses.map((address) => [foldedAddress(address), 0]));
  for (const [address, ms] of Object.entries(addressesSince)) {
    const folded = foldedAddress(address);
    const known = since.get(folded);
    if (known !== undefined) since.set(folded, Math.max(known, ms));
  }
  return since;
}

function spendLimitsOf({ maxNotionalPerDay, maxNotionalPer30Days }: Constraints): SpendLimit[] {
  const limits: SpendLimit[] = [];
  if (maxNotionalPerDay !== undefined) {
    limits.push({ name: 'day', windowMs: DAY_MS, limit: unitsOf(maxNotionalPerDay) });
  }
  if (maxNotionalPer30Days !== undefined) {
    limits.push({ name: '30 days', windowMs: 30 * DAY_MS, limit: unitsOf(maxNotionalPer30Days) });
  }
  return limits;
}

const ETHEREUM = /^0x[0-9a-f]{40}$/i;

/** An address in the spelling in which it is compared: the letter case of an Ethereum address is a checksum only. */
export function foldedAddress(address: string): string {
  return ETHEREUM.test(address) ? address.toLowerCase() : address;
}
