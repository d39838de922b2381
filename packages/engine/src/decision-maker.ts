import {
  type AddressBytes,
  type Approval,
  type Audience,
  type Claim,
  type Credential,
  DENIALS,
  type Denial,
  type Dialect,
  type Dummies,
  decide,
  denial,
  type Environment,
  faultInRequestLine,
  type HttpAnswer,
  problemAnswer,
  type Question,
  type RefusalContext,
  type Requirement,
  sourceOf,
  type WireRequest,
} from '@countersign/core';
import type { AcceptedDialects } from './accepted-dialects.ts';
import type { AddressBook } from './address-book.ts';
import { DecisionEntry } from './audit/decision-entry.ts';
import type { GroupCommit } from './audit/group-commit.ts';
import type { CacheEntry } from './credential-cache.ts';
import { type Ask, type Decision, type Denied, passPublic, type RateLimitState } from './decision.ts';
import type { FailureBudget } from './failure-budget.ts';
import { type OneUseSettings, oneUseOf } from './one-use.ts';
import { noDialect, refusedClaim, unavailable } from './own-denials.ts';
import type { ClaimAndMeter, ClaimAndMeterAnswer, OneUse } from './ports/claim-and-meter.ts';
import type { MaybePromise } from './ports/store.ts';
import { readClaim } from './read-claim.ts';
import type { Demands } from './requirement.ts';
import type { Resolver } from './resolver.ts';
import type { UsageRecorder } from './usage.ts';

export interface DecisionMakerParts extends OneUseSettings {
  readonly resolver: Resolver;
  readonly demands: Demands;
  readonly dialects: AcceptedDialects;
  readonly addresses: AddressBook;
  readonly dummies: Dummies;
  readonly claimAndMeter: ClaimAndMeter;
  readonly log: GroupCommit;
  readonly usage: UsageRecorder;
  readonly failures: FailureBudget;
  /** How many requests of one source are logged that name no known credential. */
  readonly strangers: FailureBudget;
  readonly clock: () => number;
  readonly nextRequestId: () => string;
  readonly maxBodyBytes: number;
  /** The host name under which customers reach this service. */
  readonly publicHost: string | undefined;
  readonly isFeedFresh: (nowMs: number) => boolean;
  readonly onDecision: (decision: Decision) => void;
  readonly onError: (error: unknown) => void;
}

/** What is known of a request on its way; stages fill it in. It is also the question that the pure stages answer. */
interface Way {
  readonly request: WireRequest;
  readonly ask: Ask;
  readonly nowMs: number;
  readonly requestId: string;
  readonly peer: AddressBytes | undefined;
  dialect: Dialect | undefined;
  claim: Claim | undefined;
  /** The credential that the request names, whether or not it proved it. */
  credential: Credential | undefined;
  requirement: Requirement | undefined;
  readonly dummies: Dummies;
  readonly environment: Environment | undefined;
  readonly audience: Audience;
  /** The credential, once it was authenticated. */
  proven: Credential | undefined;
  used: OneUse | undefined;
}

/** What a stranger without any credential is told to bring, where no dialect is preferred. */
const CHALLENGE = 'Signature realm="countersign", Bearer realm="countersign"';
const NO_ASK: Ask = {};
const NO_LIMITS: readonly RateLimitState[] = [];
const NO_REPLY = {};
const NOTHING_USED: OneUse = { nonceExpiresAt: 0 };

