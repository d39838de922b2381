import {
  type AddressBytes,
  type Approval,
  type Claim,
  type Credential,
  decide,
  DENIALS,
  type Denial,
  denial,
  type Dialect,
  endOfWindow,
  faultInRequestLine,
  isSafeMethod,
  parseAddress,
  pathOf,
  problemAnswer,
  type Requirement,
  sourceOf,
  type WireRequest,
} from '@countersign/core';
import type { AcceptedDialects } from './accepted-dialects.ts';
import type { GroupCommit } from './audit/group-commit.ts';
import type { CacheEntry } from './credential-cache.ts';
import type { Allowed, Ask, Decision, Denied, RateLimitState } from './decision.ts';
import type { FailureBudget } from './failure-budget.ts';
import { fingerprint, fingerprintText } from './fingerprint.ts';
import type { ClaimAndMeter, ClaimAndMeterAnswer, MeterAsk, NonceFingerprint } from './ports/claim-and-meter.ts';
import type { Demands } from './requirement.ts';
import type { Resolver } from './resolver.ts';
import type { UsageRecorder } from './usage.ts';

export interface DecisionMakerParts {
  readonly resolver: Resolver;
  readonly demands: Demands;
  readonly dialects: AcceptedDialects;
  readonly dummies: (dialect: Dialect, namedScheme: string | undefined) => Credential;
  readonly claimAndMeter: ClaimAndMeter;
  readonly log: GroupCommit;
  readonly usage: UsageRecorder;
  readonly failures: FailureBudget;
  readonly clock: () => number;
  readonly nextRequestId: () => string;
  readonly fingerprintSeed: number;
  readonly maxBodyBytes: number;
  readonly claimSafeMethods: boolean;
  readonly isFeedFresh: (nowMs: number) => boolean;
  readonly onDecision: (decision: Decision) => void;
  readonly onError: (error: unknown) => void;
}

/** What is known of a request on its way; stages fill it in. */
interface Way {
  readonly request: WireRequest;
  readonly ask: Ask;
  readonly nowMs: number;
  readonly requestId: string;
  readonly peer: AddressBytes | undefined;
  dialect: Dialect | undefined;
  claim: Claim | undefined;
  credential: Credential | undefined;
  requirement: Requirement | undefined;
  nonce: NonceFingerprint | undefined;
}

/** What a stranger without any credential is told to bring, where no dialect is preferred. */
const CHALLENGE = 'Signature realm="countersign", Bearer realm="countersign"';
const NO_ASK: Ask = {};
const NO_METERS: readonly MeterAsk[] = [];
const NO_LIMITS: readonly RateLimitState[] = [];

/** Denials that show that somebody guesses. Only these count against a source. */
const FAILURES: ReadonlySet<string> = new Set(['credential_unknown', 'passphrase_mismatch', 'signature_mismatch']);

/** The one verifier: takes a request through the ten stages. */
export class DecisionMaker {
  readonly #parts: DecisionMakerParts;

  constructor(parts: DecisionMakerParts) {
    this.#parts = parts;
  }

  async decide(request: WireRequest, ask: Ask = NO_ASK): Promise<Decision> {
    const { clock, nextRequestId, onError, onDecision } = this.#parts;
    const way: Way = {
      request,
      ask,
      nowMs: clock(),
      requestId: nextRequestId(),
      peer: request.ip === undefined ? undefined : parseAddress(request.ip),
      dialect: undefined,
      claim: undefined,
      credential: undefined,
      requirement: undefined,
      nonce: undefined,
    };
    let decision: Decision;
    try {
      decision = await this.#throughStages(way);
    } catch (error) {
      onError(error);
      decision = this.#deny(way, unavailable('The service cannot decide now.'));
    }
    onDecision(decision);
    return decision;
  }

  async #throughStages(way: Way): Promise<Decision> {
    const { demands, dialects, resolver, dummies, isFeedFresh, log } = this.#parts;
    const { request, ask, nowMs } = way;
    const inadmissible = this.#admit(way);
    if (inadmissible !== undefined) return this.#deny(way, inadmissible);
    const demand = demands.of(request.method, request.target, ask);
    if (demand.kind === 'public') return passPublic(way);
    if (demand.kind === 'requirement') way.requirement = demand.requirement;

