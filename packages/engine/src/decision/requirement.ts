import {
  type Facts,
  type Manifest,
  type Permission,
  type Requirement,
  type RequirementCases,
  type Rule,
  readFacts,
} from '@countersign/core';
import { OPERATOR_PERMISSIONS } from '../keys/operator-permissions.ts';
import type { Ask } from './decision.ts';

/** Whether a request needs no credential, needs a known one, or goes where no route is declared. */
export type Demand =
  | { readonly kind: 'public' }
  | { readonly kind: 'requirement'; readonly requirement: Requirement | RequirementCases }
  | { readonly kind: 'unknown_route' };

const PUBLIC: Demand = { kind: 'public' };
const UNKNOWN: Demand = { kind: 'unknown_route' };
const NO_FACTS: Facts = {};
const noFacts = () => NO_FACTS;

/** Names permissions that no manifest declares, as of high risk: nobody said that they are harmless. */
function undeclared(name: string): Permission {
  return { name, risk: 'high', isUndeclared: true };
}

/**
 * Says what is asked of a credential, from the manifest or from the caller. With a permission from the caller,
 * or without a manifest, the route is not looked up.
 */
export class Demands {
  readonly #manifest: Manifest | undefined;
  readonly #byRule = new Map<Rule, Demand>();

  constructor(manifest: Manifest | undefined) {
    this.#manifest = manifest;
  }

  of(method: string, target: string, ask: Ask): Demand {
    if (ask.cost !== undefined && !(Number.isSafeInteger(ask.cost) && ask.cost >= 1)) {
      throw new TypeError('a cost is a whole number of at least 1');
    }
    if (ask.permission !== undefined) {
      const declared = ask.audience === 'operators' ? OPERATOR_PERMISSIONS : this.#manifest?.permissions;
      const permission = declared?.get(ask.permission) ?? undeclared(ask.permission);
      return asked(permission, ask);
    }
    if (this.#manifest === undefined) return asked(undefined, ask);
    const rule = this.#manifest.ruleFor(method, target);
    if (rule === undefined) return UNKNOWN;
    if (rule.isPublic) return PUBLIC;
    if (ask.cost === undefined && ask.facts === undefined) return this.#remembered(rule);
    return { kind: 'requirement', requirement: requirementOf(rule, ask) };
  }

  /** Rules are few and never change, so each has its demand made once. */
  #remembered(rule: Rule): Demand {
    let demand = this.#byRule.get(rule);
    if (demand === undefined) {
      demand = { kind: 'requirement', requirement: requirementOf(rule, NO_ASK) };
      this.#byRule.set(rule, demand);
    }
    return demand;
  }
}

const NO_ASK: Ask = {};

function requirementOf(rule: Rule, ask: Ask): Requirement | RequirementCases {
  if (rule.cases === undefined) return plainRequirementOf(rule, ask);
  const cases = rule.cases.map(({ when, rule: one }) => ({
    when,
    requirement: plainRequirementOf(one, ask),
  }));
  return { cases };
}

function plainRequirementOf(rule: Rule, { cost, facts }: Ask): Requirement {
  // Without a permission anything would be allowed that is authentic.
  if (rule.permission === undefined) throw new TypeError(`the route ${rule.route} needs no permission`);
  return {
    permission: rule.permission,
    rule,
    weight: cost ?? rule.weight,
    facts: facts === undefined ? (request) => readFacts(rule.facts, request) : () => facts,
  };
}

function asked(permission: Permission | undefined, ask: Ask): Demand {
  const facts = ask.facts;
  return {
    kind: 'requirement',
    requirement: { permission, weight: ask.cost ?? 1, facts: facts === undefined ? noFacts : () => facts },
  };
}
