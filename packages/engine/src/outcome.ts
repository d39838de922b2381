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
import type { Allowed, Denied, RateLimitState, RetiringSecret } from './decision.ts';
import type { ClaimAndMeterAnswer } from './ports/claim-and-meter.ts';
import type { Way } from './way.ts';

/** What a stranger without any credential is told to bring, where no dialect is preferred. */
const CHALLENGE = 'Signature realm="countersign", Bearer realm="countersign"';
const NO_LIMITS: readonly RateLimitState[] = [];
const NO_REPLY = {};

/** Puts what all stages allowed into a decision. */
export function allowedOf(
  way: Way,
  { credential, secretVersion, matched }: Approval,
  answer: ClaimAndMeterAnswer | undefined,
): Allowed {
  const { requestId, requirement, dialect } = way;
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
    rateLimits: answer === undefined ? NO_LIMITS : limitStates(credential, answer),
    retiringSecret: retiringSecretOf(credential, secretVersion),
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
    response:
      dialect === undefined
        ? problemAnswer(refusal, context, CHALLENGE)
        : refuseIn(dialect, refusal, context),
  };
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

/** The end of the credential, as long as the permission outlives it, or of its secret version, whichever is sooner. */
function endOfProof(
  { requirement }: Way,
  { expiresAt, proofs }: Credential,
  secretVersion: number,
): number | undefined {
  const outlivesMs = requirement?.permission?.policy?.outlivesExpiryMs ?? 0;
  const end = expiresAt === undefined ? undefined : expiresAt + outlivesMs;
  const retiresAt = proofs.find(({ version }) => version === secretVersion)?.retiresAt;
  if (retiresAt === undefined || end === undefined) return retiresAt ?? end;
  return Math.min(retiresAt, end);
}

function limitStates(credential: Credential, answer: ClaimAndMeterAnswer): readonly RateLimitState[] {
  if (!answer.ok || answer.remaining.length === 0) return NO_LIMITS;
  const { rateLimits } = credential.profile;
  return answer.remaining.map(({ remaining, resetMs }, i) => {
    const { name, quota } = rateLimits[i] as (typeof rateLimits)[number];
    return { name, quota, remaining, resetSeconds: Math.ceil(resetMs / 1000) };
  });
}