    const dialect = dialects.choose(request, ask.dialect);
    if (dialect === undefined) {
      way.dialect = dialects.preferred;
      return this.#record(way, this.#deny(way, noDialect(ask)));
    }
    way.dialect = dialect;
    const claim = dialect.read(request);
    if (!claim.ok) return this.#record(way, this.#deny(way, claim));
    way.claim = claim;

    if (!isFeedFresh(nowMs)) return this.#deny(way, unavailable('The service does not know the latest changes.'));
    if (!log.isWritable) return this.#deny(way, unavailable('The audit log cannot be written.'));
    let entry = resolver.peek(claim.keyId);
    while (entry === undefined && (await resolver.load(claim.keyId))) entry = resolver.peek(claim.keyId);

    const verdict = decide({
      request,
      dialect,
      claim,
      credential: entry?.credential,
      dummy: dummies(dialect, claim.namedScheme),
      requirement: way.requirement,
      peer: way.peer,
      environment: ask.environment,
      audience: ask.audience ?? 'customers',
      nowMs,
    });
    if (!verdict.ok) {
      way.credential = verdict.credential;
      return this.#record(way, this.#deny(way, verdict.denial));
    }
    way.credential = verdict.credential;
    return this.#claimAndMeter(way, verdict, entry as CacheEntry);
  }

  /** Stage 1. Says what is wrong with the request as such, or that its source has failed too often. */
  #admit({ request, peer, nowMs }: Way): Denial | undefined {
    const { maxBodyBytes, failures } = this.#parts;
    if (request.body.length > maxBodyBytes) {
      return denial('body_too_large', `The body is over the limit of ${maxBodyBytes} bytes.`);
    }
    const fault = faultInRequestLine(request.method, request.target);
    if (fault !== undefined) return denial('malformed_request', fault);
    if (failures.isQuiet || peer === undefined) return undefined;
    const waitMs = failures.wait(sourceOf(peer), nowMs);
    if (waitMs === 0) return undefined;
    return denial('too_many_failures', 'Too many failed attempts came from this network.', {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
  }

  /** Stage 9. */
  async #claimAndMeter(way: Way, approval: Approval, entry: CacheEntry): Promise<Decision> {
    const { request, nowMs } = way;
    const claim = way.claim as Claim;
    const dialect = way.dialect as Dialect;
    const { credential } = approval;
    way.nonce = this.#nonceOf(way, claim, dialect, credential);
    const meters = metersOf(credential);
    let answer: ClaimAndMeterAnswer | undefined;
    if (way.nonce !== undefined || meters.length > 0) {
      const asked = this.#parts.claimAndMeter.claimAndMeter(
        {
          nonce: way.nonce,
          nonceExpiresAt: endOfWindow(claim, dialect, nowMs),
          meters,
          cost: way.requirement?.weight ?? 1,
        },
        nowMs,
      );
      answer = asked instanceof Promise ? await asked : asked;
      if (!answer.ok) {
        way.nonce = undefined;
        return this.#record(way, this.#deny(way, refusedClaim(answer, credential)));
      }
    }
    this.#parts.usage.note(entry, approval.secretVersion, nowMs, request.ip);
    return this.#record(way, {
      allowed: true,
      requestId: way.requestId,
      credential: {
        id: credential.id,
        accountId: credential.accountId,
        environment: credential.profile.environment,
        permissions: credential.profile.permissions,
        label: credential.label,
        metadata: credential.metadata,
      },
      permission: way.requirement?.permission?.name ?? null,
      dialect: dialect.name,
      matched: approval.matched,
      secretVersion: approval.secretVersion,
      rateLimits: answer === undefined ? NO_LIMITS : limitStates(credential, answer),
    });
  }

  #nonceOf(way: Way, claim: Claim, dialect: Dialect, credential: Credential): NonceFingerprint | undefined {
    if (!dialect.claims) return undefined;
    const mayRepeat = !dialect.claimsSafeMethods && !this.#parts.claimSafeMethods;
    if (mayRepeat && isSafeMethod(way.request.method)) return undefined;
    // A signature has one spelling only, so it stands for the request where there is no nonce.
    const text = claim.nonce === undefined ? claim.signature : `${credential.id}\n${claim.nonce}`;
    return fingerprint(text, this.#parts.fingerprintSeed);
  }

  /** Stage 10. A decision on a permission of critical risk is durable before it is answered. */
  async #record(way: Way, decision: Decision): Promise<Decision> {
    const { log } = this.#parts;
    log.add({
      at: way.nowMs,
      type: 'decision',
      credentialId: way.credential?.id,
      accountId: way.credential?.accountId,
      requestId: way.requestId,
      nonce:
        way.nonce === undefined
          ? undefined
          : {
              fingerprint: fingerprintText(way.nonce),
              expiresAt: endOfWindow(way.claim as Claim, way.dialect as Dialect, way.nowMs),
            },
      data: {
        allowed: decision.allowed,
        code: decision.allowed ? undefined : decision.code,
        permission: way.requirement?.permission?.name,
        dialect: way.dialect?.name,
        method: way.request.method,
        path: pathOf(way.request.target),
        ip: way.request.ip,
      },
    });
    if (way.requirement?.permission?.risk !== 'critical') return decision;
    try {
      await log.durable();
      return decision;
    } catch {
      // The log itself has told onError, and keeps the entry until it can be written.
      return this.#deny(way, unavailable('The audit log cannot be written.'));
    }
  }

  #deny(way: Way, refusal: Denial): Denied {
    const { nowMs, requestId, dialect, credential, peer } = way;
    if (FAILURES.has(refusal.code) && peer !== undefined) this.#parts.failures.fail(sourceOf(peer), nowMs);
    const context = { nowMs, requestId };
    return {
      allowed: false,
      requestId,
      code: refusal.code,
      status: DENIALS[refusal.code].status,
      detail: refusal.detail,
      clockDeltaMs: refusal.clockDeltaMs,
      retryAfterSeconds: refusal.retryAfterSeconds,
      credentialId: credential?.id,
      response:
        dialect === undefined ? problemAnswer(refusal, context, CHALLENGE) : dialect.refuse(refusal, context),
    };
  }
}

