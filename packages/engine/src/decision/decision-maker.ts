import {
  type Approval,
  type Claim,
  type Denial,
  type Dialect,
  type Dummies,
  decide,
  type Question,
  type WireRequest,
} from '@countersign/core';
import type { AccountBook } from '../accounts/account-book.ts';
import type { UsageRecorder } from '../activity/usage.ts';
import type { AddressBook } from '../address-book.ts';
import { DecisionEntry } from '../audit/decision-entry.ts';
import type { GroupCommit } from '../audit/group-commit.ts';
import type { CacheEntry } from '../credentials/credential-cache.ts';
import type { Resolver } from '../credentials/resolver.ts';
import type { Guesses } from '../guesses/guesses.ts';
import type { Meter } from '../limits/credential-limits.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type {
  ClaimAndMeter,
  ClaimAndMeterAnswer,
  ClaimAndMeterAsk,
  SpendAsk,
} from '../ports/claim-and-meter.ts';
import type { MaybePromise } from '../ports/store.ts';
import type { AcceptedDialects } from './accepted-dialects.ts';
import type { Admission } from './admission.ts';
import { type Ask, type Decision, type Denied, passPublic } from './decision.ts';
import { type OneUseSettings, oneUseOf } from './one-use.ts';
import { allowedOf, deniedOf, limitStates, NO_LIMITS } from './outcome.ts';
import { noDialect, refusedClaim, unavailable } from './own-denials.ts';
import { readClaim } from './read-claim.ts';
import type { Demands } from './requirement.ts';
import type { Way } from './way.ts';

export interface DecisionMakerParts extends OneUseSettings {
  readonly resolver: Resolver;
  readonly demands: Demands;
  readonly dialects: AcceptedDialects;
  readonly accounts: AccountBook;
  readonly addresses: AddressBook;
  readonly dummies: Dummies;
  readonly claimAndMeter: ClaimAndMeter;
  readonly rateLimits: RateLimits;
  readonly log: GroupCommit;
  readonly usage: UsageRecorder;
  readonly admission: Admission;
  readonly guesses: Guesses;
  readonly clock: () => number;
  readonly nextRequestId: () => string;
  /** The host name under which customers reach this service. */
  readonly publicHost: string | undefined;
  readonly isFeedFresh: (nowMs: number) => boolean;
  readonly onDecision: (decision: Decision) => void;
  readonly onError: (error: unknown) => void;
}

const NO_ASK: Ask = {};
const NO_SPENDS: readonly SpendAsk[] = [];

/**
 * The one verifier: takes a request through the ten stages.
 *
 * It answers at once where it can (the credential is cached, the memory of replays is in this process, the
 * decision need not be durable first): a promise for each stage would cost more than the signature.
 */
export class DecisionMaker {
  readonly #parts: DecisionMakerParts;

  constructor(parts: DecisionMakerParts) {
    this.#parts = parts;
  }

