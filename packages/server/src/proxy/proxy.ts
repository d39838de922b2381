import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import {
  dialectTable,
  type Environment,
  type Manifest,
  type Network,
  singleHeader,
  type WireRequest,
} from '@countersign/core';
import { type Allowed, type Engine, readWholeBody, type WatchingVerifier } from '@countersign/engine';
import { Pool } from 'undici';
import { sendAnswer, sendRefusal, upstreamIsAway } from '../answers.ts';
import { answerBrokenRequest } from '../broken-request.ts';
import { createDrain } from '../drain.ts';
import { discardRest } from '../refused-body.ts';
import { requestTimeouts } from '../request-timeouts.ts';
import type { AnswerSigner } from '../signed-answers/answer-signer.ts';
import { clientHeaders, upstreamHeadersFor, withOurs } from './headers.ts';
import { HeldAnswer } from './held-answer.ts';
import { takeBackBy } from './take-back.ts';
import { createUpgradeHandler } from './upgrade.ts';
import { wireRequestOf } from './wire-request.ts';

export interface ProxyOptions {
  readonly verifier: WatchingVerifier;
  /** Says on which routes clients log in inside a WebSocket. Absent: on none. */
  readonly manifest: Manifest | undefined;
  /** The environment of the API behind this proxy: keys of the other one are refused. */
  readonly environment: Environment;
  /** An origin: scheme, host and port. */
  readonly upstream: URL;
  readonly maxBodyBytes: number;
  readonly trustedProxies: readonly Network[];
  readonly tls: SecureContextOptions | undefined;
  readonly onError: (error: unknown) => void;
  /** Gives back what a request took of limits that never reached the upstream. Absent: nobody does. */
  readonly releaseUsage?: Engine['releaseUsage'] | undefined;
  /** Signs what is answered. Absent: nothing is signed, and nothing held back. */
  readonly answerSigner?: AnswerSigner | undefined;
  /** How long the end of an answer is waited for to be signed, in ms. Default 5,000. */
  readonly heldMs?: number | undefined;
  /** How long an answer without a length may go on once its key was changed, in ms. Default 10,000. */
  readonly lingerMs?: number | undefined;
  /** How long an upstream may stay silent, in ms: before its answer begins, and within it. Default 60,000. */
  readonly upstreamSilenceMs?: number | undefined;
  /** How long a client may take to send a request, in ms. Default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long a WebSocket may stay open without a login or a public message, in ms. Default 30,000. */
  readonly loginTimeoutMs?: number | undefined;
}

export interface ReverseProxy {
  readonly server: Server;
  /** Stops accepting, lets requests in flight end, then closes the connections to the upstream. */
  close(): Promise<void>;
}

const UPSTREAM_SILENCE_MS = 60_000;
const LINGER_MS = 10_000;

/**
 * A reverse proxy that lets through what the verifier allows. Bodies are read whole before the decision, because
 * signatures cover them; answers are streamed, or held back as far as they are to be signed. The target goes to the upstream byte for byte as it was signed.
 */
export function createProxy(options: ProxyOptions): ReverseProxy {
  const { verifier, manifest, environment, upstream, maxBodyBytes, trustedProxies, tls, onError } = options;
  const { answerSigner: signer, heldMs, lingerMs = LINGER_MS } = options;
  const dialects = dialectTable(manifest?.ownDialects);
  const upstreamHeaders = upstreamHeadersFor(dialects);
  const takeBack = takeBackBy(options.releaseUsage, onError);
  const silenceMs = options.upstreamSilenceMs ?? UPSTREAM_SILENCE_MS;
  const pool = new Pool(upstream, {
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
    connect: { timeout: 5_000 },
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readWholeBody(request, maxBodyBytes);
    if (body === undefined) discardRest(request);
    const wire = wireRequestOf(request, body, trustedProxies);
    const decision = await verifier.verify(wire, { environment });
    if (!decision.allowed) return sendRefusal(response, decision, signer, wire);
    await forward(request, response, wire, decision);
  }

  async function forward(
    request: IncomingMessage,
    response: ServerResponse,
    wire: WireRequest,
    decision: Allowed,
  ): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const from = { ip: wire.ip, scheme: wire.scheme ?? 'http' };
    let hasBegun = false;
    let isOver = false;
    try {
      await pool.stream(
        {
          method: request.method as 'GET',
          path: wire.target,
          headers: upstreamHeaders(request.rawHeaders, decision, from),
          body: wire.body.length === 0 ? null : (wire.body as Buffer),
          signal: gone.signal,
          responseHeaders: 'raw',
        },
        ({ statusCode, headers }) => {
          const sent = clientHeaders(textHeaders(headers as unknown as readonly Buffer[]));
          const given = withOurs(sent, decision.headers);
          // An answer says what was done, so it is let come to its end. One that may have none must not outlive its key.
          if (singleHeader(sent, 'content-length') === undefined) {
            onceOver(verifier, decision, response, lingerMs, () => {
              isOver = true;
              response.destroy();
            });
          }
          if (signer !== undefined) {
            const head = { status: statusCode, headers: given };
            const connection = request.socket;
            const held = new HeldAnswer({ signer, request: wire, response, connection, heldMs }, head);
            hasBegun = true;
            return held;
          }
          response.writeHead(statusCode, given as string[]);
          hasBegun = true;
          // With the first bytes of the body if they are there; alone if the upstream takes its time.
          setImmediate(() => {
            if (!response.writableEnded) response.flushHeaders();
          });
          return response;
        },
      );
    } catch (error) {
      // An upstream that breaks off has the response destroyed with its error; a client that leaves, without.
      if (isOver || (gone.signal.aborted && response.errored === null)) return;
      onError(response.errored ?? error);
      if (!hasBegun) await takeBack(decision, error);
      if (hasBegun) response.destroy();
      else {
        const away = upstreamIsAway(dialects, decision, Date.now());
        sendAnswer(response, signer === undefined ? away : signer.signed(away, wire));
      }
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch((error: unknown) => {
      if (!request.destroyed) onError(error);
      response.destroy();
    });
  };
  const serverOptions = requestTimeouts(options.requestTimeoutMs);
  const server =
    tls === undefined
      ? createHttpServer(serverOptions, listener)
      : createHttpsServer({ ...serverOptions, ...tls }, listener);
  const upgrades = createUpgradeHandler({
    verifier,
    manifest,
    dialects,
    upstreamHeaders,
    environment,
    upstream,
    pool,
    trustedProxies,
    onError,
    answerSigner: signer,
    takeBack,
    loginTimeoutMs: options.loginTimeoutMs,
  });
  const drain = createDrain(server);
  server.on('upgrade', upgrades.handle);
  server.on('clientError', answerBrokenRequest);

  return {
    server,
    async close() {
      upgrades.close();
      await drain(() => new Promise<void>((resolve) => server.close(() => resolve())));
      await pool.close();
    },
  };
}

function textHeaders(raw: readonly Buffer[]): string[] {
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}

/** Calls `end` when an answer is still under way some time after its decision is to be made anew. */
function onceOver(
  verifier: WatchingVerifier,
  decision: Allowed,
  response: ServerResponse,
  lingerMs: number,
  end: () => void,
): void {
  let timer: NodeJS.Timeout | undefined;
  const unwatch = verifier.watch(decision, () => {
    timer = setTimeout(end, lingerMs);
  });
  response.once('close', () => {
    unwatch();
    clearTimeout(timer);
  });
}
