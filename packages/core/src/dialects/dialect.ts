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
  /** Set when the passphrase is not sent itself, but base64 of its HMAC-SHA256 under the secret. */
  readonly passphraseIsSigned?: boolean | undefined;
  /** The request's timestamp in ms since 1970, with a fraction where it is finer; absent in dialects without one. */
  readonly timestampMs?: number | undefined;
  /** Ms since 1970 after which the client itself said that the request is void (`expires`, `recvWindow`). */
  readonly expiresMs?: number | undefined;
  /** A window of this claim's own, where it is not the dialect's: that of a WebSocket login, for example. */
  readonly window?: Window | undefined;
  /**
   * A value that the client promises to use once; under a `rising` rule, a whole number of up to 20 digits. Under the
   * rule `signature`, what is remembered in place of a signature that can be spelt in two ways. Absent there or under
   * the rule `nonce`: the signature itself is remembered. Absent under `rising`: nothing is.
   */
  readonly nonce?: string | undefined;
  /** The algorithm that the request names. It is compared with the credential's, and never chooses. */
  readonly namedScheme?: string | undefined;
  /** What the signing key is derived from besides the secret: date, region and service of Signature Version 4. */
  readonly derivation?: readonly string[] | undefined;
  /**
   * Of a message inside a WebSocket that vouches for itself alone: whether it only asks to see something. It may then
   * come again, as it came; any other one is used once.
   */
  readonly isReadOnly?: boolean | undefined;
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

/** What a dialect needs to sign. The clock and the nonce are arguments. */
export interface SigningKey {
  readonly keyId: string;
  readonly passphrase?: string | undefined;
  /** Signs a prehash with the named scheme and encodes the signature for the dialect. */
  readonly sign: (use: SchemeUse, prehash: Prehash, derivation?: readonly string[]) => string;
  readonly kind: CredentialKind;
}

export interface SigningContext extends ReadContext {
  readonly nowMs: number;
  /** Unique per request; under a `rising` rule a number as text, greater than any before it. */
  readonly nonce: string;
}

/** A signed request: the proof is in headers that are to be added, in the target, or in the body. */
export interface SignedRequest {
  readonly target: string;
  /** The headers to add to those of the request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What reading depends on beyond the request's bytes. */
export interface ReadContext {
  /** The host name under which customers reach this service. Absent: what `Host` says. */
  readonly publicHost?: string | undefined;
  readonly environment?: Environment | undefined;
}

/** A part of a request that a signature may leave open. */
export type RequestPart = 'method' | 'path' | 'query' | 'body' | 'host';

/**
 * How a dialect's requests are kept from being used twice.
 *
 * - `none`: not at all, because every request carries the same proof.
 * - `signature`: each signature once. Two equal read-only requests in one tick of the clock are honest, so they
 *   may repeat unless the operator says otherwise. Where clients ask several routes at once with parameters that are
 *   equal, and none of it but the parameters is signed, read-only requests share a signature (`readsShare`): another
 *   one may then come with it, and nothing else.
 * - `nonce`: each nonce once, whatever the method.
 * - `rising`: a number, higher than all before it of the same key but for the key's window below the highest
 *   (`windowed`), or not among the `keep` highest and above the least of them (`highest`).
 */
export type ReplayRule =
  | { readonly kind: 'none' | 'nonce' }
  | { readonly kind: 'signature'; readonly readsShare?: boolean }
  | { readonly kind: 'rising'; readonly order: 'windowed' | 'highest'; readonly keep: number };

/**
 * How a request carries and covers its signature: one row of the dialect table. Pure in both directions.
 */
export interface Dialect {
  readonly name: string;
  /** The scheme for each kind of credential that the dialect knows. The record's kind picks the row. */
  readonly schemes: Partial<Readonly<Record<CredentialKind, SchemeUse>>>;
  /** Whether a credential for this dialect has a passphrase. */
  readonly hasPassphrase: boolean;
  /** The header that the passphrase comes in, in lower case: a secret, among headers that are none. */
  readonly passphraseHeader?: string | undefined;
  /** Headers that carry the proof, in lower case: never passed on to an upstream. */
  readonly securityHeaders: readonly string[];
  /** Absent in dialects without a timestamp. */
  readonly window?: Window | undefined;
  /** The unit of the timestamp on the wire, for the error that explains a wrong one. */
  readonly timestampUnit?: 'ms' | 'seconds' | 'ISO 8601' | undefined;
  readonly replay: ReplayRule;
  /** Parts of a request that the signature leaves open: while it is remembered, it is held to those it came with. */
  readonly uncovered: readonly RequestPart[];
  /** How a client logs in by a message inside a WebSocket. Absent: it signs the handshake like any request. */
  readonly webSocket?: WebSocketLogin | undefined;
  /** Whether a request speaks this dialect. Says nothing about its validity. Never throws, on any bytes. */
  recognises(request: WireRequest): boolean;
  /** Reads the claim, or says why there is none. Never throws, on any bytes. */
  read(request: WireRequest, context?: ReadContext): Claim | Denial;
  /** The answer that the dialect's own exchange would have given. */
  refuse(refusal: Denial, context: RefusalContext): HttpAnswer;
  /**
   * The headers in which the dialect's own exchange says how rate limits stand, with names in lower case. There is at least
   * one limit. Absent: it says nothing of them.
   */
  rateLimitHeaders?(limits: readonly RateLimitState[], nowMs: number): Readonly<Record<string, string>>;
  /** Signs a request. Throws a TypeError for a kind of key that the dialect does not know. */
  sign(request: WireRequest, key: SigningKey, context: SigningContext): SignedRequest;
}

/** How a rate limit stands after a request. */
export interface RateLimitState {
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Seconds until the whole quota is free again, if nothing more is asked. */
  readonly resetSeconds: number;
  /** Seconds until more of it is free than now; 0 when all of it is. */
  readonly nextSeconds: number;
}

export interface RefusalContext {
  readonly nowMs: number;
  readonly requestId: string;
  /** The request that is refused; absent when it could not be read. */
  readonly request?: WireRequest | undefined;
}

/** How the clients of a dialect log in inside a WebSocket. Messages are texts; a binary one is never a login. */
export interface WebSocketLogin {
  /**
   * Whether a message carries a proof, and so must be verified before it goes on, also after a login. Never throws,
   * on any text.
   */
  recognises(message: string): boolean;
  /**
   * The answer to a message that asks for something to sign: it hands out the connection's challenge. Undefined for any
   * other message. Absent: the clients sign none. Never throws.
   */
  challenge?(message: string, challenge: string): string | undefined;
  /** Reads the claim of a message that is recognised, or says why there is none. Never throws. */
  read(message: string, context: LoginContext): Claim | Denial;
  /** Whether the proof opens the whole connection, or vouches for this one message only. */
  opensConnection(message: string): boolean;
  /** The exchange's answer to a login. Undefined: the message goes on to the upstream, which answers it. */
  accept(message: string, context: AnswerContext): string | undefined;
  /** The exchange's answer to a login that is refused, or to any message before a login. */
  refuse(refusal: Denial, message: string, context: AnswerContext): string;
  /** The message with which a client logs in. */
  sign(key: SigningKey, context: SigningContext): string;
}

export interface LoginContext extends ReadContext {
  /** The request with which the WebSocket was opened. */
  readonly handshake: WireRequest;
}

export interface AnswerContext {
  readonly nowMs: number;
  readonly requestId: string;
}
