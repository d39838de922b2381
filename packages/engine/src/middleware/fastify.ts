import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Allowed } from '../decision/decision.ts';
import { wireRequestOf } from './node-request.ts';
import type { MiddlewareOptions } from './options.ts';
import { DEFAULT_BODY_LIMIT, readWholeStream } from './read-body.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What was decided, once the request was let through. */
    countersign: Allowed | null;
  }
}

/**
 * A Fastify plugin that lets through what the engine allows, for all routes of the instance. Handlers find the
 * decision in `request.countersign`; what is denied is answered as the dialect's own exchange would.
 *
 * Bodies are read before they are parsed, because signatures cover bytes; Fastify's own parsers then see the
 * same bytes. `request.ip` and `request.protocol` are believed, so set Fastify's `trustProxy` where a proxy
 * stands before it, and only there.
 */
export const countersign = Object.assign(plugin, {
  // The marks of fastify-plugin: hooks apply to the instance itself, not to a copy below it.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'countersign',
});

async function plugin(app: FastifyInstance, options: MiddlewareOptions): Promise<void> {
  const { engine, ask, bodyLimit = DEFAULT_BODY_LIMIT } = options;
  app.decorateRequest('countersign', null);
  app.addHook('preParsing', async (request: FastifyRequest, reply: FastifyReply, payload) => {
    const body = await readWholeStream(payload as Readable, bodyLimit);
    if (body === undefined) reply.header('connection', 'close');
    const decision = await engine.verify(wireRequestOf(request.raw, body, request.ip, request.protocol), ask);
    if (!decision.allowed) {
      const { status, headers, body: text } = decision.response;
      return reply.code(status).headers(headers).send(text);
    }
    if (decision.headers !== undefined) reply.headers(decision.headers);
    request.countersign = decision;
    const again = Readable.from(body === undefined || body.length === 0 ? [] : [body], { objectMode: false });
    return Object.assign(again, { receivedEncodedLength: body?.length ?? 0 });
  });
}
