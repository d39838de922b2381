import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  type Denial,
  type Dialect,
  denial,
  type Environment,
  isPublicMessage,
  type WebSocketLogin,
  type WebSocketRule,
  type WireRequest,
} from '@countersign/core';
import { type Allowed, passPublic, type WatchingVerifier } from '@countersign/engine';
import WebSocket, { type RawData } from 'ws';
import type { UpstreamHeaders } from './headers.ts';
import type { TakeBack } from './take-back.ts';

export interface RelayParts {
  readonly verifier: WatchingVerifier;
  readonly upstreamHeaders: UpstreamHeaders;
  readonly environment: Environment;
  /** An origin: scheme, host and port. */
  readonly upstream: URL;
  readonly nextRequestId: () => string;
  readonly onError: (error: unknown) => void;
  readonly takeBack: TakeBack;
  /** How long a client may stay without a login or a public message, in ms. Default 30,000. */
  readonly loginTimeoutMs?: number | undefined;
}

export interface RelayedSocket {
  readonly client: WebSocket;
  readonly request: IncomingMessage;
  readonly wire: WireRequest;
  readonly rule: WebSocketRule;
  readonly dialect: Dialect;
  /** Called with the first login that is let through. */
  readonly onLogin: () => void;
}

const LOGIN_TIMEOUT_MS = 30_000;
const HEARTBEAT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** What may lie unsent for one side before the other is not read any more, in bytes. */
const HIGH_WATER = 1024 * 1024;
/** Messages on one connection that may be refused for want of a login, or ask for a challenge. */
const MAX_REFUSED = 20;

/** Codes of RFC 6455 section 7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;

/**
 * Passes the messages of one WebSocket on to the upstream, and lets the verifier decide about each that carries a
 * proof.
 *
 * There are two connections to the upstream: one that says whose it is, opened by a login that was let through, and
 * one that says nothing, for the messages that the manifest declares public. So what comes before a login can never
 * act for anybody. One of three ending ends all of them; so does a change of the key.
 */
