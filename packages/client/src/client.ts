import { type Dialect, dialectNamed, environmentOf } from '@countersign/core';
import { type Call, makeCall } from './call.ts';
import { createServerClock } from './clock.ts';
import { CountersignError } from './errors.ts';
import { readFetchArguments } from './fetch-arguments.ts';
import { createKeyHolder } from './key-holder.ts';
import { noncesFor } from './nonces.ts';
import { refuseBrowser } from './not-a-browser.ts';
import type { ClientOptions, LoginRequest, RequestToSign, SignedHandshake } from './options.ts';
import { readBaseUrl, refuseSecretsIn, resolveTarget } from './origin.ts';
import { createPace } from './pace.ts';
import { createRefusalReader } from './refusals.ts';
import { type KeySource, keyFromParts } from './secret-source.ts';
import { Delivery, type SignedFetchParts } from './signed-fetch.ts';
import { createSigner, type SignedCall, secretsOf } from './signer.ts';
import { createTimeQuestion } from './time-route.ts';
import { send } from './transport.ts';
import { createTurns } from './turns.ts';
import { createAnswerVerifier } from './verify-answers.ts';

/** Signs in one dialect, with one key, for one origin. Holds no connection and no timer: nothing is to be closed. */
export interface Client {
  /**
   * `fetch`, signed. Takes what the global one takes; the address begins with `/` or is of `baseUrl`'s origin. The body
   * and the answer are read whole.
   *
   * An answer is given as it is, also a 404 or a 500 of the API. What the service refuses (the key, its secret, its rate
   * or its permissions), and what is no answer of the API, rejects with a {@link CountersignError}.
   */
  readonly fetch: typeof globalThis.fetch;
  /** Signs for another HTTP stack. The client sends nothing, and learns nothing from the answer. */
  sign(request: RequestToSign): Promise<SignedCall>;
  /** The message that logs in inside a WebSocket, for dialects that have one. Made for now: send it at once. */
  login(asked?: LoginRequest): Promise<string>;
  /** With what to open a WebSocket, for dialects that sign the handshake. */
  handshake(url: string | URL): Promise<SignedHandshake>;
  /** Asks the server for its time. Not needed before `fetch`, which does it when a timestamp was refused. */
  syncClock(): Promise<void>;
}

/** A timer for longer ends at once. */
const MAX_NUMBER = 2 ** 31 - 1;
/** A signal that is never aborted. One for each request: they collect listeners. */
const endless = (): AbortSignal => new AbortController().signal;

/**
 * Makes a client.
 *
 * @throws {@link CountersignError} for options that cannot work, and a key that is not there or not whole
 * @example
 * const api = createClient({ dialect: 'bitget', key: keyFromEnvFile('bot.env'), baseUrl: 'https://api.exchange.example' });
 * const answer = await api.fetch('/api/v2/spot/account/assets?coin=USDT');
 */
