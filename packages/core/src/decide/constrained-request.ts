import { type Denial, denial } from '../denial.ts';
import type { Facts } from './fact-source.ts';
import type { Permission, Rule } from './manifest.ts';

/** What a request is held against. */
export interface ConstrainedRequest {
  readonly permission: Permission;
  /** Absent where the caller names the permission. */
  readonly rule: Rule | undefined;
  readonly facts: Facts;
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  readonly nowMs: number;
}

/** The values of a fact, of which there is at least one; undefined when it is missing. */
export function valuesOf({ facts }: ConstrainedRequest, name: string): readonly string[] | undefined {
  const given = facts[name];
  if (given === undefined) return undefined;
  if (typeof given === 'string') return [given];
  return given.length === 0 ? undefined : given;
}

/** Whether the request may be made without the facts that a constraint needs. */
export function isHarmless({ permission }: ConstrainedRequest): boolean {
  return permission.risk === 'low';
}

export function violated(detail: string): Denial {
  return denial('constraint_violated', detail);
}
