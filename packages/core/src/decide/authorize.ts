import type { Credential } from '../credential/credential.ts';
import { type Denial, denial } from '../denial.ts';
import { pathOf, type WireRequest } from '../message.ts';
import { type Authorized, checkConstraints } from './check-constraints.ts';
import type { Permission } from './manifest.ts';
import type { Requirement } from './requirement.ts';

/** What stage 8 knows beside the credential and the request. */
export interface AuthorizeContext {
  readonly nowMs: number;
  /** When the account holder last proved a second factor, in ms since 1970. Absent: nobody says so. */
  readonly stepUpAt?: number | undefined;
}

const NOTHING_ASKED: Authorized = { ok: true };

/**
 * Stage 8: does the credential hold the permission, may it be used already, is the second factor fresh, and do the
 * constraints allow this request? Whether amounts are left over a day is stage 9's to say.
 */
export function authorize(
  credential: Credential,
  requirement: Requirement,
  request: WireRequest,
  context: AuthorizeContext,
): Authorized | Denial {
  const { permission } = requirement;
  if (permission === undefined) return NOTHING_ASKED;
  const { permissions, constraints, usableFrom } = credential.profile;
  if (!permissions.includes(permission.name)) {
    return denial('permission_denied', `The credential lacks the permission ${permission.name}.`, {
      permission: permission.name,
    });
  }
  const early = checkCoolDown(permission, usableFrom, context.nowMs) ?? checkStepUp(permission, context);
  if (early !== undefined) return early;
  if (constraints === undefined) return NOTHING_ASKED;
  return checkConstraints(constraints, {
    permission,
    rule: requirement.rule,
    facts: requirement.facts(request),
    method: request.method,
    path: pathOf(request.target),
    nowMs: context.nowMs,
  });
}

/** After a widening, a thief who could widen must wait, and the owner can notice. */
function checkCoolDown(
  { name }: Permission,
  usableFrom: ReadonlyMap<string, number> | undefined,
  nowMs: number,
): Denial | undefined {
  const from = usableFrom?.get(name);
  if (from === undefined || nowMs >= from) return undefined;
  const seconds = Math.ceil((from - nowMs) / 1000);
  return denial(
    'constraint_violated',
    `The credential was made or widened of late: ${name} can be used in ${seconds} s.`,
  );
}

/** How far the clock of who saw the second factor may be ahead of ours. */
const STEP_UP_AHEAD_MS = 5_000;

function checkStepUp(
  { name, policy }: Permission,
  { stepUpAt, nowMs }: AuthorizeContext,
): Denial | undefined {
  if (policy?.stepUpMs === undefined) return undefined;
  const ageMs = stepUpAt === undefined ? Number.POSITIVE_INFINITY : nowMs - stepUpAt;
  if (ageMs >= -STEP_UP_AHEAD_MS && ageMs < policy.stepUpMs) return undefined;
  return denial(
    'step_up_required',
    `${name} needs a second factor that is less than ${policy.stepUpMs / 1000} s old.`,
  );
}
