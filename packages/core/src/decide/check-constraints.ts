import type { Denial } from '../denial.ts';
import { checkAmount } from './check-amount.ts';
import { type ConstrainedRequest, isHarmless, valuesOf, violated } from './constrained-request.ts';
import { type CompiledConstraints, foldedAddress } from './constraints.ts';
import type { Facts } from './fact-source.ts';

/** The request may be made. */
export interface Authorized {
  readonly ok: true;
  /** The request's facts, where a constraint had to know them. */
  readonly facts?: Facts | undefined;
  /** What it counts towards the credential's spend limits, in units of 10^-30. Absent: nothing. */
  readonly amount?: bigint | undefined;
}

/**
 * Holds a request against the constraints of its credential. A request that does several things at once is allowed only
 * if each of them is. A fact that is missing denies, except on permissions of low risk, which read and do not move money.
 */
export function checkConstraints(
  constraints: CompiledConstraints,
  request: ConstrainedRequest,
): Authorized | Denial {
  const refusal =
    checkList(constraints.instruments, 'instrument', 'instrument', request) ??
    checkList(constraints.sides, 'side', 'side', request) ??
    checkList(constraints.orderTypes, 'orderType', 'order type', request) ??
    checkHours(constraints, request) ??
    checkAddress(constraints, request);
  if (refusal !== undefined) return refusal;
  const amount = checkAmount(constraints, request);
  if (typeof amount === 'object') return amount;
  return checkExpression(constraints, request) ?? { ok: true, facts: request.facts, amount };
}

function checkList(
  allowed: ReadonlySet<string> | undefined,
  name: 'instrument' | 'side' | 'orderType',
  what: string,
  request: ConstrainedRequest,
): Denial | undefined {
  if (allowed === undefined) return undefined;
  const given = valuesOf(request, name);
  if (given === undefined) {
    return isHarmless(request) ? undefined : violated(`The request does not say which ${what} it is about.`);
  }
  return given.every((value) => allowed.has(value))
    ? undefined
    : violated(`The ${what} is not among those allowed.`);
}

function checkHours({ hours }: CompiledConstraints, { nowMs }: ConstrainedRequest): Denial | undefined {
  return hours?.isOpen(nowMs) === false
    ? violated('The credential may not be used at this time.')
    : undefined;
}

function checkAddress(
  { withdrawalAddresses: allowed }: CompiledConstraints,
  request: ConstrainedRequest,
): Denial | undefined {
  if (allowed === undefined) return undefined;
  const given = valuesOf(request, 'address');
  if (given === undefined) {
    return mayWithdraw(request)
      ? violated('The request does not say to which address it withdraws.')
      : undefined;
  }
  const coolDownMs = request.permission.policy?.coolDownMs ?? 0;
  for (const address of given) {
    const since = allowed.get(foldedAddress(address));
    if (since === undefined) return violated('The address is not among those allowed.');
    const waitMs = since + coolDownMs - request.nowMs;
    if (waitMs > 0) {
      return violated(`The address was added of late: it can be used in ${Math.ceil(waitMs / 1000)} s.`);
    }
  }
  return undefined;
}

/** Most requests move nothing out of the account, and name no address: which do is the manifest's to say. */
function mayWithdraw({ permission, rule }: ConstrainedRequest): boolean {
  return (
    permission.risk === 'critical' ||
    permission.isUndeclared === true ||
    permission.policy?.needsWithdrawalAddresses === true ||
    (rule === undefined ? permission.hasAddresses : rule.facts.some(({ name }) => name === 'address')) ===
      true
  );
}

function checkExpression(
  { expression }: CompiledConstraints,
  request: ConstrainedRequest,
): Denial | undefined {
  if (expression === undefined) return undefined;
  const { permission, facts, method, path, nowMs } = request;
  switch (expression.evaluate({ permission: permission.name, facts, method, path, nowMs })) {
    case 'true':
      return undefined;
    case 'false':
      return violated("The credential's expression does not allow the request.");
    case 'missing':
      return isHarmless(request)
        ? undefined
        : violated("The request does not say what the credential's expression asks for.");
    case 'fault':
      return violated("The credential's expression has no value for the request.");
  }
}
