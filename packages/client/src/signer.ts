import type { Dialect, Environment, SigningContext, WireRequest } from '@countersign/core';
import { type Call, typeOf } from './call.ts';
import { CountersignError } from './errors.ts';
import type { HeldKey } from './key-holder.ts';
import type { NonceSource } from './nonces.ts';
import { refuseSecretsIn, targetOf } from './origin.ts';

/** Exactly what must be sent. Nothing of it may be changed or put together anew: it is what was signed. */
export interface SignedCall {
  readonly method: string;
  /** Absolute, spelt as it goes onto the wire. */
  readonly url: string;
  /** All of them but `Host` and `Content-Length`, which every HTTP stack sets as it was signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty where there is none. */
  readonly body: Uint8Array;
}

/** Signs with a key that it is given, at a time that it is given. */
export interface Signer {
  /** @throws {@link CountersignError} `request_invalid`, `secret_in_url` */
  sign(call: Call, key: HeldKey, nowMs: number): SignedCall;
  /**
   * The message that logs in inside a WebSocket of a host, which some dialects sign; undefined where the dialect signs the
   * handshake.
   */
  login(key: HeldKey, nowMs: number, host: string): string | undefined;
}

export function createSigner(
  dialect: Dialect,
  nonces: NonceSource,
  environment: Environment | undefined,
): Signer {
  function contextFor({ signing }: HeldKey, nowMs: number): SigningContext {
    return { nowMs, nonce: nonces(signing.keyId, nowMs), environment };
  }

  return {
    sign(call, key, nowMs) {
      const { method, url, headers, body } = call;
      const secrets = secretsOf(key);
      refuseSecretsIn(url.href, secrets);
      const wire: WireRequest = {
        method,
        target: targetOf(url),
        headers: ['Host', url.host, ...headers.flat()],
        body,
        scheme: url.protocol === 'http:' ? 'http' : 'https',
      };
      const signed = guarded(secrets, () => dialect.sign(wire, key.signing, contextFor(key, nowMs)));
      const sent = new URL(url.origin + signed.target);
      if (targetOf(sent) !== signed.target) throw invalid('The address cannot be sent as it was signed.');
      refuseSecretsIn(signed.target, secrets);
      const all: Record<string, string> = { ...Object.fromEntries(headers), ...signed.headers };
      // A body that the proof alone made.
      const type = body.length === 0 && !('content-type' in all) ? typeOf(signed.body) : undefined;
      if (type !== undefined) all['content-type'] = type;
      return { method, url: sent.href, headers: all, body: signed.body };
    },
    login(key, nowMs, host) {
      const { webSocket } = dialect;
      if (webSocket === undefined) return undefined;
      return guarded(secretsOf(key), () =>
        webSocket.sign(key.signing, { ...contextFor(key, nowMs), publicHost: host }),
      );
    },
  };
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
