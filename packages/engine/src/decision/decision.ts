import type {
  Audience,
  DenialCode,
  Environment,
  Facts,
  HttpAnswer,
  MatchedForm,
  RateLimitState,
  WireRequest,
} from '@countersign/core';

export type { RateLimitState } from '@countersign/core';

/** What the caller knows about a request beyond its bytes. Everything absent is taken from the manifest. */
export interface Ask {
  /** Absent: recognised from the headers. */
  readonly dialect?: string | undefined;
  /** Denies a credential of another environment. */
  readonly environment?: Environment | undefined;
  readonly permission?: string | undefined;
  /** Units of the rate limits: a whole number of at least 1. */
  readonly cost?: number | undefined;
  readonly facts?: Facts | undefined;
  /** When the account holder last proved a second factor to the caller, in ms since 1970. */
  readonly stepUpAt?: number | undefined;
  /** Default `customers`. */
  readonly audience?: Audience | undefined;
}

/** The credential, as an upstream may see it. */
export interface CredentialView {
  readonly id: string;
  readonly accountId: string;
  readonly environment: Environment;
  readonly permissions: readonly string[];
  readonly label: string;
  /** Of the change that the credential was last changed by. */
  readonly revision: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A secret version that a newer one has replaced, and that still proves for a while. Times are ms since 1970. */
export interface RetiringSecret {
  readonly replacedAt: number;
  readonly retiresAt: number;
}

export interface Allowed {
  readonly allowed: true;
  readonly requestId: string;
  /** Null on a route that the manifest declares public: nobody was authenticated. */
  readonly credential: CredentialView | null;
  readonly permission: string | null;
  readonly dialect: string | null;
  /** Which spelling of the request the signature covers. */
  readonly matched: MatchedForm | null;
  readonly secretVersion: number | null;
  readonly rateLimits: readonly RateLimitState[];
  /** Headers to set on the answer to the client: how its limits stand, and that its secret ends. Absent: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ms since 1970 from which on the same proof is refused: the key expires, its secret is retired, or its hours end. */
  readonly validUntil?: number | undefined;
  /** Set where the proof was made with a secret that was replaced: its bot should take the new one. */
  readonly retiringSecret?: RetiringSecret | undefined;
  /** Of a login inside a WebSocket: the exchange's answer. Absent: the message goes on, and the upstream answers. */
  readonly reply?: string | undefined;
}

export interface Denied {
  readonly allowed: false;
  readonly requestId: string;
  readonly code: DenialCode;
  readonly status: number;
  readonly detail: string;
  /** The client's clock minus ours, in ms, where the request carried a readable timestamp. */
  readonly clockDeltaMs?: number | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** Set once the caller had proved who they are. */
  readonly credentialId?: string | undefined;
  /**
   * What the dialect's own exchange would have answered, ready to be sent on. Of a message inside a WebSocket, the body
   * is the message to send back.
   */
  readonly response: HttpAnswer;
}

export type Decision = Allowed | Denied;

/** Lets a request through that needs no credential. */
export function passPublic(requestId: string): Allowed {
  return {
    allowed: true,
    requestId,
    credential: null,
    permission: null,
    dialect: null,
    matched: null,
    secretVersion: null,
    rateLimits: [],
  };
}

/** Decides about requests. Every face of the service, and every middleware, asks this one function. */
export interface Verifier {
  verify(request: WireRequest, ask?: Ask): Promise<Decision>;
}

/** A verifier for what lasts longer than a request. */
export interface WatchingVerifier extends Verifier {
  /**
   * For a decision that is lived on, like that on a WebSocket: calls `end` once, when it has to be made anew, because
   * the credential was changed or its time is over. Returns how to stop watching.
   */
  watch(decision: Allowed, end: () => void): () => void;
}
