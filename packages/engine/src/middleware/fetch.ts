import type { IncomingMessage } from 'node:http';
import type { WireRequest } from '@countersign/core';
import type { Allowed } from '../decision/decision.ts';
import type { MiddlewareOptions } from './options.ts';
import { DEFAULT_BODY_LIMIT } from './read-body.ts';

/** Where a request came from: a `Request` itself does not know. */
export interface Peer {
  readonly ip?: string | undefined;
  /** Node's own request, where there is one: its target and headers are the bytes of the wire. */
  readonly incoming?: IncomingMessage | undefined;
}

export type Verified =
  /** `request` is the same again, with its body unread. */
  | { readonly ok: true; readonly decision: Allowed; readonly request: Request }
  | { readonly ok: false; readonly response: Response };

/**
 * Decides about a fetch `Request`, for any handler of the form `Request → Response`. What is in `decision.headers` is
 * for the handler to set on its response.
 *
 * A `Request` has no raw target: its URL was normalised (dot segments, `'` in queries), and equal headers were
 * joined. Give `incoming` where the server has one; without it, a client that signed an unusual spelling is
 * refused.
 */
export async function verifyFetch(
  request: Request,
  peer: Peer,
  options: MiddlewareOptions,
): Promise<Verified> {
  const { engine, ask, bodyLimit = DEFAULT_BODY_LIMIT } = options;
  const body = await readBody(request, bodyLimit);
  const decision = await engine.verify(wireRequestOf(request, body, peer), ask);
  if (!decision.allowed) {
    const { status, headers, body: text } = decision.response;
    return { ok: false, response: new Response(text, { status, headers: { ...headers } }) };
  }
  const again = body === undefined || body.length === 0 ? undefined : { body: new Uint8Array(body) };
  return {
    ok: true,
    decision,
    request: again === undefined ? request : new Request(request.url, remade(request, again)),
  };
}

/** What of Hono's context this needs: its own type fits. */
interface HonoContext {
  readonly req: { raw: Request };
  readonly res: Response;
  readonly env: unknown;
  set(key: 'countersign', value: Allowed): void;
}

/**
 * Hono middleware that lets through what the engine allows. Handlers find the decision by
 * `c.get('countersign')`. On Node (`@hono/node-server`) target, headers and address are taken from the socket;
 * elsewhere give `peerOf`.
 */
export function countersign(options: MiddlewareOptions & { readonly peerOf?: (c: HonoContext) => Peer }) {
  const { peerOf = peerOnNode } = options;
  return async (c: HonoContext, next: () => Promise<void>): Promise<Response | undefined> => {
    const verified = await verifyFetch(c.req.raw, peerOf(c), options);
    if (!verified.ok) return verified.response;
    c.req.raw = verified.request;
    c.set('countersign', verified.decision);
    await next();
    for (const [name, value] of Object.entries(verified.decision.headers ?? {}))
      c.res.headers.set(name, value);
    return undefined;
  };
}

function peerOnNode({ env }: HonoContext): Peer {
  const { incoming } = (env ?? {}) as { incoming?: IncomingMessage };
  return { ip: incoming?.socket?.remoteAddress, incoming };
}

function wireRequestOf(request: Request, body: Uint8Array | undefined, { ip, incoming }: Peer): WireRequest {
  const url = new URL(request.url);
  return {
    method: request.method,
    target: incoming?.url ?? url.pathname + url.search,
    headers: incoming?.rawHeaders ?? withHost([...request.headers].flat(), url.host),
    body: body ?? new Uint8Array(),
    bodyIsTruncated: body === undefined,
    ip,
    scheme: url.protocol === 'https:' ? 'https' : 'http',
  };
}

/** A `Request` that was not received but made has no Host header. */
function withHost(headers: readonly string[], host: string): readonly string[] {
  return headers.includes('host') ? headers : ['host', host, ...headers];
}

async function readBody(request: Request, limit: number): Promise<Uint8Array | undefined> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function remade(request: Request, again: { body: Uint8Array }): RequestInit {
  return {
    method: request.method,
    headers: request.headers,
    signal: request.signal,
    body: again.body as NonNullable<RequestInit['body']>,
  };
}
