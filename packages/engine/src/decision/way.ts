import type {
  AddressBytes,
  Audience,
  Claim,
  Credential,
  Dialect,
  Dummies,
  Environment,
  Requirement,
  RequirementCases,
  WireRequest,
} from '@countersign/core';
import type { OneUse, Taken } from '../ports/claim-and-meter.ts';
import type { Ask, RateLimitState } from './decision.ts';

/** What is known of a request on its way; stages fill it in. It is also the question that the pure stages answer. */
export interface Way {
  readonly request: WireRequest;
  readonly ask: Ask;
  readonly nowMs: number;
  readonly requestId: string;
  readonly peer: AddressBytes | undefined;
  dialect: Dialect | undefined;
  claim: Claim | undefined;
  /** The credential that the request names, whether or not it proved it. */
  credential: Credential | undefined;
  demanded: Requirement | RequirementCases | undefined;
  /** What is asked of the credential, once that is known. */
  requirement: Requirement | undefined;
  readonly dummies: Dummies;
  readonly environment: Environment | undefined;
  readonly audience: Audience;
  isFrozen: boolean;
  lastUsedAt: number;
  readonly stepUpAt: number | undefined;
  passphraseWaitMs: number;
  /** The credential, once it was authenticated. */
  proven: Credential | undefined;
  used: OneUse | undefined;
  /** What it took of limits. */
  taken: Taken | undefined;
  /** How the rate limits stand that it falls under, once they were asked. */
  limits: readonly RateLimitState[];
}
