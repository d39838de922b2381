import type { SecureContextOptions } from 'node:tls';
import { type ErrorCode, ROUTES, type RouteContract, type RouteId } from '@countersign/contract';
import type { Network } from '@countersign/core';
import { createRequestIds, type Engine, type Keyring } from '@countersign/engine';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { answerBrokenRequest } from './broken-request.ts';
import { type Caller, verifyCaller } from './caller.ts';
import { accountHandlers } from './handlers/accounts.ts';
import { adviceHandlers } from './handlers/advice.ts';
import type { Call, Handler, Reply } from './handlers/handler.ts';
import { importHandlers } from './handlers/import-keys.ts';
import { keyAnswer, keyHandlers } from './handlers/keys.ts';
import { policyHandlers } from './handlers/policies.ts';
import { serviceHandlers } from './handlers/service.ts';
import { usageHandlers } from './handlers/usage.ts';
import { verifyHandlers } from './handlers/verify.ts';
import { type Attempt, Idempotency } from './idempotency.ts';
import type { Metrics } from './metrics.ts';
import { isLoopback } from './peer-address.ts';
import { wireRequestOf } from './proxy/wire-request.ts';
import { readBody, readParams, readQuery } from './read-call.ts';
import { discardRest } from './refused-body.ts';
import { createReplies } from './replies.ts';
import { requestTimeouts } from './request-timeouts.ts';
import type { AnswerSigner } from './signed-answers/answer-signer.ts';

export interface AppParts {
  readonly engine: Engine;
  readonly keyring: Keyring;
  readonly metrics: Metrics;
  readonly log: FastifyBaseLogger;
  readonly version: string;
  readonly maxBodyBytes: number;
  readonly trustedProxies: readonly Network[];
  readonly tls: SecureContextOptions | undefined;
  /** How long a client may take to send a request, in ms. Default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** Signs what is answered. Absent: nothing is signed. */
  readonly answerSigner?: AnswerSigner | undefined;
  /** Ms since 1970. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
}

const NO_BODY = Buffer.alloc(0);
/** An id has up to 128 characters, and each may be written as three. */
const MAX_ENCODED_PARAM = 3 * 128;
const TOKEN_IN_CLEAR =
  'A bearer token counts over TLS and on loopback only. This one was sent in clear: rotate it, and use https, ' +
  'or sign with RFC 9421.';
const ANONYMOUS: Caller = { credentialId: 'anonymous', permissions: [], requestId: '' };

/** Builds the management and verify API. Does not listen. */
export function buildApp(parts: AppParts): FastifyInstance {
  const { engine, keyring, metrics, version, maxBodyBytes, trustedProxies, tls } = parts;
  const timeouts = requestTimeouts(parts.requestTimeoutMs);
  const wireOf = (request: FastifyRequest) => wireRequestOf(request.raw, rawBody(request), trustedProxies);
  const { send, sendAnswer } = createReplies(parts.answerSigner, (request) =>
    wireRequestOf(request.raw, bodyThatCame(request), trustedProxies),
  );
  const app = Fastify({
    loggerInstance: parts.log,
    logController: new LogController({ disableRequestLogging: true }),
    // A verify call carries a whole request inside of its body.
    bodyLimit: maxBodyBytes * 2 + 65_536,
    genReqId: createRequestIds(),
    // A logger for each request costs more than a decision, and what is logged names its request by itself.
    childLoggerFactory: (logger) => logger,
    requestTimeout: timeouts.requestTimeout,
    // While it stops, what comes on open connections is answered like before, and readyz says why it is not ready.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: false, caseSensitive: true, maxParamLength: MAX_ENCODED_PARAM },
    frameworkErrors: (error, request, reply) => {
      const known = FRAMEWORK_ERRORS[error.code] ?? { code: 'internal_error', detail: error.message };
      void send(reply, request.id, { ok: false, ...known });
    },
    clientErrorHandler: answerBrokenRequest,
    ...(tls === undefined ? { http: timeouts } : { https: { ...tls, ...timeouts } }),
  }) as unknown as FastifyInstance;
  let isStopping = false;
  app.addHook('preClose', async () => {
    isStopping = true;
  });

  // Bodies stay bytes until the caller is known: signatures cover bytes, and strangers get nothing parsed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const handlers: Record<RouteId, Handler> = {
    ...keyHandlers(engine),
    ...accountHandlers(engine),
    ...adviceHandlers(engine),
    ...policyHandlers(engine),
    ...importHandlers(engine),
    ...verifyHandlers(engine),
    ...usageHandlers(engine),
    ...serviceHandlers({
      engine,
      keyring,
      metrics,
      version,
      answerKey: parts.answerSigner?.key,
      isStopping: () => isStopping,
    }),
  };
  const idempotency = new Idempotency(engine.store, keyring, parts.clock ?? Date.now);

