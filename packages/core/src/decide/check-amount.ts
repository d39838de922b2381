import type { Denial } from '../denial.ts';
import { type ConstrainedRequest, isHarmless, valuesOf, violated } from './constrained-request.ts';
import type { CompiledConstraints } from './constraints.ts';
import { isDecimal, unitsOf } from './decimal.ts';

/**
 * Holds the amount of each order against the limit for one, and their sum against the limits of what may be spent in
 * all. What was spent before is not known here.
 *
 * @returns what counts towards the limits of what may be spent, in units of 10^-30; undefined: nothing
 */
export function checkAmount(
  { maxPerOrder, spendLimits }: CompiledConstraints,
  request: ConstrainedRequest,
): bigint | undefined | Denial {
  if (maxPerOrder === undefined && spendLimits.length === 0) return undefined;
  const given = valuesOf(request, 'notional');
  if (given === undefined && isHarmless(request)) return undefined;
  if (!given?.every(isDecimal)) return violated('The request does not say its amount as a decimal.');
  let sum = 0n;
  for (const text of given) {
    const amount = unitsOf(text);
    if (maxPerOrder !== undefined && amount > maxPerOrder) {
      return violated('The amount is over the limit for one order.');
    }
    sum += amount;
  }
  if (spendLimits.length === 0) return undefined;
  // Beyond its window's whole limit, no waiting helps.
  const over = spendLimits.find(({ limit }) => sum > limit);
  if (over === undefined) return sum;
  return violated(`The amount is over the limit for ${over.name === 'day' ? 'a day' : over.name}.`);
}
