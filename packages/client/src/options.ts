import type { CredentialKind, Environment } from '@countersign/core';
import type { TimeRoute } from './clock.ts';
import type { RetryOptions } from './retry.ts';
import type { KeySource, SecretInput } from './secret-source.ts';
import type { Transport } from './transport.ts';
import type { AnswerKey } from './verify-answers.ts';

/** The key, from where it is kept as a whole. */
interface WholeKey {
  /** See `keyFromEnvFile`. */
  readonly key: KeySource;
  readonly keyId?: undefined;
  readonly secret?: undefined;
  readonly passphrase?: undefined;
}

/** The key in its parts. A secret in a program's source is seen by many: take it from a file, or the environment. */
interface KeyInParts {
  readonly key?: undefined;
  /** May be left out where the secret names it: a bearer token, a wallet's key. */
  readonly keyId?: SecretInput | undefined;
  /** The HMAC secret or token as it was shown, or the private key in PEM (`0x…` for a wallet). */
  readonly secret: SecretInput;
  /** For dialects that have one. */
  readonly passphrase?: SecretInput | undefined;
}

interface CommonOptions extends RetryOptions {
  /** How the server wants requests signed: `bitget`, `binance`, `rfc9421`, … */
  readonly dialect: string;
  /** Where everything goes; nothing signed goes elsewhere. Its path stands before that of each relative request. */
  readonly baseUrl: string;
  /** Absent: what the secret looks like. */
  readonly kind?: CredentialKind | undefined;
  /** Absent: what the key id says, if it says it. Few dialects sign it. */
  readonly environment?: Environment | undefined;
  /** For one try, answer included. Default 10000. */
  readonly timeoutMs?: number | undefined;
  /** Answers are read whole, up to this. Default 16 MiB. */
  readonly maxAnswerBytes?: number | undefined;
  /** Asked for the time instead of what the `Date` of answers says. */
  readonly timeRoute?: TimeRoute | undefined;
  /** The difference of clocks that is made up for. Default 600000. */
  readonly maxClockOffsetMs?: number | undefined;
  /** Keys that the service signs its answers with. Given: any answer that is not signed well is an error. */
  readonly verifyAnswers?: AnswerKey | readonly AnswerKey[] | undefined;
  /** The address of the WebSockets whose handshake or host is signed, where it is not that of `baseUrl`. */
  readonly webSocketUrl?: string | undefined;
  /**
   * In dialects whose nonces rise, requests go one after the other, because a later nonce that comes first makes the
   * earlier one worthless. True for a key that has a nonce window: they go at once.
   */
  readonly concurrentNonces?: boolean | undefined;
  /** Allows http to another machine: whoever listens can read and change everything. */
  readonly dangerouslyAllowPlaintext?: boolean | undefined;
  /** Sends instead of the global `fetch`, through a proxy for example. It must not follow redirects by itself. */
  readonly transport?: Transport | undefined;
  /** This machine's clock, in ms since 1970. */
  readonly clock?: (() => number) | undefined;
  /** Makes nonces instead of the client, at the time given in ms. */
  readonly nonce?: ((nowMs: number) => string) | undefined;
}

export type ClientOptions = CommonOptions & (WholeKey | KeyInParts);

/** A request for another HTTP stack, which must send what it gets for it as it is. */
export interface RequestToSign {
  /** Default `GET`. */
  readonly method?: string | undefined;
  /** Absolute, or beginning with `/`, below `baseUrl`. */
  readonly url: string | URL;
  readonly headers?: ConstructorParameters<typeof Headers>[0] | undefined;
  readonly body?: string | Uint8Array | undefined;
}

/** With what a WebSocket is opened whose handshake is signed. */
export interface SignedHandshake {
  /** `ws://…` or `wss://…` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}
