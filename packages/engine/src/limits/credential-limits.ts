import type { Credential } from '@countersign/core';
import type { MeterAsk, SpendAsk } from '../ports/claim-and-meter.ts';

/** A rate limit as it is asked, with its name. */
export interface Meter extends MeterAsk {
  readonly name: string;
}

const NO_METERS: readonly Meter[] = [];
const NO_SPENDS: readonly SpendAsk[] = [];
/** Lists that one credential keeps. A bot uses few routes. */
const MAX_KEPT = 64;

/** The limits of one credential, as they are asked. */
export class CredentialLimits {
  /** Of all credentials that have none. */
  static readonly NONE: CredentialLimits = new CredentialLimits(NO_METERS, NO_SPENDS);

  /** The rate limits of the credential itself. */
  readonly own: readonly Meter[];
  /** What may be spent over a day and 30 days, in the order of the constraints' `spendLimits`. */
  readonly spends: readonly SpendAsk[];
  /** With the operator's, by what request they apply to. */
  #kept: Map<object, readonly Meter[]> | undefined;

  constructor(own: readonly Meter[], spends: readonly SpendAsk[]) {
    this.own = own;
    this.spends = spends;
  }

  keptFor(requests: object): readonly Meter[] | undefined {
    return this.#kept?.get(requests);
  }

  keep(requests: object, meters: readonly Meter[]): void {
    this.#kept ??= new Map();
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(requests, meters);
  }
}

/** Keys are JSON: nothing that stands in a value can be taken for the next one, or for another kind of counter. */
export function limitsOf({ id, profile }: Credential): CredentialLimits {
  const spendLimits = profile.constraints?.spendLimits ?? [];
  if (profile.rateLimits.length === 0 && spendLimits.length === 0) return CredentialLimits.NONE;
  const own = profile.rateLimits.map(({ name, quota, windowSeconds }) => ({
    name,
    key: JSON.stringify(['key', id, name, windowSeconds]),
    quota,
    windowMs: windowSeconds * 1000,
  }));
  const spends = spendLimits.map(({ name, limit, windowMs }) => ({
    key: JSON.stringify(['amount', id, name]),
    limit,
    windowMs,
  }));
  return new CredentialLimits(own, spends);
}
