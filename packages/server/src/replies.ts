import { PROBLEM_MEDIA_TYPE, problemOf } from '@countersign/contract';
import type { HttpAnswer, RawHeaders, WireRequest } from '@countersign/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Reply } from './handlers/handler.ts';
import type { AnswerSigner } from './signed-answers/answer-signer.ts';

/** Sends what the management and verify API answers. Everything goes out here, so that all of it is signed. */
export interface Replies {
  /** Sends the outcome of a route, or the problem that it is. */
  send(reply: FastifyReply, requestId: string, outcome: Reply, status?: number): FastifyReply;
  /** Sends an answer in the words of a dialect. */
  sendAnswer(reply: FastifyReply, answer: HttpAnswer): FastifyReply;
}

/**
 * @param signer absent: nothing is signed
 * @param wireOf describes the request that is answered, as it came off the wire
 */
export function createReplies(
  signer: AnswerSigner | undefined,
  wireOf: (request: FastifyRequest) => WireRequest,
): Replies {
  function finish(reply: FastifyReply, body: Buffer): FastifyReply {
    if (signer === undefined) return reply.send(body);
    const response = { status: reply.statusCode, headers: rawHeadersOf(reply), body };
    return reply.headers(signer.headersFor(response, wireOf(reply.request))).send(body);
  }

  return {
    send(reply, requestId, outcome, status = 200) {
      reply.header('x-request-id', requestId).header('cache-control', 'no-store');
      if (outcome.ok) {
        const body = typeof outcome.body === 'string' ? outcome.body : JSON.stringify(outcome.body);
        reply
          .code(outcome.status ?? status)
          .headers({ 'content-type': 'application/json', ...outcome.headers });
        return finish(reply, bytesOf(body));
      }
      const problem = problemOf(outcome.code, outcome.detail, requestId, outcome.errors);
      if (problem.status === 503) reply.header('retry-after', '1');
      reply.code(problem.status).header('content-type', PROBLEM_MEDIA_TYPE);
      return finish(reply, bytesOf(JSON.stringify(problem)));
    },
    sendAnswer(reply, { status, headers, body }) {
      reply.code(status).headers(headers);
      return finish(reply, bytesOf(body));
    },
  };
}

function rawHeadersOf(reply: FastifyReply): RawHeaders {
  return Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => (one === undefined ? [] : [name, String(one)])),
  );
}

/** To a media type of a text that says nothing of it, Fastify would add a charset, which JSON does not have. */
function bytesOf(text: string): Buffer {
  return Buffer.from(text);
}
