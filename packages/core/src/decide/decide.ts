import type { AddressBytes } from '../address.ts';
import { type Credential, type Environment, OPERATOR_ACCOUNT } from '../credential/credential.ts';
import { type Denial, denial } from '../denial.ts';
import type { Claim, Dialect, MatchedForm } from '../dialects/dialect.ts';
import type { WireRequest } from '../message.ts';
import { authenticate } from './authenticate.ts';
import { authorize } from './authorize.ts';
import type { Authorized } from './check-constraints.ts';
import type { Facts } from './fact-source.ts';
import { checkNetwork } from './network.ts';
import { type Requirement, type RequirementCases, requirementFor } from './requirement.ts';
import { checkStanding } from './standing.ts';
import { checkWindow } from './window.ts';

/** Everything that the pure stages of a decision depend on. */
export interface Question {
  readonly request: WireRequest;
  readonly dialect: Dialect;
  readonly claim: Claim;
  /** The record that the claim names; undefined when there is none. */
  readonly credential: Credential | undefined;
  /** Stands in for a missing record, so that its absence does not show in the time that it takes. */
  readonly dummies: Dummies;
  /** Undefined: the manifest knows no such route. */
  readonly demanded: Requirement | RequirementCases | undefined;
  /** The peer's address; undefined when it is unknown or unreadable. */
  readonly peer: AddressBytes | undefined;
  /** The environment that the caller asks for; absent: the credential's own. */
  readonly environment?: Environment | undefined;
  /** Whose door this is: the operator's management API, or the customers' API. */
  readonly audience: Audience;
  readonly nowMs: number;
  /** Whether the credential's account, or everything in its environment, is frozen. */
  readonly isFrozen: boolean;
  /** When the credential was last used, or made, in ms since 1970. */
  readonly lastUsedAt: number;
  /** When the account holder last proved a second factor, in ms since 1970. */
  readonly stepUpAt?: number | undefined;
  /** Ms until a passphrase may be guessed at again; absent or 0: now. */
  readonly passphraseWaitMs?: number | undefined;
}

/** Finds a credential that nobody owns, of a kind that the claim's dialect and algorithm ask for. */
export type Dummies = (dialect: Dialect, namedScheme: string | undefined) => Credential;

export type Audience = 'customers' | 'operators';

/** All pure stages passed. Replay and rate limits are still to be asked. */
export interface Approval {
  readonly ok: true;
  readonly credential: Credential;
  readonly secretVersion: number;
  readonly matched: MatchedForm;
  /** What was asked of the credential. */
  readonly requirement: Requirement;
  /** The request's facts, where a constraint had to know them. */
  readonly facts?: Facts | undefined;
  /** What the request counts towards the credential's spend limits, in units of 10^-30. Absent: nothing. */
  readonly amount?: bigint | undefined;
}

/** A denial, and whether it was said to somebody who had proved who they are. */
export interface Refusal {
  readonly ok: false;
  readonly denial: Denial;
  /** Set once the credential was authenticated. */
  readonly credential?: Credential | undefined;
  /** What was asked of it, where that was known. */
  readonly requirement?: Requirement | undefined;
}

/**
 * Stages 4 to 8 of a request's way: window, authenticate, standing, network, authorize. Pure: the same
 * question has the same answer. Neither replay nor rate limits are checked here.
 */
export function decide(question: Question): Approval | Refusal {
  const { claim, dialect, credential, nowMs } = question;
  const late = checkWindow(claim, dialect, nowMs);
  if (late !== undefined) return { ok: false, denial: late };
  if (credential === undefined || credential.proofs.length === 0) {
    authenticate(claim, dialect, question.dummies(dialect, claim.namedScheme), nowMs);
    return { ok: false, denial: withClock(absent(credential), question) };
  }
  const authenticated = authenticate(claim, dialect, credential, nowMs, question.passphraseWaitMs);
  if (!authenticated.ok) return { ok: false, denial: withClock(authenticated, question) };
  const requirement = question.demanded && requirementFor(question.demanded, question.request);
  const allowed = checkAuthenticated(credential, requirement, question);
  if (!allowed.ok) return { ok: false, denial: withClock(allowed, question), credential, requirement };
  if (requirement === undefined) throw new TypeError('a route without a rule was allowed');
  const { secretVersion, matched } = authenticated;
  const { facts, amount } = allowed;
  return { ok: true, credential, secretVersion, matched, requirement, facts, amount };
}

function absent(credential: Credential | undefined): Denial {
  return credential === undefined
    ? denial('credential_unknown', 'No such credential.', { part: 'key' })
    : denial('credential_revoked', 'The credential is revoked.', { part: 'key' });
}

function checkAuthenticated(
  credential: Credential,
  requirement: Requirement | undefined,
  question: Question,
): Authorized | Denial {
  const { environment, demanded, request, peer, audience } = question;
  if (environment !== undefined && environment !== credential.profile.environment) {
    return denial('environment_mismatch', `The credential belongs to ${credential.profile.environment}.`, {
      part: 'key',
    });
  }
  const permission = requirement?.permission;
  const { nowMs, isFrozen, lastUsedAt } = question;
  const standing = checkStanding(credential, { nowMs, isFrozen, lastUsedAt, permission });
  const refusal = standing ?? checkNetwork(credential, peer);
  if (refusal !== undefined) return refusal;
  // An operator's permissions and a customer's are two vocabularies: neither opens the other's door.
  if ((credential.accountId === OPERATOR_ACCOUNT) !== (audience === 'operators')) {
    return denial('permission_denied', `The credential is not one of the ${audience}'.`);
  }
  if (requirement === undefined) return denial('route_unknown', unknownRoute(demanded));
  return authorize(credential, requirement, request, question);
}

function unknownRoute(demanded: Question['demanded']): string {
  return demanded === undefined
    ? 'The manifest has no such route.'
    : 'The manifest has no case of this route that fits the body.';
}

function withClock(refusal: Denial, { claim, nowMs }: Question): Denial {
  if (claim.timestampMs === undefined) return refusal;
  return { ...refusal, clockDeltaMs: Math.round(claim.timestampMs - nowMs) };
}
