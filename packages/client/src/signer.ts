import {
  type Dialect,
  type Environment,
  isSafeMethod,
  type SigningContext,
  type WireRequest,
} from '@countersign/core';
import { type Call, typeOf } from './call.ts';
import { CountersignError } from './errors.ts';
import type { HeldKey } from './key-holder.ts';
import type { NonceSource } from './nonces.ts';
import { refuseSecretsIn, targetOf } from './origin.ts';
import { createSignUnused, type Signed } from './unused-signature.ts';

/** Exactly what must be sent. Nothing of it may be changed or put together anew: it is what was signed. */
export interface SignedCall {
  readonly method: string;
  /** Absolute, spelt as it goes onto the wire. */
  readonly url: string;
  /** All of them but `Host`, which every HTTP stack sets as it was signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty where there is none. */
  readonly body: Uint8Array;
}

/** Signs with a key that it is given, at a time that it is given. */
export interface Signer {
  /** @throws {@link CountersignError} `request_invalid`, `secret_in_url` */
  sign(call: Call, key: HeldKey, nowMs: number): SignedCall;
  /** The message that logs in inside a WebSocket; undefined where the dialect signs the handshake. */
  login(key: HeldKey, nowMs: number, challenge?: string): string | undefined;
}

export interface SignerParts {
  readonly dialect: Dialect;
  readonly nonces: NonceSource;
  readonly environment: Environment | undefined;
  /** The host name that is signed; absent: that of the request. */
  readonly publicHost: string | undefined;
  /** The host of the WebSockets, for logins that sign it. */
  readonly webSocketHost: string;
}

export function createSigner(parts: SignerParts): Signer {
  const { dialect, nonces, environment, publicHost, webSocketHost } = parts;

  const signUnused = createSignUnused(dialect.window);

  function contextFor({ signing }: HeldKey, nowMs: number): SigningContext {
    return { nowMs, nonce: nonces(signing.keyId, nowMs), environment, publicHost };
  }

  /** What the dialect itself would not read is not sent. */
  function signatureIn(request: WireRequest, secrets: readonly (string | undefined)[]): string {
    const claim = dialect.read(request, { environment, publicHost });
    if (claim.ok) return claim.signature;
    const isClean = secrets.every((secret) => secret === undefined || !claim.detail.includes(secret));
    throw invalid(isClean ? `It would be refused: ${claim.detail}` : 'It would be refused.');
  }

  function signFor(call: Call, key: HeldKey, nowMs: number): SignedCall & Signed {
    const { method, url, headers, body } = call;
    const secrets = secretsOf(key);
    const wire: WireRequest = {
      method,
      target: targetOf(url),
      headers: ['Host', url.host, ...headers.flat()],
      body,
      scheme: url.protocol === 'http:' ? 'http' : 'https',
    };
    const signed = guarded(secrets, () => dialect.sign(wire, key.signing, contextFor(key, nowMs)));
    const proof = Object.entries(signed.headers).flat();
    const sent = { ...wire, target: signed.target, headers: [...wire.headers, ...proof], body: signed.body };
    const signature = signatureIn(sent, secrets);
    const address = new URL(url.origin + signed.target);
    if (targetOf(address) !== signed.target) throw invalid('The address cannot be sent as it was signed.');
    refuseSecretsIn(signed.target, secrets);
    const all: Record<string, string> = { ...Object.fromEntries(headers), ...signed.headers };
    // A body that the proof alone made.
    const type = body.length === 0 && !('content-type' in all) ? typeOf(signed.body) : undefined;
    if (type !== undefined) all['content-type'] = type;
    return { method, url: address.href, headers: all, body: signed.body, signature };
  }

  return {
    sign(call, key, nowMs) {
      refuseSecretsIn(call.url.href, secretsOf(key));
      const mayRepeat = isSafeMethod(call.method) || dialect.replay.kind === 'none';
      const made = mayRepeat
        ? signFor(call, key, nowMs)
        : signUnused(nowMs, (atMs) => signFor(call, key, atMs));
      const { signature: _, ...sent } = made;
      return sent;
    },
    login(key, nowMs, challenge) {
      const { webSocket } = dialect;
      if (webSocket === undefined) return undefined;
      checkChallenge(challenge, webSocket.challenge !== undefined);
      const context = { ...contextFor(key, nowMs), publicHost: publicHost ?? webSocketHost };
      const asked = challenge === undefined ? context : { ...context, nonce: challenge };
      return guarded(secretsOf(key), () => webSocket.sign(key.signing, asked));
    },
  };
}

/** A challenge is signed as requests are: one that could be a request would be a signature for it, in a server's hands. */
const CHALLENGE = /^[A-Za-z0-9_-]{8,128}$/;

function checkChallenge(challenge: string | undefined, isAsked: boolean): void {
  if (challenge === undefined && isAsked)
    throw invalid('The login of this dialect signs the challenge that the server gave: give it.');
  if (challenge !== undefined && !isAsked) throw invalid('The login of this dialect signs no challenge.');
  if (challenge !== undefined && !CHALLENGE.test(challenge))
    throw invalid('This is no challenge, and is not signed.');
}

/** What must not be shown, nor sent as it is. */
export function secretsOf({ material }: HeldKey): (string | undefined)[] {
  return [material.secret.expose(), material.passphrase?.expose()];
}

/** What a dialect says against a request is kept; what others throw may quote what they were given, and is not. */
function guarded<T>(secrets: readonly (string | undefined)[], sign: () => T): T {
  try {
    return sign();
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const isOwn = error instanceof TypeError && code === undefined;
    const isClean = secrets.every((secret) => secret === undefined || !message.includes(secret));
    throw invalid(isOwn && isClean ? `It cannot be signed: ${message}` : 'The request cannot be signed.');
  }
}

function invalid(message: string): CountersignError {
  return new CountersignError('request_invalid', message);
}
