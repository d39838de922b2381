import type { ExplainRequest, VerifyRequest } from '@countersign/contract';
import type { WireRequest } from '@countersign/core';
import type { Engine } from '@countersign/engine';
import { type Call, done, failed, type Reply } from './handler.ts';

/** `POST /v1/verify` and `/v1/explain`: put the described request before the one verifier, or ask why it refuses. */
export function verifyHandlers(engine: Engine) {
  return {
    verify: async ({ body }: Call) => {
      const { request, ...ask } = body as VerifyRequest;
      return done(await engine.verify(wireRequestOf(request), ask));
    },
    explain: async ({ body, by }: Call): Promise<Reply> => {
      const { request, clientPrehash, ...ask } = body as ExplainRequest;
      const answer = await engine.explain(wireRequestOf(request), ask, clientPrehash, by);
      if (!answer.ok) return failed(answer.code, answer.detail);
      const { ok: _, ...explanation } = answer;
      return done(explanation);
    },
  };
}

function wireRequestOf(described: VerifyRequest['request']): WireRequest {
  const { method, target, headers, body, bodyBase64, ip, scheme, message, challenge } = described;
  return {
    method,
    target,
    headers: flattened(Array.isArray(headers) ? headers : Object.entries(headers)),
    body: bodyBase64 === undefined ? Buffer.from(body ?? '', 'utf8') : Buffer.from(bodyBase64, 'base64'),
    ip,
    scheme,
    message,
    challenge,
  };
}

/** A header with several values is one header several times, so that a repeated security header is noticed. */
function flattened(headers: readonly (readonly [string, string | string[]])[]): string[] {
  const flat: string[] = [];
  for (const [name, values] of headers) {
    if (typeof values === 'string') flat.push(name, values);
    else for (const value of values) flat.push(name, value);
  }
  return flat;
}
