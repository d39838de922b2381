import type { Constraints, Credential } from '../credential/credential.ts';
import { type Denial, denial } from '../denial.ts';
import type { WireRequest } from '../message.ts';
import { compareDecimals, isDecimal } from './decimal.ts';
import type { Facts, Requirement } from './manifest.ts';

/** Stage 8: does the credential hold the permission, and do its constraints allow this request? */
export function authorize(
  credential: Credential,
  requirement: Requirement,
  request: WireRequest,
): Denial | undefined {
  const { permission } = requirement;
  if (permission === undefined) return undefined;
  if (!credential.profile.permissions.includes(permission.name)) {
    return denial('permission_denied', `The credential lacks the permission ${permission.name}.`, {
      permission: permission.name,
    });
  }
  const { constraints } = credential.profile;
  if (constraints.instruments === undefined && constraints.maxNotionalPerOrder === undefined)
    return undefined;
  // A constraint speaks of what is traded. Where the manifest names no fact, and the request can do little
  // harm, there is nothing to hold it to.
  return checkConstraints(constraints, requirement.facts(request), permission.risk === 'low');
}

/** A fact that is missing denies, except on permissions of low risk, which read and do not move money. */
function checkConstraints(
  constraints: Constraints,
  facts: Facts,
  missingIsHarmless: boolean,
): Denial | undefined {
  const { instruments, maxNotionalPerOrder } = constraints;
  if (instruments !== undefined && !(facts.instrument === undefined && missingIsHarmless)) {
    if (facts.instrument === undefined)
      return violated('The request does not say which instrument it is about.');
    if (!instruments.includes(facts.instrument))
      return violated('The instrument is not among those allowed.');
  }
  if (maxNotionalPerOrder !== undefined && !(facts.notional === undefined && missingIsHarmless)) {
    if (facts.notional === undefined || !isDecimal(facts.notional)) {
      return violated('The request does not say its amount as a decimal.');
    }
    if (compareDecimals(facts.notional, maxNotionalPerOrder) > 0) {
      return violated('The amount is over the limit for one order.');
    }
  }
  return undefined;
}

function violated(detail: string): Denial {
  return denial('constraint_violated', detail);
}
