import {
  type Approval,
  type Credential,
  DENIALS,
  type Denial,
  type Dialect,
  type HttpAnswer,
  type Proof,
  problemAnswer,
  type RefusalContext,
} from '@countersign/core';
import type { Meter } from '../limits/credential-limits.ts';
import type { MeterState } from '../ports/claim-and-meter.ts';
import { answerHeaders } from './answer-headers.ts';
import type { Allowed, Denied, RateLimitState, RetiringSecret } from './decision.ts';
import { deprecationHeaders } from './deprecation-headers.ts';
import type { Way } from './way.ts';

/** What a stranger without any credential is told to bring, where no dialect is preferred. */
const CHALLENGE = 'Signature realm="countersign", Bearer realm="countersign"';
export const NO_LIMITS: readonly RateLimitState[] = [];
const NO_REPLY = {};

/** Puts what all stages allowed into a decision. */
export function allowedOf(way: Way, { credential, secretVersion, matched }: Approval): Allowed {
  const { requestId, requirement, dialect, limits } = way;
  const retiringSecret = retiringSecretOf(credential, secretVersion);
  return {
    allowed: true,
    requestId,
    credential: {
      id: credential.id,
      accountId: credential.accountId,
      environment: credential.profile.environment,
      permissions: credential.profile.permissions,
      label: credential.label,
      revision: credential.revision,
      metadata: credential.metadata,
    },
    permission: requirement?.permission?.name ?? null,
    dialect: (dialect as Dialect).name,
    matched,
    secretVersion,
    validUntil: endOfProof(way, credential, secretVersion),
    rateLimits: limits,
    headers: joined(answerHeaders(way), deprecationHeaders(retiringSecret)),
    retiringSecret,
    ...replyTo(way),
  };
}

function retiringSecretOf({ proofs }: Credential, secretVersion: number): RetiringSecret | undefined {
  if (proofs.length === 1) return undefined;
  const { replacedAt, retiresAt } = proofs.find(({ version }) => version === secretVersion) as Proof;
  return replacedAt === undefined || retiresAt === undefined ? undefined : { replacedAt, retiresAt };
}

/** Puts a refusal into a decision, with the answer of the dialect's own exchange. */
export function deniedOf(way: Way, refusal: Denial): Denied {
  const { nowMs, requestId, request, dialect, proven } = way;
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
    response: withHeaders(
      dialect === undefined
        ? problemAnswer(refusal, context, CHALLENGE)
        : refuseIn(dialect, refusal, context),
      answerHeaders(way),
    ),
  };
}

function joined(
  first: Readonly<Record<string, string>> | undefined,
  second: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  return first === undefined || second === undefined ? (first ?? second) : { ...first, ...second };
}

function withHeaders(answer: HttpAnswer, added: Readonly<Record<string, string>> | undefined): HttpAnswer {
  return added === undefined ? answer : { ...answer, headers: { ...answer.headers, ...added } };
}

/** The exchange's answer to a login inside a WebSocket. */
function replyTo({ request: { message }, dialect, nowMs, requestId }: Way): {
  readonly reply?: string | undefined;
} {
  if (message === undefined) return NO_REPLY;
  return { reply: dialect?.webSocket?.accept(message, { nowMs, requestId }) };
}

/** The exchange's own answer: to a request, or to a message inside a WebSocket. */
function refuseIn(dialect: Dialect, refusal: Denial, context: RefusalContext): HttpAnswer {
  const answer = dialect.refuse(refusal, context);
  const message = context.request?.message;
  if (message === undefined || dialect.webSocket === undefined) return answer;
  return { ...answer, body: dialect.webSocket.refuse(refusal, message, context) };
}

/**
 * The end of the credential, as long as the permission outlives it, of its secret version, or of the hours that are open
 * now, whichever is soonest.
 */
function endOfProof(
  { requirement, nowMs }: Way,
  { expiresAt, proofs, profile }: Credential,
  secretVersion: number,
): number | undefined {
  const permission = requirement?.permission;
  const outlivesMs = permission?.policy?.outlivesExpiryMs ?? 0;
  let end = expiresAt === undefined ? Number.POSITIVE_INFINITY : expiresAt + outlivesMs;
  const retiresAt = proofs.find(({ version }) => version === secretVersion)?.retiresAt;
  if (retiresAt !== undefined) end = Math.min(end, retiresAt);
  const hours = permission && profile.constraints?.hours;
  if (hours !== undefined) end = Math.min(end, hours.openUntil(nowMs));
  return end === Number.POSITIVE_INFINITY ? undefined : end;
}

/** How limits stand, in the order in which they were asked. */
export function limitStates(
  meters: readonly Meter[],
  remaining: readonly MeterState[],
): readonly RateLimitState[] {
  if (remaining.length === 0) return NO_LIMITS;
  return remaining.map((state, i) => {
    const { name, quota, windowMs } = meters[i] as Meter;
    return {
      name,
      quota,
      windowSeconds: windowMs / 1000,
      remaining: state.remaining,
      resetSeconds: Math.ceil(state.resetMs / 1000),
      nextSeconds: Math.ceil(state.nextMs / 1000),
    };
  });
}
