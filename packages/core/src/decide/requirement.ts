import type { WireRequest } from '../message.ts';
import { type Condition, holdAll } from './conditions.ts';
import type { Facts } from './fact-source.ts';
import { readJsonBody } from './facts.ts';
import type { Permission, Rule } from './manifest.ts';

/**
 * What is asked of a credential: by the manifest for the route, or by the caller of the verify API. A
 * permission that is absent asks for authentication alone.
 */
export interface Requirement {
  readonly permission: Permission | undefined;
  /** The manifest's rule for the route; absent where the caller names the permission. */
  readonly rule?: Rule | undefined;
  readonly weight: number;
  /** Reads the facts that constraints need, once, and only if there are constraints. */
  readonly facts: (request: WireRequest) => Facts;
}

/** What is asked of a credential where that depends on the body, which is read once the caller is authenticated. */
export interface RequirementCases {
  readonly cases: readonly { readonly when: readonly Condition[]; readonly requirement: Requirement }[];
}

/** The requirement for a request; undefined when no case fits it, or its body cannot be read as it is. */
export function requirementFor(
  demanded: Requirement | RequirementCases,
  request: WireRequest,
): Requirement | undefined {
  if (!('cases' in demanded)) return demanded;
  const body = readJsonBody(request);
  // What we cannot read, an upstream may: it is not for the case that stands for all the rest.
  if (body === undefined) return undefined;
  return demanded.cases.find(({ when }) => holdAll(when, body))?.requirement;
}