export function createClient(options: ClientOptions): Client {
  refuseBrowser();
  const dialect = dialectOf(options);
  const plaintext = options.dangerouslyAllowPlaintext ?? false;
  const baseUrl = readBaseUrl(options.baseUrl, plaintext);
  const webSocketUrl =
    options.webSocketUrl === undefined ? baseUrl : readBaseUrl(inHttp(options.webSocketUrl), plaintext);
  const source = sourceOf(options);
  const keys = createKeyHolder(source, dialect, options.kind);
  const first = keys.current();
  refuseSecretsIn(String(options.baseUrl), secretsOf(first));
  const { nonce } = options;
  const nonces = nonce === undefined ? noncesFor(dialect) : (_: string, nowMs: number) => nonce(nowMs);
  const signer = createSigner({
    dialect,
    nonces,
    environment: options.environment ?? environmentOf(first.signing.keyId),
    publicHost: options.publicHost,
    webSocketHost: webSocketUrl.host,
  });
  const ownClock = options.clock ?? Date.now;
  const clock = createServerClock(ownClock, positive('maxClockOffsetMs', options.maxClockOffsetMs, 600_000));
  const transport = options.transport ?? globalThis.fetch;
  const limits = {
    timeoutMs: positive('timeoutMs', options.timeoutMs, 10_000),
    maxAnswerBytes: positive('maxAnswerBytes', options.maxAnswerBytes, 16 * 1024 * 1024),
  };
  const verifier =
    options.verifyAnswers === undefined ? undefined : createAnswerVerifier([options.verifyAnswers].flat());
  const sendOnce = (request: SignedCall, signal: AbortSignal) => {
    const identity = verifier === undefined ? {} : { 'accept-encoding': 'identity' };
    return send(
      { ...request, headers: { ...request.headers, ...identity } },
      transport,
      limits,
      ownClock,
      signal,
    );
  };
  const askForTime = createTimeQuestion(options.timeRoute, { baseUrl, clock, verifier, send: sendOnce });
  const parts: SignedFetchParts = {
    baseUrl,
    signer,
    keys,
    clock,
    pace: createPace(),
    refusals: createRefusalReader(dialect),
    verifier,
    send: sendOnce,
    askForTime: options.timeRoute === undefined ? undefined : askForTime,
    retries: positive('retries', options.retries, 4),
    maxWaitMs: positive('maxWaitMs', options.maxWaitMs, 30_000),
  };
  const turns = needsTurns(dialect, options) ? createTurns() : undefined;
  const signed = (call: Call) => signer.sign(call, keys.current(), clock.nowMs());

  return Object.freeze({
    async fetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
      const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
      const run = async () => {
        const read = await readFetchArguments(input, init, baseUrl, dialect.securityHeaders);
        return new Delivery(parts, read.call, read.signal ?? endless(), read.redirect).run();
      };
      return turns === undefined ? run() : turns(run, signal);
    },
    async sign({ method = 'GET', url, headers, body = '' }: RequestToSign) {
      const bytes: unknown = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
      if (!(bytes instanceof Uint8Array))
        throw new CountersignError('request_invalid', 'The body is neither a text nor a Uint8Array.');
      return withLength(
        signed(makeCall(method, resolveTarget(url, baseUrl), headers, bytes, dialect.securityHeaders)),
      );
    },
    async login({ challenge }: LoginRequest = {}) {
      const message = signer.login(keys.current(), clock.nowMs(), challenge);
      if (message !== undefined) return message;
      throw new CountersignError(
        'request_invalid',
        `The dialect ${dialect.name} has no login message: its handshake is signed.`,
      );
    },
    async handshake(url: string | URL) {
      if (dialect.webSocket !== undefined) {
        throw new CountersignError(
          'request_invalid',
          `The dialect ${dialect.name} has a login message: its handshake is not signed.`,
        );
      }
      const target = resolveTarget(
        typeof url === 'string' ? inHttp(url) : new URL(inHttp(url.href)),
        webSocketUrl,
      );
      const call = signed(makeCall('GET', target, undefined, new Uint8Array(), dialect.securityHeaders));
      return { url: call.url.replace(/^http/, 'ws'), headers: call.headers };
    },
    async syncClock() {
      await askForTime(endless());
    },
  });
}

function dialectOf({ dialect: name }: ClientOptions): Dialect {
  if (typeof name === 'object' && typeof name?.sign === 'function') return name;
  const dialect = typeof name === 'string' ? dialectNamed(name) : undefined;
  if (dialect === undefined)
    throw new CountersignError('options_invalid', 'dialect: there is none of this name.');
  return dialect;
}

/** Some stacks send no length with a DELETE, and the body is lost. */
function withLength(call: SignedCall): SignedCall {
  if (call.body.length === 0) return call;
  return { ...call, headers: { ...call.headers, 'content-length': String(call.body.length) } };
}

/** Said by the types already; a program in JavaScript has none. */
function sourceOf({ key, keyId, secret, passphrase }: ClientOptions): KeySource {
  const parts = [keyId, secret, passphrase];
  if (key !== undefined && parts.every((part) => part === undefined)) return wholeKey(key);
  if (key === undefined && secret !== undefined) return keyFromParts(keyId, secret, passphrase);
  throw new CountersignError(
    'options_invalid',
    'Give key, or keyId, secret and passphrase: the one or the other.',
  );
}

function wholeKey(key: KeySource): KeySource {
  const isWhole = typeof key?.current === 'function' && 'keyId' in key.current();
  if (isWhole) return key;
  throw new CountersignError('options_invalid', 'key is not what keyFromEnvFile gives.');
}

/** A nonce that is lower than one that came before it is refused at once, or, in the rule `highest`, much later. */
function needsTurns({ replay }: Dialect, { concurrentNonces = false }: ClientOptions): boolean {
  return replay.kind === 'rising' && replay.order === 'windowed' && !concurrentNonces;
}

function positive(name: string, value: number | undefined, usual: number): number {
  if (value === undefined) return usual;
  if (value >= 0 && value <= MAX_NUMBER) return value;
  throw new CountersignError('options_invalid', `${name} is no number from 0 to ${MAX_NUMBER}.`);
}

function inHttp(url: string): string {
  return url.replace(/^ws(s?):/i, 'http$1:');
}