  decide(request: WireRequest, ask: Ask = NO_ASK): MaybePromise<Decision> {
    const { clock, nextRequestId, addresses, onDecision } = this.#parts;
    const way: Way = {
      request,
      ask,
      nowMs: clock(),
      requestId: nextRequestId(),
      peer: request.ip === undefined ? undefined : addresses.parse(request.ip),
      dialect: undefined,
      claim: undefined,
      credential: undefined,
      demanded: undefined,
      requirement: undefined,
      dummies: this.#parts.dummies,
      environment: ask.environment,
      audience: ask.audience ?? 'customers',
      isFrozen: false,
      lastUsedAt: 0,
      stepUpAt: ask.stepUpAt,
      passphraseWaitMs: 0,
      proven: undefined,
      used: undefined,
      taken: undefined,
      limits: NO_LIMITS,
    };
    let decision: MaybePromise<Decision>;
    try {
      decision = this.#untilResolved(way);
    } catch (error) {
      decision = this.#fault(way, error);
    }
    if (!(decision instanceof Promise)) {
      onDecision(decision);
      return decision;
    }
    return decision
      .catch((error: unknown) => this.#fault(way, error))
      .then((late) => {
        onDecision(late);
        return late;
      });
  }

  /** Stages 1 to 3. */
  #untilResolved(way: Way): MaybePromise<Decision> {
    const { demands, dialects, resolver, isFeedFresh, log } = this.#parts;
    const { request, ask, nowMs } = way;
    const inadmissible = this.#parts.admission.refuse(way) ?? this.#refuseGuesser(way);
    if (inadmissible !== undefined) {
      // No more is asked of it, but it is told in its own dialect: a bot knows that one's "too many".
      way.dialect = dialects.choose(request, ask.dialect) ?? dialects.preferred;
      return this.#deny(way, inadmissible);
    }
    const demand = demands.of(request.method, request.target, ask);
    if (demand.kind === 'public') return passPublic(way.requestId);
    if (demand.kind === 'requirement') {
      way.demanded = demand.requirement;
      if (!('cases' in demand.requirement)) way.requirement = demand.requirement;
    }

    const dialect = dialects.choose(request, ask.dialect);
    way.dialect = dialect ?? dialects.preferred;
    // Before anything that would be logged: what cannot be written must not pile up, from strangers least of all.
    if (!log.isWritable) return this.#deny(way, unavailable('The audit log cannot be written.'));
    if (dialect === undefined) return this.#record(way, this.#deny(way, noDialect(ask, request.message)));
    const context = { publicHost: this.#parts.publicHost, environment: ask.environment };
    const claim = readClaim(request, dialect, context);
    if (!claim.ok) return this.#record(way, this.#deny(way, claim));
    way.claim = claim;

    if (!isFeedFresh(nowMs))
      return this.#deny(way, unavailable('The service does not know the latest changes.'));
    const entry = resolver.peek(claim.keyId);
    return entry === undefined ? this.#load(way, claim) : this.#fromResolved(way, claim, dialect, entry);
  }

  /** Refuses a network from which too much has failed, but for keys that succeeded from there before. */
  #refuseGuesser(way: Way): Denial | undefined {
    const { guesses, dialects, publicHost } = this.#parts;
    if (guesses.isQuiet) return undefined;
    return guesses.refuseNetwork(way, () => {
      const { request, ask } = way;
      const dialect = dialects.choose(request, ask.dialect);
      // To recover a key costs more than to verify a signature: not for a network that is shut.
      if (dialect === undefined || dialect.schemes.secp256k1 !== undefined) return undefined;
      const claim = readClaim(request, dialect, { publicHost, environment: ask.environment });
      return claim.ok ? claim.keyId : undefined;
    });
  }