export class LoginRelay {
  readonly #parts: RelayParts;
  readonly #socket: RelayedSocket;
  readonly #login: WebSocketLogin;
  /** What the client is given to sign, where the dialect has it so: never the same on two connections. */
  readonly #challenge = randomUUID();
  readonly #loginDeadline: NodeJS.Timeout;
  readonly #heartbeat: NodeJS.Timeout;
  #anonymous: Promise<WebSocket> | undefined;
  #authenticated: Promise<WebSocket> | undefined;
  readonly #upstreams = new Set<WebSocket>();
  #decision: Allowed | undefined;
  /** Whether a login opened the connection: until then, only messages with a proof of their own act for somebody. */
  #isOpen = false;
  #isAlive = true;
  #isEnded = false;
  #refused = 0;
  #unwatch = () => {};
  /** Messages are dealt with one after another. */
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(parts: RelayParts, socket: RelayedSocket) {
    this.#parts = parts;
    this.#socket = socket;
    if (socket.dialect.webSocket === undefined)
      throw new TypeError(`${socket.dialect.name} has no login message`);
    this.#login = socket.dialect.webSocket;
    const { client } = socket;
    client.on('message', (data, isBinary) => this.#enqueue(data, isBinary));
    client.on('close', (code, reason) => this.#end(passable(code), reason.toString()));
    client.on('error', () => client.terminate());
    client.on('pong', () => {
      this.#isAlive = true;
    });
    const timeout = parts.loginTimeoutMs ?? LOGIN_TIMEOUT_MS;
    this.#loginDeadline = setTimeout(() => this.#end(POLICY_VIOLATION, 'no login'), timeout);
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  /** Ends the connection, as the service stops. */
  close(): void {
    this.#end(GOING_AWAY, 'the service stops');
  }

  #enqueue(data: RawData, isBinary: boolean): void {
    if (this.#waiting++ === 0) this.#socket.client.pause();
    this.#last = this.#last
      .then(() => (this.#isEnded ? undefined : this.#handle(data, isBinary)))
      .catch((error: unknown) => {
        this.#parts.onError(error);
        this.#end(INTERNAL_ERROR, '');
      })
      .finally(() => {
        this.#waiting--;
        this.#readOn();
      });
  }

  /** Reads on from the client once nothing of it waits here, and no upstream has too much of it unsent. */
  #readOn(): void {
    if (this.#waiting > 0 || (!this.#isEnded && [...this.#upstreams].some(isFull))) return;
    this.#socket.client.resume();
  }

  async #handle(data: RawData, isBinary: boolean): Promise<void> {
    const text = isBinary ? undefined : String(data);
    const challenged = text === undefined ? undefined : this.#login.challenge?.(text, this.#challenge);
    if (challenged !== undefined) return this.#answerStranger(challenged);
    if (text !== undefined && this.#login.recognises(text)) return this.#verify(text);
    if (this.#isOpen) return this.#pass(await this.#asAuthenticated(), data, isBinary);
    if (text !== undefined && isPublicMessage(this.#socket.rule.publicMessages, text)) {
      clearTimeout(this.#loginDeadline);
      return this.#pass(await this.#asNobody(), data, false);
    }
    const refusal = denial('credential_missing', 'The message needs a login, and there was none.');
    this.#answerStranger(this.#refusalOf(refusal, text ?? ''));
  }

  /** Answers somebody who proved nothing with it, and not too often. */
  #answerStranger(answer: string): void {
    this.#socket.client.send(answer);
    if (++this.#refused > MAX_REFUSED) this.#end(POLICY_VIOLATION, 'no login');
  }

  async #verify(message: string): Promise<void> {
    const { verifier, environment } = this.#parts;
    const { wire, dialect, client } = this.#socket;
    const decision = await verifier.verify(
      { ...wire, message, challenge: this.#challenge },
      { environment, dialect: dialect.name },
    );
    if (this.#isEnded) return;
    if (!decision.allowed) {
      client.send(decision.response.body);
      return this.#end(POLICY_VIOLATION, '');
    }
    const known = this.#decision?.credential?.id;
    if (known !== undefined && known !== decision.credential?.id) {
      const refusal = denial('permission_denied', 'The connection was opened with another key.', {
        part: 'key',
      });
      client.send(this.#refusalOf(refusal, message));
      return this.#end(POLICY_VIOLATION, '');
    }
    clearTimeout(this.#loginDeadline);
    if (this.#decision === undefined) this.#socket.onLogin();
    this.#unwatch();
    this.#decision = decision;
    this.#unwatch = verifier.watch(decision, () => this.#end(POLICY_VIOLATION, 'the key was changed'));
    // Before the upstream can push anything: many clients take the first message for the answer to their login.
    if (decision.reply !== undefined) client.send(decision.reply);
    const upstream = await this.#asAuthenticated();
    if (this.#login.opensConnection(message)) this.#isOpen = true;
    if (decision.reply === undefined) this.#pass(upstream, message, false);
  }

  #refusalOf(refusal: Denial, message: string): string {
    const context = { nowMs: Date.now(), requestId: this.#parts.nextRequestId() };
    return this.#login.refuse(refusal, message, context);
  }

  #asAuthenticated(): Promise<WebSocket> {
    if (this.#decision === undefined) throw new TypeError('nobody has logged in');
    this.#authenticated ??= this.#connect(this.#decision);
    return this.#authenticated;
  }

  #asNobody(): Promise<WebSocket> {
    this.#anonymous ??= this.#connect(passPublic(this.#parts.nextRequestId()));
    return this.#anonymous;
  }

  #connect(decision: Allowed): Promise<WebSocket> {
    const { upstream, upstreamHeaders, onError, takeBack } = this.#parts;
    const { request, wire, client } = this.#socket;
    const url = new URL(upstream);
    url.protocol = upstream.protocol === 'https:' ? 'wss:' : 'ws:';
    const from = { ip: wire.ip, scheme: wire.scheme ?? 'http' };
    const server = new WebSocket(
      `${url.origin}${wire.target}`,
      client.protocol === '' ? [] : [client.protocol],
      {
        headers: handshakeHeaders(upstreamHeaders(request.rawHeaders, decision, from)),
        perMessageDeflate: false,
        handshakeTimeout: CONNECT_TIMEOUT_MS,
        followRedirects: false,
      },
    );
    this.#upstreams.add(server);
    server.on('message', (data, isBinary) => this.#push(data, isBinary));
    server.on('close', (code, reason) => this.#end(passable(code), reason.toString()));
    return new Promise((resolve) => {
      server.on('open', () => resolve(server));
      // Nobody goes on after an error: it ends all three connections.
      server.on('error', (error) => {
        // One that is given up with its client fails too, and that is no fault.
        if (!this.#isEnded) onError(error);
        void takeBack(decision, error);
        this.#end(TRY_AGAIN_LATER, 'the API behind this address does not answer');
      });
    });
  }

  #pass(upstream: WebSocket, data: RawData | string, isBinary: boolean): void {
    if (upstream.readyState !== WebSocket.OPEN) return;
    upstream.send(data as Buffer, { binary: isBinary }, () => this.#readOn());
  }

  /** Sends what an upstream said, and reads on from none of them while too much lies unsent. */
  #push(data: RawData, isBinary: boolean): void {
    const { client } = this.#socket;
    if (client.readyState !== WebSocket.OPEN) return;
    client.send(data as Buffer, { binary: isBinary }, () => {
      if (isFull(client)) return;
      for (const upstream of this.#upstreams) if (upstream.isPaused) upstream.resume();
    });
    if (!isFull(client)) return;
    for (const upstream of this.#upstreams) if (upstream.readyState === WebSocket.OPEN) upstream.pause();
  }

  /** A client that went away without a word would keep its connections to the upstream for ever. */
  #beat(): void {
    const { client } = this.#socket;
    if (this.#isAlive) client.ping();
    else client.terminate();
    this.#isAlive = false;
  }

  #end(code: number, reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#loginDeadline);
    clearInterval(this.#heartbeat);
    this.#unwatch();
    for (const socket of [this.#socket.client, ...this.#upstreams]) endOne(socket, code, reason);
  }
}

const CLOSE_TIMEOUT_MS = 2_000;

/** Closes a WebSocket, and does not wait long for the other side to agree. */
function endOne(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState === WebSocket.CONNECTING) {
    socket.terminate();
    return;
  }
  // One that never opened cannot be resumed: `ws` throws.
  if (socket.isPaused) socket.resume();
  socket.close(code, reason);
  const deadline = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
  socket.once('close', () => clearTimeout(deadline));
}

function isFull({ bufferedAmount }: WebSocket): boolean {
  return bufferedAmount > HIGH_WATER;
}

/** A close code that may be sent on: 1005, 1006 and 1015 are never on the wire (RFC 6455 section 7.4.1). */
function passable(code: number): number {
  if (code === 1005) return 1000;
  const isRegistered = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  return isRegistered || (code >= 3000 && code <= 4999) ? code : GOING_AWAY;
}

/** Headers for the upstream's handshake: those of the client's own are made anew. */
function handshakeHeaders(flat: readonly string[]): Record<string, string[]> {
  // Without a prototype: `constructor` is the name of a header as good as any.
  const headers: Record<string, string[]> = Object.create(null);
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = (flat[i] as string).toLowerCase();
    if (name.startsWith('sec-websocket-')) continue;
    headers[name] = [...(headers[name] ?? []), flat[i + 1] as string];
  }
  return headers;
}
