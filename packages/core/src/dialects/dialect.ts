import type { CredentialKind, Environment } from '../credential/credential.ts';
import type { Denial } from '../denial.ts';
import type { WireRequest } from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import type { SchemeUse } from '../schemes/scheme.ts';

/** Which spelling of the request the client's signature covers. */
export type MatchedForm = 'wire' | 'decoded' | 'decoded-plus' | 'encoded';

/** A prehash that the client may have signed instead of the wire's. */
export interface Alternative {
  readonly form: Exclude<MatchedForm, 'wire'>;
  readonly prehash: Prehash;
}

/** What a request says of itself, read but not yet believed. */
export interface Claim {
  readonly ok: true;
  /** The credential's id, or another name under which the store finds it. */
  readonly keyId: string;
  readonly signature: string;
  readonly passphrase?: string | undefined;
  /** The request's timestamp in ms since 1970; absent in dialects without one. */
  readonly timestampMs?: number | undefined;
  /** Ms since 1970 after which the client itself said that the request is void (`expires`, `recvWindow`). */
  readonly expiresMs?: number | undefined;
  /** A value that the client promises to use once. Absent: the signature itself is remembered. */
  readonly nonce?: string | undefined;
  /** The algorithm that the request names. It is compared with the credential's, and never chooses. */
  readonly namedScheme?: string | undefined;
  /** What the signature covers when the client signed what it sent. */
  readonly prehash: Prehash;
  /** Other spellings, tried in turn when the wire's does not match. Called once, and only then. */
  readonly alternatives?: (() => readonly Alternative[]) | undefined;
}

/** How far a timestamp may be from the server's clock, in ms. Both ends are inclusive. */
export interface Window {
  readonly pastMs: number;
  readonly futureMs: number;
}

/** An HTTP answer, ready to be sent. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a dialect needs to sign a request. The clock and the nonce are arguments. */
export interface SigningKey {
  readonly keyId: string;
  readonly passphrase?: string | undefined;
  /** Signs a prehash with the named scheme and encodes the signature for the dialect. */
  readonly sign: (use: SchemeUse, prehash: Prehash) => string;
  readonly kind: CredentialKind;
}

export interface SigningContext {
  readonly nowMs: number;
  readonly nonce: string;
}

/**
 * How a request carries and covers its signature: one row of the dialect table. Pure in both directions.
 */
export interface Dialect {
  readonly name: string;
  /** The scheme for each kind of credential that the dialect knows. The record's kind picks the row. */
  readonly schemes: Partial<Readonly<Record<CredentialKind, SchemeUse>>>;
  /** Whether a credential for this dialect has a passphrase. */
  readonly hasPassphrase: boolean;
  /** Headers that carry the proof, in lower case: never passed on to an upstream. */
  readonly securityHeaders: readonly string[];
  /** Absent in dialects without a timestamp. */
  readonly window?: Window | undefined;
  /** The unit of the timestamp on the wire, for the error that explains a wrong one. */
  readonly timestampUnit?: 'ms' | 'seconds' | 'ISO 8601' | undefined;
  /** Whether a read-only request too may be used once only: true where the dialect has a nonce of its own. */
  readonly claimsSafeMethods: boolean;
  /** Whether replays are refused at all: not for a bearer token, which is the same in every request. */
  readonly claims: boolean;
  /** Whether a WebSocket of this dialect proves itself in its handshake, or by a message inside the socket. */
  readonly webSocketLogin: 'handshake' | 'message';
  /** Whether a request speaks this dialect. Says nothing about its validity. */
  recognises(request: WireRequest): boolean;
  /** Reads the claim, or says why there is none. Never throws, on any bytes. */
  read(request: WireRequest): Claim | Denial;
  /** The answer that the dialect's own exchange would have given. */
  refuse(refusal: Denial, context: RefusalContext): HttpAnswer;
  /** Signs a request: returns the headers to add. */
  sign(request: WireRequest, key: SigningKey, context: SigningContext): Record<string, string>;
}

export interface RefusalContext {
  readonly nowMs: number;
  readonly requestId: string;
  readonly environment?: Environment | undefined;
}
