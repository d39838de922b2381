import type { Constraints as ConstraintsSchema } from '@countersign/contract';
import type { Command } from 'commander';
import { UsageError } from '../command-error.ts';
import { collect } from '../option-values.ts';
import { collectHours, type HoursWindow } from './hours-option.ts';

export type Constraints = (typeof ConstraintsSchema)['_output'];
type OrNone<T> = T | false;

/** Options that become constraints. `false` is what a `--no-…` option leaves. */
export interface ConstraintFlags {
  readonly instrument?: OrNone<readonly string[]>;
  readonly side?: OrNone<readonly string[]>;
  readonly orderType?: OrNone<readonly string[]>;
  readonly maxNotionalPerOrder?: OrNone<string>;
  readonly maxNotionalPerDay?: OrNone<string>;
  readonly maxNotionalPer30Days?: OrNone<string>;
  readonly withdrawTo?: OrNone<readonly string[]>;
  readonly hours?: OrNone<readonly HoursWindow[]>;
  readonly timeZone?: string;
  readonly expression?: OrNone<string>;
}

/** The constraint that each option sets. */
const FIELDS = {
  instrument: 'instruments',
  side: 'sides',
  orderType: 'orderTypes',
  maxNotionalPerOrder: 'maxNotionalPerOrder',
  maxNotionalPerDay: 'maxNotionalPerDay',
  maxNotionalPer30Days: 'maxNotionalPer30Days',
  withdrawTo: 'withdrawalAddresses',
  expression: 'expression',
} as const satisfies Partial<Record<keyof ConstraintFlags, keyof Constraints>>;

export function addConstraintOptions(command: Command): Command {
  return command
    .option('--instrument <name>', 'instrument that it may trade, repeatable', collect)
    .option('--side <name>', 'side of an order that it may take, repeatable', collect)
    .option('--order-type <name>', 'type of order that it may place, repeatable', collect)
    .option('--max-notional-per-order <amount>', 'largest order, as a decimal')
    .option('--max-notional-per-day <amount>', 'what its orders of any 24 hours may come to')
    .option('--max-notional-per-30-days <amount>', 'what its orders of any 720 hours may come to')
    .option('--withdraw-to <address>', 'address that it may withdraw to, repeatable', collect)
    .option('--hours <window>', 'when it may be used, repeatable: "mon-fri 09:00-17:30"', collectHours)
    .option('--time-zone <name>', 'whose clock the hours are read from: Europe/Berlin')
    .option('--expression <cel>', 'condition on a request in CEL: see docs/expressions.md');
}

export function addConstraintRemovals(command: Command): Command {
  return command
    .option('--no-instrument', 'any instrument')
    .option('--no-side', 'any side')
    .option('--no-order-type', 'any type of order')
    .option('--no-max-notional-per-order', 'orders of any size')
    .option('--no-max-notional-per-day', 'any amount in a day')
    .option('--no-max-notional-per-30-days', 'any amount in 30 days')
    .option('--no-withdraw-to', 'any address')
    .option('--no-hours', 'at any time')
    .option('--no-expression', 'no condition');
}

/** Whether an option names a constraint. */
export function isConstrained(flags: ConstraintFlags): boolean {
  const names = [...Object.keys(FIELDS), 'hours', 'timeZone'] as (keyof ConstraintFlags)[];
  return names.some((name) => flags[name] !== undefined);
}

/**
 * Puts constraints together: what an option names, and the rest as it is.
 *
 * @throws {@link UsageError} for hours without a zone, or a zone without hours
 */
export function constraintsOf(flags: ConstraintFlags, current: Constraints): Constraints {
  const chosen: Record<string, unknown> = {};
  for (const [option, field] of Object.entries(FIELDS)) {
    const flag = flags[option as keyof typeof FIELDS];
    chosen[field] = flag === false ? undefined : (flag ?? current[field]);
  }
  chosen.hours = hoursOf(flags, current.hours);
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined)) as Constraints;
}

function hoursOf({ hours, timeZone }: ConstraintFlags, current: Constraints['hours']): Constraints['hours'] {
  if (hours === false) {
    if (timeZone !== undefined)
      throw new UsageError('--no-hours takes the hours away: leave --time-zone out.');
    return undefined;
  }
  if (hours === undefined && timeZone === undefined) return current;
  const zone = timeZone ?? current?.timeZone;
  const windows = hours ?? current?.windows;
  if (zone === undefined) throw new UsageError('--hours needs --time-zone, like Europe/Berlin.');
  if (windows === undefined) throw new UsageError('--time-zone needs --hours, like "mon-fri 09:00-17:30".');
  return { timeZone: zone, windows: [...windows] };
}
