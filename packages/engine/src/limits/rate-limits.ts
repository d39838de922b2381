import {
  type Credential,
  type Environment,
  type LimitDimension,
  type RateLimitRule,
  type Requirement,
  type Rule,
  sourceOf,
} from '@countersign/core';
import type { CacheEntry } from '../credentials/credential-cache.ts';
import type { Way } from '../decision/way.ts';
import type { Meter } from './credential-limits.ts';

/** The quota that an account has instead of a limit's own; undefined where it has none. */
export type QuotaOf = (accountId: string, limitName: string) => number | undefined;

/** The operator's limits that a request falls under. Requests that fall under the same ones share it. */
interface Applicable {
  /** Those that are the same for all requests of a credential to which this applies. */
  readonly lasting: readonly RateLimitRule[];
  /** Those that depend on where the request comes from. */
  readonly byAddress: readonly RateLimitRule[];
  readonly route: string | undefined;
  readonly permission: string | undefined;
}

/** Whether an account can have a quota of its own for a limit: what it counts is of one account alone. */
export function isOfAccounts({ per }: RateLimitRule): boolean {
  return per.includes('account') || per.includes('credential');
}

/** Callers of the verify API may name any permission. */
const MAX_KNOWN = 10_000;

/**
 * Says which rate limits a request falls under: those of its key, and those of the operator. The latter hold for customers
 * alone: an operator's key asks for decisions about all of them.
 *
 * What does not depend on the request's address is put together once for a credential.
 */
export class RateLimits {
  readonly #rules: readonly RateLimitRule[];
  readonly #quotaOf: QuotaOf | undefined;
  readonly #byDemand = { live: new Map<unknown, Applicable>(), test: new Map<unknown, Applicable>() };
  readonly #byContent = new Map<string, Applicable>();

  /** @param quotaOf absent: no account has quotas of its own */
  constructor(rules: readonly RateLimitRule[], quotaOf?: QuotaOf) {
    this.#rules = rules;
    this.#quotaOf = quotaOf;
  }

  /** All limits of a request that was authenticated, the key's own first. */
  metersOf(entry: CacheEntry, { requirement, audience, peer }: Way): readonly Meter[] {
    const { own } = entry.limits;
    if (this.#rules.length === 0 || requirement === undefined || audience === 'operators') return own;
    const { credential } = entry;
    const applicable = this.#applicableTo(requirement, credential.profile.environment);
    const lasting = this.#lastingOf(entry, applicable);
    if (applicable.byAddress.length === 0) return lasting;
    const address = peer === undefined ? null : sourceOf(peer);
    return [
      ...lasting,
      ...applicable.byAddress.map((rule) => this.#meterOf(rule, credential, applicable, address)),
    ];
  }

  #lastingOf(entry: CacheEntry, applicable: Applicable): readonly Meter[] {
    const { own } = entry.limits;
    if (applicable.lasting.length === 0) return own;
    const kept = entry.limits.keptFor(applicable);
    if (kept !== undefined && !this.#isOutdated(kept, applicable.lasting, entry.credential)) return kept;
    const operators = applicable.lasting.map((rule) =>
      this.#meterOf(rule, entry.credential, applicable, null),
    );
    const meters = [...own, ...operators];
    entry.ownLimits().keep(applicable, meters);
    return meters;
  }

  /** Whether the account's quotas were changed since. */
  #isOutdated(kept: readonly Meter[], rules: readonly RateLimitRule[], { accountId }: Credential): boolean {
    if (this.#quotaOf === undefined) return false;
    const first = kept.length - rules.length;
    for (let i = 0; i < rules.length; i++) {
      if (kept[first + i]?.quota !== this.#quota(rules[i] as RateLimitRule, accountId)) return true;
    }
    return false;
  }

  #quota(rule: RateLimitRule, accountId: string): number {
    if (this.#quotaOf === undefined || !isOfAccounts(rule)) return rule.quota;
    return this.#quotaOf(accountId, rule.name) ?? rule.quota;
  }

  #meterOf(
    rule: RateLimitRule,
    { id, accountId, profile }: Credential,
    { route, permission }: Applicable,
    address: string | null,
  ): Meter {
    const values: Record<LimitDimension, string | null> = {
      credential: id,
      account: accountId,
      environment: profile.environment,
      address,
      route: route ?? null,
      permission: permission ?? null,
    };
    const { name, windowSeconds, per } = rule;
    return {
      name,
      // As JSON, nothing that stands in a value can be taken for the next one, or for another kind of counter.
      key: JSON.stringify(['rule', name, windowSeconds, ...per.flatMap((one) => [one, values[one]])]),
      quota: this.#quota(rule, accountId),
      windowMs: windowSeconds * 1000,
    };
  }

  #applicableTo({ permission, rule }: Requirement, environment: Environment): Applicable {
    const known = this.#byDemand[environment];
    const demand: Rule | string | undefined = rule ?? permission?.name;
    let applicable = known.get(demand);
    if (applicable === undefined) {
      if (known.size >= MAX_KNOWN) known.clear();
      applicable = this.#shared(permission?.name, rule?.route, environment);
      known.set(demand, applicable);
    }
    return applicable;
  }

  /** One object for all demands that come to the same, so that a credential keeps one list for them. */
  #shared(permission: string | undefined, route: string | undefined, environment: Environment): Applicable {
    const rules = this.#rules.filter(
      (rule) =>
        (rule.environments?.includes(environment) ?? true) &&
        (rule.permissions === undefined ||
          (permission !== undefined && rule.permissions.includes(permission))),
    );
    const depends = (on: LimitDimension) => rules.some(({ per }) => per.includes(on));
    const made: Applicable = {
      lasting: rules.filter(({ per }) => !per.includes('address')),
      byAddress: rules.filter(({ per }) => per.includes('address')),
      route: depends('route') ? route : undefined,
      permission: depends('permission') ? permission : undefined,
    };
    const content = JSON.stringify([
      rules.map((rule) => this.#rules.indexOf(rule)),
      made.route ?? null,
      made.permission ?? null,
    ]);
    const there = this.#byContent.get(content);
    if (there !== undefined) return there;
    if (this.#byContent.size >= MAX_KNOWN) this.#byContent.clear();
    this.#byContent.set(content, made);
    return made;
  }
}
