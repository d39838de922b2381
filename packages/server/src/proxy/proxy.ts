import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { PROBLEM_MEDIA_TYPE, problemOf, type ErrorCode } from '@countersign/contract';
import { DIALECTS, type HttpAnswer, denial, type Network, type WireRequest } from '@countersign/core';
import type { Allowed, Denied, Verifier } from '@countersign/engine';
import { Pool } from 'undici';
import { clientScheme, peerAddress } from '../peer-address.ts';
import { clientHeaders, upstreamHeaders } from './headers.ts';
import { readWholeBody } from './read-body.ts';
import { createUpgradeHandler } from './upgrade.ts';

export interface ProxyOptions {
  readonly verifier: Verifier;
  /** An origin: scheme, host and port. */
  readonly upstream: URL;
  readonly maxBodyBytes: number;
  readonly trustedProxies: readonly Network[];
  readonly tls: SecureContextOptions | undefined;
  readonly onError: (error: unknown) => void;
}

export interface Proxy {
  readonly server: Server;
  /** Stops accepting, lets requests in flight end, then closes the connections to the upstream. */
  close(): Promise<void>;
}

/** How long an upstream may stay silent, in ms: before its answer begins, and within it. */
const UPSTREAM_SILENCE_MS = 60_000;
const DRAIN_MS = 10_000;

/**
 * A reverse proxy that lets through what the verifier allows. Bodies are read whole before the decision, because
 * signatures cover them; answers are streamed. The target goes to the upstream byte for byte as it was signed.
 */
export function createProxy(options: ProxyOptions): Proxy {
  const { verifier, upstream, maxBodyBytes, trustedProxies, tls, onError } = options;
  const pool = new Pool(upstream, {
    headersTimeout: UPSTREAM_SILENCE_MS,
    bodyTimeout: UPSTREAM_SILENCE_MS,
    connect: { timeout: 5_000 },
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readWholeBody(request, maxBodyBytes);
    if (body === undefined) response.setHeader('connection', 'close');
    const wire = wireRequestOf(request, body ?? OVERSIZED(maxBodyBytes), trustedProxies);
    const decision = await verifier.verify(wire);
    if (!decision.allowed) return refuse(response, decision);
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
          response.writeHead(statusCode, clientHeaders(textHeaders(headers as unknown as readonly Buffer[])));
          return response;
        },
      );
    } catch (error) {
      if (gone.signal.aborted) return;
      onError(error);
      if (response.headersSent) response.destroy();
      else sendAnswer(response, upstreamIsAway(decision));
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch((error: unknown) => {
      if (!request.destroyed) onError(error);
      response.destroy();
    });
  };
  const serverOptions = { requestTimeout: 30_000, headersTimeout: 15_000 };
  const server =
    tls === undefined
      ? createHttpServer(serverOptions, listener)
      : createHttpsServer({ ...serverOptions, ...tls }, listener);
  const upgrades = createUpgradeHandler({ verifier, pool, trustedProxies, onError });
  server.on('upgrade', upgrades.handle);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (socket.destroyed || error.code === 'ECONNRESET') return;
    const isOverflow = error.code === 'HPE_HEADER_OVERFLOW';
    socket.end(`HTTP/1.1 ${isOverflow ? '431 Request Header Fields Too Large' : '400 Bad Request'}\r\nconnection: close\r\n\r\n`);
  });

  return {
    server,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      upgrades.close();
      const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      await closed;
      clearTimeout(deadline);
      await pool.close();
    },
  };
}

/** Stands for a body that was not read: one byte over the limit, which the verifier then refuses. */
function OVERSIZED(limit: number): Buffer {
  return Buffer.allocUnsafe(limit + 1);
}

export function wireRequestOf(request: IncomingMessage, body: Buffer, trusted: readonly Network[]): WireRequest {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: request.rawHeaders,
    body,
    ip: peerAddress(request.socket.remoteAddress, request.headers['x-forwarded-for'], trusted),
    scheme: clientScheme(request, trusted),
  };
}

function refuse(response: ServerResponse, { response: answer, requestId }: Denied): void {
  response.setHeader('x-countersign-request-id', requestId);
  sendAnswer(response, answer);
}

export function sendAnswer(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** The dialect's own "try again later": a bot knows that one. */
function upstreamIsAway(decision: Allowed): HttpAnswer {
  const dialect = DIALECTS.find(({ name }) => name === decision.dialect);
  const detail = 'The API behind this address does not answer.';
  if (dialect === undefined) return problemAnswerOf('upstream_unavailable', detail, decision.requestId);
  const refusal = denial('unavailable', detail, { retryAfterSeconds: 1 });
  return dialect.refuse(refusal, { nowMs: Date.now(), requestId: decision.requestId });
}

export function problemAnswerOf(code: ErrorCode, detail: string, requestId: string): HttpAnswer {
  const problem = problemOf(code, detail, requestId);
  return { status: problem.status, headers: { 'content-type': PROBLEM_MEDIA_TYPE }, body: JSON.stringify(problem) };
}

function textHeaders(raw: readonly Buffer[]): string[] {
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}