function noDialect(ask: Ask): Denial {
  if (ask.dialect !== undefined) return denial('dialect_unknown', 'There is no dialect of that name.');
  return denial('credential_missing', 'The request carries no credential in any known dialect.', { part: 'key' });
}

function unavailable(detail: string): Denial {
  return denial('unavailable', detail, { retryAfterSeconds: 1 });
}

function passPublic(way: Way): Allowed {
  return {
    allowed: true,
    requestId: way.requestId,
    credential: null,
    permission: null,
    dialect: null,
    matched: null,
    secretVersion: null,
    rateLimits: NO_LIMITS,
  };
}

function metersOf(credential: Credential): readonly MeterAsk[] {
  const { rateLimits } = credential.profile;
  if (rateLimits.length === 0) return NO_METERS;
  return rateLimits.map(({ name, quota, windowSeconds }) => ({
    key: `${credential.id}/${name}/${windowSeconds}`,
    quota,
    windowMs: windowSeconds * 1000,
  }));
}

function limitStates(credential: Credential, answer: ClaimAndMeterAnswer): readonly RateLimitState[] {
  if (!answer.ok || answer.remaining.length === 0) return NO_LIMITS;
  const { rateLimits } = credential.profile;
  return answer.remaining.map(({ remaining, resetMs }, i) => {
    const { name, quota } = rateLimits[i] as (typeof rateLimits)[number];
    return { name, quota, remaining, resetSeconds: Math.ceil(resetMs / 1000) };
  });
}

function refusedClaim(answer: Exclude<ClaimAndMeterAnswer, { ok: true }>, credential: Credential): Denial {
  switch (answer.reason) {
    case 'replayed':
      return denial('replayed', 'This request was used before.', { part: 'timestamp' });
    case 'full':
      return unavailable('The replay memory is full.');
    case 'rate_limited': {
      const limit = credential.profile.rateLimits[answer.limit];
      const retryAfterSeconds = Math.max(1, Math.ceil(answer.retryAfterMs / 1000));
      const detail = `The limit "${limit?.name}" of ${limit?.quota} in ${limit?.windowSeconds} s is used up.`;
      return denial('rate_limited', detail, { retryAfterSeconds });
    }
  }
}