/** Denials that show that somebody guesses. Only these count against a source. */
const FAILURES: ReadonlySet<string> = new Set([
  'credential_unknown',
  // Only ever said to somebody who proved nothing, and must look like the one before.
  'credential_revoked',
  'passphrase_mismatch',
  'signature_mismatch',
]);

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
      requirement: undefined,
      dummies: this.#parts.dummies,
      environment: ask.environment,
      audience: ask.audience ?? 'customers',
      proven: undefined,
      used: undefined,
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
    const inadmissible = this.#admit(way);
    if (inadmissible !== undefined) {
      // No more is asked of it, but it is told in its own dialect: a bot knows that one's "too many".
      way.dialect = dialects.choose(request, ask.dialect) ?? dialects.preferred;
      return this.#deny(way, inadmissible);
    }
    const demand = demands.of(request.method, request.target, ask);
    if (demand.kind === 'public') return passPublic(way.requestId);
    if (demand.kind === 'requirement') way.requirement = demand.requirement;

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

  async #load(way: Way, claim: Claim): Promise<Decision> {
    const { resolver } = this.#parts;
    let entry: CacheEntry | undefined;
    // What was loaded may be evicted before this goes on, so it is looked up again until it is there.
    while (entry === undefined && (await resolver.load(claim.keyId))) entry = resolver.peek(claim.keyId);
    return this.#fromResolved(way, claim, way.dialect as Dialect, entry);
  }

  /** Stages 4 to 9. From here to the end of stage 8 nothing waits: the credential cannot change meanwhile. */
  #fromResolved(
    way: Way,
    claim: Claim,
    dialect: Dialect,
    entry: CacheEntry | undefined,
  ): MaybePromise<Decision> {
    way.credential = entry?.credential;
    const verdict = decide(way as Question);
    way.proven = verdict.credential;
    if (!verdict.ok) return this.#record(way, this.#deny(way, verdict.denial));
    const resolved = entry as CacheEntry;
    way.used = oneUseOf(way.request, claim, dialect, verdict.credential, way.nowMs, this.#parts);
    const { nowMs, used } = way;
    const { meters } = resolved;
    if (used === undefined && meters.length === 0) return this.#allow(way, verdict, resolved, undefined);
    const asked = { ...(used ?? NOTHING_USED), meters, cost: way.requirement?.weight ?? 1 };
    const answer = this.#parts.claimAndMeter.claimAndMeter(asked, nowMs);
    if (answer instanceof Promise)
      return answer.then((late) => this.#afterClaim(way, verdict, resolved, late));
    return this.#afterClaim(way, verdict, resolved, answer);
  }

  #afterClaim(
    way: Way,
    approval: Approval,
    entry: CacheEntry,
    answer: ClaimAndMeterAnswer,
  ): MaybePromise<Decision> {
    if (answer.ok) return this.#allow(way, approval, entry, answer);
    way.used = undefined;
    return this.#record(way, this.#deny(way, refusedClaim(answer, approval.credential)));
  }

  #allow(
    way: Way,
    { credential, secretVersion, matched }: Approval,
    entry: CacheEntry,
    answer: ClaimAndMeterAnswer | undefined,
  ): MaybePromise<Decision> {
    this.#parts.usage.note(entry, secretVersion, way.nowMs, way.request.ip);
    return this.#record(way, {
      allowed: true,
      requestId: way.requestId,
      credential: {
        id: credential.id,
        accountId: credential.accountId,
        environment: credential.profile.environment,
        permissions: credential.profile.permissions,
        label: credential.label,
        revision: credential.revision,
        metadata: credential.metadata,
      },
      permission: way.requirement?.permission?.name ?? null,
      dialect: (way.dialect as Dialect).name,
      matched,
      secretVersion,
      validUntil: endOfProof(credential, secretVersion),
      rateLimits: answer === undefined ? NO_LIMITS : limitStates(credential, answer),
      ...this.#replyTo(way),
    });
  }

  /** The exchange's answer to a login inside a WebSocket. */
  #replyTo({ request: { message }, dialect, nowMs, requestId }: Way): {
    readonly reply?: string | undefined;
  } {
    if (message === undefined) return NO_REPLY;
    return { reply: dialect?.webSocket?.accept(message, { nowMs, requestId }) };
  }

  /** Stage 1. Says what is wrong with the request as such, or that its source has failed too often. */
  #admit({ request, ask, peer, nowMs }: Way): Denial | undefined {
    const { maxBodyBytes, failures } = this.#parts;
    // What operators send has the limits of the face that read it: a verify call holds a whole request.
    const isTooLong = ask.audience !== 'operators' && request.body.length > maxBodyBytes;
    if (request.bodyIsTruncated || isTooLong) {
      return denial('body_too_large', `The body is over the limit of ${maxBodyBytes} bytes.`);
    }
    const fault = faultInRequestLine(request.method, request.target);
    if (fault !== undefined) return denial('malformed_request', fault);
    if (failures.isQuiet || peer === undefined) return undefined;
    const waitMs = failures.wait(budgetOf(peer, ask), nowMs);
    if (waitMs === 0) return undefined;
    return denial('too_many_failures', 'Too many failed attempts came from this network.', {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
  }

  /** Stage 10. A decision on a permission of critical risk is durable before it is answered. */
  #record(way: Way, decision: Decision): MaybePromise<Decision> {
    const { log } = this.#parts;
    const { request, nowMs, requestId, credential, used, dialect, requirement } = way;
    if (credential === undefined && this.#isKnownStranger(way)) return decision;
    if (decision.allowed && requirement?.permission?.isUnlogged) return decision;
    log.add(
      new DecisionEntry(
        decision,
        request,
        nowMs,
        requestId,
        credential,
        way.proven !== undefined,
        dialect,
        requirement?.permission?.name,
        used,
      ),
    );
    return requirement?.permission?.risk === 'critical' ? this.#durable(way, decision) : decision;
  }

  /** Whether a source without a credential has filled its part of the log. Its requests are counted still. */
  #isKnownStranger({ peer, ask, nowMs }: Way): boolean {
    const { strangers } = this.#parts;
    const source = peer === undefined ? 'unknown' : budgetOf(peer, ask);
    if (strangers.wait(source, nowMs) > 0) return true;
    strangers.fail(source, nowMs);
    return false;
  }

  async #durable(way: Way, decision: Decision): Promise<Decision> {
    try {
      await this.#parts.log.durable();
      return decision;
    } catch {
      // The log itself has told onError, and keeps the entry until it can be written.
      return this.#deny(way, unavailable('The audit log cannot be written.'));
    }
  }

  #fault(way: Way, error: unknown): Denied {
    this.#parts.onError(error);
    return this.#deny(way, unavailable('The service cannot decide now.'));
  }

  #deny(way: Way, refusal: Denial): Denied {
    const { nowMs, requestId, request, dialect, proven, peer, ask } = way;
    if (FAILURES.has(refusal.code) && peer !== undefined)
      this.#parts.failures.fail(budgetOf(peer, ask), nowMs);
    const context = { nowMs, requestId, request };
    return {
      allowed: false,
      requestId,
      code: refusal.code,
      status: DENIALS[refusal.code].status,
      detail: refusal.detail,
      clockDeltaMs: refusal.clockDeltaMs,
      retryAfterSeconds: refusal.retryAfterSeconds,
      credentialId: proven?.id,
      response:
        dialect === undefined
          ? problemAnswer(refusal, context, CHALLENGE)
          : refuseIn(dialect, refusal, context),
    };
  }
}

