import {
  type DialectTable,
  type HttpAnswer,
  type RawHeaders,
  REQUEST_DIGEST,
  signResponse,
  type WireRequest,
  type WireResponse,
} from '@countersign/core';
import type { AnswerKey } from './answer-key.ts';

/** Signs the answers of the service and of the reverse proxy (RFC 9421). */
export interface AnswerSigner {
  readonly key: AnswerKey;
  /**
   * The headers to add to an answer: its signature; or {@link UNSIGNED}, where it cannot be signed. A body that does not
   * go onto the wire, as in the answer to HEAD, is not covered.
   */
  headersFor(response: WireResponse, request: WireRequest): Readonly<Record<string, string>>;
  /** An answer of our own with these headers. */
  signed(answer: HttpAnswer, request: WireRequest): HttpAnswer;
}

/** A header that says why an answer is not signed. Nobody signs it: it is advice, and no excuse. */
export const UNSIGNED = 'X-Countersign-Unsigned';

/**
 * - `stream`: the answer is one that has no end.
 * - `too-long`: longer than what is held back to be signed.
 * - `too-slow`: its end did not come in time.
 * - `not-signable`: RFC 9421 has no way to sign it, or it contradicts itself.
 */
export type UnsignedReason = 'stream' | 'too-long' | 'too-slow' | 'not-signable';

/** Headers of an answer that mean something only when they are ours: those of an upstream are not passed on. */
export const OURS_ALONE: ReadonlySet<string> = new Set([
  'signature',
  'signature-input',
  REQUEST_DIGEST,
  UNSIGNED.toLowerCase(),
]);

/** What a client acts upon, where an answer has it. */
const COVERED = [
  'content-type',
  'content-encoding',
  'content-range',
  'location',
  'retry-after',
  'ratelimit',
  'ratelimit-policy',
  'www-authenticate',
  'etag',
  'x-request-id',
  'x-countersign-request-id',
];
const NO_BODY = Buffer.alloc(0);

/**
 * Makes the signer of answers: over the status, the body and what a client acts upon, and of the request all that
 * {@link signResponse} takes, all proof in its headers that is no secret itself, and its body.
 *
 * @param dialects those whose proofs an answer is bound to
 */
export function createAnswerSigner(
  key: AnswerKey,
  dialects: DialectTable,
  clock: () => number = Date.now,
): AnswerSigner {
  const proofs = new Set(dialects.all.flatMap(({ securityHeaders }) => securityHeaders));
  for (const { passphraseHeader } of dialects.all) proofs.delete(passphraseHeader ?? '');

  function headersFor(response: WireResponse, request: WireRequest): Readonly<Record<string, string>> {
    const sent = hasNoBody(response, request) ? { ...response, body: NO_BODY } : response;
    const ofRequest = proofsIn(request.headers, proofs);
    const context = { nowMs: clock(), headers: COVERED, ofRequest, coversRequestBody: true };
    const made = signResponse(sent, request, key.signingKey, context);
    return made.ok ? made.headers : unsigned('not-signable');
  }

  return {
    key,
    headersFor,
    signed(answer, request) {
      const { status, headers, body } = answer;
      const wire = { status, headers: Object.entries(headers).flat(), body: Buffer.from(body) };
      return { ...answer, headers: { ...headers, ...headersFor(wire, request) } };
    },
  };
}

export function unsigned(reason: UnsignedReason): Readonly<Record<string, string>> {
  return { [UNSIGNED]: reason };
}

/** Whether no body goes onto the wire, whatever the headers say of one (RFC 9110 section 6.4.1). */
export function hasNoBody({ status }: Pick<WireResponse, 'status'>, { method }: WireRequest): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

/**
 * A bearer token proves nothing of a request, and a signature over it would be something to try guesses on: only what
 * looks like a JSON Web Token of one request's own counts.
 */
const TOKEN = /^Bearer\s+[^.]*$/i;

function proofsIn(headers: RawHeaders, proofs: ReadonlySet<string>): string[] {
  const found: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    if (proofs.has(name) && !TOKEN.test(headers[i + 1] as string)) found.push(name);
  }
  return found;
}