  async #load(way: Way, claim: Claim): Promise<Decision> {
    const { resolver } = this.#parts;
    let entry: CacheEntry | undefined;
    // What was loaded may be evicted before this goes on, so it is looked up again until it is there.
    while (entry === undefined && (await resolver.load(claim.keyId))) entry = resolver.peek(claim.keyId);
    // Others of its network may have failed while this one waited: guesses at the same time are no more than others.
    const late = this.#refuseGuesser(way);
    if (late !== undefined) return this.#deny(way, late);
    return this.#fromResolved(way, claim, way.dialect as Dialect, entry);
  }

  /** Stages 4 to 9. From here to the end of stage 8 nothing waits: the credential cannot change meanwhile. */
  #fromResolved(
    way: Way,
    claim: Claim,
    dialect: Dialect,
    entry: CacheEntry | undefined,
  ): MaybePromise<Decision> {
    if (entry !== undefined) {
      way.credential = entry.credential;
      way.lastUsedAt = entry.usedAt;
      const { accountId, profile } = entry.credential;
      way.isFrozen = this.#parts.accounts.isFrozen(accountId, profile.environment);
    }
    way.passphraseWaitMs = this.#parts.guesses.passphraseWait(way);
    const verdict = decide(way as Question);
    way.proven = verdict.credential;
    way.requirement = verdict.requirement ?? way.requirement;
    if (!verdict.ok) {
      this.#parts.usage.noteDenied(way, verdict.denial);
      return this.#record(way, this.#deny(way, verdict.denial));
    }
    const resolved = entry as CacheEntry;
    way.used = oneUseOf(way.request, claim, dialect, verdict.credential, way.nowMs, this.#parts);
    const { nowMs, used } = way;
    const { amount } = verdict;
    const meters = this.#parts.rateLimits.metersOf(resolved, way);
    const spends = amount === undefined || amount === 0n ? NO_SPENDS : resolved.limits.spends;
    if (used === undefined && meters.length === 0 && spends.length === 0)
      return this.#allow(way, verdict, resolved);
    // Each field by name: a spread would cost more than all that is asked here.
    const asked: ClaimAndMeterAsk = {
      nonce: used?.nonce,
      bound: used?.bound,
      nonceExpiresAt: used?.nonceExpiresAt ?? 0,
      rising: used?.rising,
      meters,
      cost: way.requirement?.weight ?? 1,
      spends,
      amount,
    };
    const answer = this.#parts.claimAndMeter.claimAndMeter(asked, nowMs);
    if (answer instanceof Promise)
      return answer.then((late) => this.#afterClaim(way, verdict, resolved, meters, late));
    return this.#afterClaim(way, verdict, resolved, meters, answer);
  }

  #afterClaim(
    way: Way,
    approval: Approval,
    entry: CacheEntry,
    meters: readonly Meter[],
    answer: ClaimAndMeterAnswer,
  ): MaybePromise<Decision> {
    if ('remaining' in answer) way.limits = limitStates(meters, answer.remaining);
    if (answer.ok) {
      way.taken = answer.taken;
      return this.#allow(way, approval, entry);
    }
    way.used = undefined;
    return this.#record(way, this.#deny(way, refusedClaim(answer, meters, approval.credential)));
  }

  #allow(way: Way, approval: Approval, entry: CacheEntry): MaybePromise<Decision> {
    const { guesses, usage } = this.#parts;
    // Once in a while, and from each other address: what it is for are other networks.
    if (!entry.hasUnsavedUse || entry.usedIp !== way.request.ip) guesses.succeeded(way);
    usage.note(entry, approval.secretVersion, way.nowMs, way.request.ip);
    usage.activity.note(way, approval.credential.id, approval.facts);
    return this.#record(way, allowedOf(way, approval));
  }

  /** Stage 10. A decision on a permission of critical risk is durable before it is answered. */
  #record(way: Way, decision: Decision): MaybePromise<Decision> {
    const { log } = this.#parts;
    const { request, nowMs, requestId, credential, proven, used, taken, dialect, requirement } = way;
    if (proven === undefined) {
      const code = decision.allowed ? undefined : decision.code;
      const isStranger = credential === undefined || code === 'too_many_failures';
      // A wrong passphrase is always logged: it is the trace of a thief, and there are few, because they have to wait.
      if (code !== 'passphrase_mismatch' && this.#parts.admission.isLeftOut(way, isStranger)) return decision;
    }
    if (decision.allowed && requirement?.permission?.isUnlogged) return decision;
    const entry = new DecisionEntry(
      decision,
      request,
      nowMs,
      requestId,
      credential,
      proven !== undefined,
      dialect,
      requirement?.permission?.name,
      used,
      taken,
    );
    log.add(entry);
    return requirement?.permission?.risk === 'critical' ? this.#durable(way, decision, entry) : decision;
  }

  async #durable(way: Way, decision: Decision, entry: DecisionEntry): Promise<Decision> {
    try {
      await this.#parts.log.durable();
      return decision;
    } catch {
      // The log itself has told onError, and keeps the entry until it can be written.
      const { taken } = entry;
      entry.withdraw();
      if (taken !== undefined) await this.#parts.claimAndMeter.giveBack(taken, way.nowMs);
      return this.#deny(way, unavailable('The audit log cannot be written.'));
    }
  }

  #fault(way: Way, error: unknown): Denied {
    this.#parts.onError(error);
    return this.#deny(way, unavailable('The service cannot decide now.'));
  }

  #deny(way: Way, refusal: Denial): Denied {
    this.#parts.guesses.failed(way, refusal.code);
    return deniedOf(way, refusal);
  }
}