/** Whose failures are counted together. A gateway that fails as an operator does not lock its customers out. */
function budgetOf(peer: AddressBytes, { audience = 'customers' }: Ask): string {
  return `${audience} ${sourceOf(peer)}`;
}

/** The exchange's own answer: to a request, or to a message inside a WebSocket. */
function refuseIn(dialect: Dialect, refusal: Denial, context: RefusalContext): HttpAnswer {
  const answer = dialect.refuse(refusal, context);
  const message = context.request?.message;
  if (message === undefined || dialect.webSocket === undefined) return answer;
  return { ...answer, body: dialect.webSocket.refuse(refusal, message, context) };
}

/** The end of the credential or of its secret version, whichever is sooner. */
function endOfProof({ expiresAt, proofs }: Credential, secretVersion: number): number | undefined {
  const retiresAt = proofs.find(({ version }) => version === secretVersion)?.retiresAt;
  if (retiresAt === undefined || expiresAt === undefined) return retiresAt ?? expiresAt;
  return Math.min(retiresAt, expiresAt);
}

function limitStates(credential: Credential, answer: ClaimAndMeterAnswer): readonly RateLimitState[] {
  if (!answer.ok || answer.remaining.length === 0) return NO_LIMITS;
  const { rateLimits } = credential.profile;
  return answer.remaining.map(({ remaining, resetMs }, i) => {
    const { name, quota } = rateLimits[i] as (typeof rateLimits)[number];
    return { name, quota, remaining, resetSeconds: Math.ceil(resetMs / 1000) };
  });
}