  for (const [id, route] of Object.entries(ROUTES) as [RouteId, RouteContract][]) {
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: async (request, reply) => {
        const caller = await callerOf(request, reply, route);
        if (caller === undefined) return reply;
        const outcome = await handleOnce(request, route, handlers[id], caller);
        // The id of the decision, where there is one: it is the one that the log knows.
        return send(reply, caller.requestId || request.id, outcome, route.status);
      },
    });
  }

  app.setNotFoundHandler((request, reply) =>
    send(reply, request.id, {
      ok: false,
      code: 'not_found',
      detail: `There is no route ${request.method} ${pathOnly(request)}.`,
    }),
  );
  app.setErrorHandler((error, request, reply) => {
    const known = FRAMEWORK_ERRORS[(error as { code?: string }).code ?? ''];
    if (known !== undefined) {
      if (known.code === 'body_too_large') {
        reply.removeHeader('connection');
        discardRest(request.raw);
      }
      return send(reply, request.id, { ok: false, ...known });
    }
    // A client that goes away in the middle is no fault of ours, and nobody reads an answer.
    if (request.raw.destroyed && !request.raw.complete) {
      return send(reply, request.id, {
        ok: false,
        code: 'malformed_request',
        detail: 'The body is incomplete.',
      });
    }
    request.log.error({ err: error, requestId: request.id }, 'a request failed');
    const isStoreTrouble = error instanceof Error && ['StoreError', 'KeyringError'].includes(error.name);
    return send(
      reply,
      request.id,
      isStoreTrouble
        ? { ok: false, code: 'unavailable', detail: 'The store does not answer. The log says why.' }
        : {
            ok: false,
            code: 'internal_error',
            detail: 'The service has a fault. The log says which, under this request id.',
          },
    );
  });

  /** The caller, or undefined once the refusal was sent. */
  async function callerOf(request: FastifyRequest, reply: FastifyReply, route: RouteContract) {
    if (route.permission === null) return ANONYMOUS;
    const wire = wireOf(request);
    const isConfidential = wire.scheme === 'https' || isLoopback(wire.ip);
    const decision = await verifyCaller(engine, wire, route.permission, isConfidential);
    if (!decision.allowed) {
      const isTokenInClear = !isConfidential && request.headers.authorization !== undefined;
      if (isTokenInClear && decision.code === 'credential_missing') {
        reply.header('www-authenticate', decision.response.headers['www-authenticate']);
        await send(reply, decision.requestId, { ok: false, code: decision.code, detail: TOKEN_IN_CLEAR });
        return undefined;
      }
      await sendAnswer(reply, decision.response);
      return undefined;
    }
    const { credential, requestId } = decision;
    if (credential === null) throw new Error('an operator was let through without a credential');
    return { credentialId: credential.id, permissions: credential.permissions, requestId };
  }

  async function handleOnce(
    request: FastifyRequest,
    route: RouteContract,
    handler: Handler,
    caller: Caller,
  ): Promise<Reply> {
    const key = request.headers['idempotency-key'];
    if (route.method !== 'POST' || key === undefined)
      return handle(request, route, handler, caller, undefined);
    const scope = `${caller.credentialId} ${pathOnly(request)}`;
    const begun = await idempotency.begin(scope, String(key), rawBody(request));
    if (begun.kind === 'refused') return { ok: false, code: begun.code, detail: begun.detail };
    if (begun.kind === 'known') {
      const headers = { 'content-type': 'application/json', 'idempotency-replayed': 'true' };
      return { ok: true, status: begun.answer.status, body: begun.answer.body, headers };
    }
    try {
      const outcome = await handle(request, route, handler, caller, begun.attempt);
      if (outcome.ok) {
        await begun.attempt.keep({
          status: outcome.status ?? route.status,
          body: JSON.stringify(outcome.body),
        });
      }
      return outcome;
    } finally {
      begun.attempt.end();
    }
  }

  async function handle(
    request: FastifyRequest,
    route: RouteContract,
    handler: Handler,
    caller: Caller,
    attempt: Attempt | undefined,
  ): Promise<Reply> {
    const params = readParams(route, request.params);
    if (!params.ok) return params;
    const query = readQuery(route, request.query);
    if (!query.ok) return query;
    const body = readBody(route, rawBody(request), request.headers['content-type']);
    if (!body.ok) return body;
    const call: Call = {
      params: params.value,
      query: query.value,
      body: body.value,
      headers: request.headers,
      caller,
      by: {
        actor: caller.credentialId,
        permissions: caller.permissions,
        requestId: caller.requestId,
        remember:
          attempt === undefined
            ? undefined
            : (result) => attempt.remember({ status: route.status, body: JSON.stringify(keyAnswer(result)) }),
      },
    };
    return handler(call);
  }

  return app;
}

/** The body as it came; undefined where it was not read, because the request was refused before. */
function bodyThatCame(request: FastifyRequest): Buffer | undefined {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  const isUnread = !Buffer.isBuffer(request.body) && ((length ?? '0') !== '0' || coding !== undefined);
  return isUnread ? undefined : rawBody(request);
}

function rawBody(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : NO_BODY;
}

function pathOnly(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] as string;
}

const FRAMEWORK_ERRORS: Record<string, { code: ErrorCode; detail: string } | undefined> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', detail: 'The body is over the limit.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'malformed_request',
    detail: 'The body is not as long as Content-Length says.',
  },
  FST_ERR_BAD_URL: {
    code: 'malformed_request',
    detail: 'The path holds a percent-encoding that is incomplete or not UTF-8.',
  },
  FST_ERR_MAX_PARAM_LENGTH: {
    code: 'not_found',
    detail: 'Nothing has a name that is as long as the one in the path.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'unsupported_media_type', detail: 'Send application/json.' },
};
