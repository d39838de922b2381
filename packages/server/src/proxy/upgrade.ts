import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type {
  DialectTable,
  Environment,
  HttpAnswer,
  Manifest,
  Network,
  WebSocketRule,
  WireRequest,
} from '@countersign/core';
import { type Allowed, createRequestIds, type Decision, type WatchingVerifier } from '@countersign/engine';
import type { Pool } from 'undici';
import { WebSocketServer } from 'ws';
import { endSocket, problemAnswerOf } from '../answers.ts';
import { type AnswerSigner, OURS_ALONE } from '../signed-answers/answer-signer.ts';
import type { UpstreamHeaders } from './headers.ts';
import { LoginRelay } from './login-relay.ts';
import type { TakeBack } from './take-back.ts';
import { wireRequestOf } from './wire-request.ts';

interface Parts {
  readonly verifier: WatchingVerifier;
  readonly manifest: Manifest | undefined;
  readonly dialects: DialectTable;
  readonly upstreamHeaders: UpstreamHeaders;
  readonly environment: Environment;
  readonly upstream: URL;
  readonly pool: Pool;
  readonly trustedProxies: readonly Network[];
  readonly onError: (error: unknown) => void;
  readonly loginTimeoutMs: number | undefined;
  readonly answerSigner: AnswerSigner | undefined;
  readonly takeBack: TakeBack;
}

const NO_BODY = Buffer.alloc(0);
/** Longest message of a client. Each is parsed to see whether it is a login, and bots send some hundred bytes. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** WebSockets of one address on which nobody has logged in yet. */
const MAX_STRANGERS = 200;
const NO_LOGIN =
  'The handshake carries no credential, and the manifest does not say that clients log in inside this WebSocket ' +
  '(webSocket: { login: … } on its route), nor that it is public.';

/**
 * Lets WebSockets through: as a tunnel when the handshake was verified or the route is public, and message by message
 * where the manifest says that clients log in inside. Refusals are signed where answers are; a handshake is not.
 */
export function createUpgradeHandler(parts: Parts) {
  const { verifier, manifest, dialects, upstreamHeaders, environment, pool, trustedProxies, onError } = parts;
  const open = new Set<Duplex>();
  const relays = new Set<LoginRelay>();
  const strangers = new Strangers();
  const accept = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  const relayParts = { ...parts, nextRequestId: createRequestIds() };
  const end = (socket: Duplex, answer: HttpAnswer, wire: WireRequest) =>
    endSocket(socket, parts.answerSigner?.signed(answer, wire) ?? answer);

  async function handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    const wire = wireRequestOf(request, NO_BODY, trustedProxies);
    // It goes on as GET (RFC 6455 section 4.1): verified as anything else, it would be another route's.
    if (request.headers.upgrade?.toLowerCase() !== 'websocket' || request.method !== 'GET') {
      return end(
        socket,
        problemAnswerOf(
          'malformed_request',
          'Only WebSocket upgrades, which are GET requests, are passed on.',
          'none',
        ),
        wire,
      );
    }
    const rule = manifest?.ruleFor('GET', wire.target)?.webSocket;
    const isSigned = dialects.all.some((dialect) => dialect.recognises(wire));
    if (rule !== undefined && !isSigned) return relay(request, socket, head, wire, rule);
    const decision = await verifier.verify(wire, { environment });
    if (!decision.allowed) return end(socket, refusalOf(decision), wire);
    const from = { ip: wire.ip, scheme: wire.scheme ?? 'http' };
    await tunnel(socket, head, wire, upstreamHeaders(request.rawHeaders, decision, from), decision);
  }

  function relay(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    wire: WireRequest,
    rule: WebSocketRule,
  ): void {
    const dialect = dialects.named(rule.login);
    if (dialect === undefined) throw new TypeError(`there is no dialect ${rule.login}`);
    const address = wire.ip ?? 'unknown';
    const onLogin = strangers.admit(address);
    if (onLogin === undefined) {
      const detail = `${MAX_STRANGERS} WebSockets are open from this address on which nobody has logged in.`;
      end(socket, problemAnswerOf('too_many_failures', detail, 'none'), wire);
      return;
    }
    socket.once('close', onLogin);
    accept.handleUpgrade(request, socket, head, (client) => {
      const started = new LoginRelay(relayParts, { client, request, wire, rule, dialect, onLogin });
      relays.add(started);
      client.once('close', () => relays.delete(started));
    });
  }

  async function tunnel(
    client: Duplex,
    head: Buffer,
    wire: WireRequest,
    headers: string[],
    decision: Allowed,
  ) {
    let upgraded: Awaited<ReturnType<Pool['upgrade']>>;
    try {
      upgraded = await pool.upgrade({ path: wire.target, method: 'GET', headers, protocol: 'websocket' });
    } catch (error) {
      onError(error);
      await parts.takeBack(decision, error);
      const detail = 'The API behind this address did not accept the WebSocket.';
      return end(client, problemAnswerOf('upstream_unavailable', detail, decision.requestId), wire);
    }
    const server = upgraded.socket;
    const unwatch = verifier.watch(decision, () => client.destroy());
    const lines = Object.entries(upgraded.headers)
      .filter(([name]) => !['connection', 'upgrade'].includes(name))
      .filter(([name]) => parts.answerSigner === undefined || !OURS_ALONE.has(name))
      .flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}`));
    client.write(
      `${['HTTP/1.1 101 Switching Protocols', 'connection: upgrade', 'upgrade: websocket', ...lines].join('\r\n')}\r\n\r\n`,
    );
    if (head.length > 0) server.write(head);
    // Either side may go away at any time; that is the end of the tunnel and no fault.
    await Promise.allSettled([pipeline(client, server), pipeline(server, client)]);
    unwatch();
    client.destroy();
    server.destroy();
  }

  return {
    handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      handle(request, socket, head).catch((error: unknown) => {
        onError(error);
        socket.destroy();
      });
    },
    close(): void {
      for (const relayed of relays) relayed.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** Counts, per address, the WebSockets on which nobody has logged in. */
class Strangers {
  readonly #count = new Map<string, number>();

  /** Counts one more. Returns what takes it off again, once; undefined when there are too many. */
  admit(address: string): (() => void) | undefined {
    const others = this.#count.get(address) ?? 0;
    if (others >= MAX_STRANGERS) return undefined;
    this.#count.set(address, others + 1);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      const left = (this.#count.get(address) ?? 1) - 1;
      if (left === 0) this.#count.delete(address);
      else this.#count.set(address, left);
    };
  }
}

function refusalOf(decision: Exclude<Decision, Allowed>): HttpAnswer {
  if (decision.code !== 'credential_missing') return decision.response;
  return problemAnswerOf('websocket_login_unsupported', NO_LOGIN, decision.requestId);
}
