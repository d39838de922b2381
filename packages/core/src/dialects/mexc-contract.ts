import { type ClaimPart, type Denial, denial } from '../denial.ts';
import {
  hasHeader,
  headerName,
  isSafeMethod,
  queryOf,
  REPEATED,
  singleHeaders,
  type WireRequest,
} from '../message.ts';
import type { Claim, Dialect, HttpAnswer, SignedRequest, SigningKey } from './dialect.ts';
import { CONTRACT_ERRORS } from './mexc-errors.ts';
import { spellingsWithoutPlus } from './query-forms.ts';
import { exchangeError, jsonAnswer } from './refusals.ts';
import { readMilliseconds } from './timestamps.ts';

const KEY = headerName('ApiKey');
const TIME = headerName('Request-Time');
const SIGNATURE = headerName('Signature');
const HEADERS = [KEY, SIGNATURE, TIME];
const PARTS: readonly ClaimPart[] = ['key', 'signature', 'timestamp'];
const MAX_HEADER = 512;

export const MEXC_SCHEMES: Dialect['schemes'] = { hmac: { scheme: 'hmac-sha256', encoding: 'hex' } };

/** Ten seconds either way. The header `Recv-Window` would say otherwise, and nothing signs it. */
export const CONTRACT_WINDOW = { pastMs: 10_000, futureMs: 10_000 };

/**
 * The form of MEXC's contract API: `ApiKey + Request-Time`, and the query sorted by name or the JSON body, in hex. The
 * proof is in headers. Method, path and host are not covered.
 *
 * A query stands for itself and a body for itself: a request has one of them. Every name in a query begins with a
 * letter and a body with `{` or `[`, so neither can be sent as the other.
 */
export const contract = {
  securityHeaders: HEADERS.map(({ lower }) => lower),

  recognises: ({ headers }: WireRequest) =>
    hasHeader(headers, TIME) || (hasHeader(headers, KEY) && hasHeader(headers, SIGNATURE)),

  read(request: WireRequest): Claim | Denial {
    const { method, target, body } = request;
    const values = singleHeaders(request.headers, HEADERS);
    for (const [i, { usual }] of HEADERS.entries()) {
      const value = values[i];
      const part = PARTS[i];
      if (value === REPEATED) return denial('malformed_request', `${usual} occurs twice.`, { part });
      if (value === undefined || value === '')
        return denial('credential_missing', `${usual} is missing or empty.`, { part });
      if (value.length > MAX_HEADER)
        return denial('malformed_request', `${usual} is longer than ${MAX_HEADER} characters.`, { part });
    }
    const [keyId, signature, time] = values as [string, string, string];
    const timestampMs = readMilliseconds(time);
    if (timestampMs === undefined) {
      return denial('timestamp_invalid', 'Request-Time is not a timestamp in ms.', { part: 'timestamp' });
    }
    const query = sorted(queryOf(target));
    const fault = faultInParameters(method, query, body);
    if (fault !== undefined) return denial('malformed_request', fault);
    return {
      ok: true,
      keyId,
      signature,
      timestampMs,
      window: CONTRACT_WINDOW,
      prehash: [keyId + time + query, body],
      alternatives: () =>
        spellingsWithoutPlus(query).map(({ form, text }) => ({ form, prehash: [keyId + time + text] })),
    };
  },

  refuse(refusal: Denial): HttpAnswer {
    const { code, message, status } = exchangeError(CONTRACT_ERRORS, refusal);
    return jsonAnswer(status, { success: false, code: Number(code), message }, refusal);
  },

  sign({ method, target, body }: WireRequest, key: SigningKey, nowMs: number): SignedRequest {
    const use = MEXC_SCHEMES[key.kind];
    if (use === undefined) throw new TypeError(`mexc has no scheme for kind ${key.kind}`);
    const query = sorted(queryOf(target));
    const fault = faultInParameters(method, query, body);
    if (fault !== undefined) throw new TypeError(fault);
    const headers = {
      [KEY.usual]: key.keyId,
      [TIME.usual]: String(nowMs),
      [SIGNATURE.usual]: key.sign(use, [key.keyId + nowMs + query, body]),
    };
    return { target, headers, body };
  },
};

/** The fields of a query in the order of their names; those of one name in the order in which they were sent. */
function sorted(query: string): string {
  return query
    .split('&')
    .map((field) => ({ field, name: field.split('=', 1)[0] as string }))
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
    .map(({ field }) => field)
    .join('&');
}

function faultInParameters(method: string, query: string, body: Uint8Array): string | undefined {
  if (query !== '' && !query.split('&').every((field) => /^[A-Za-z]/.test(field))) {
    return 'A name in the query does not begin with a letter.';
  }
  if (body.length === 0) return undefined;
  if (isSafeMethod(method)) return `A ${method} request of this dialect has no body.`;
  if (query !== '') return 'There are parameters in the query and in the body.';
  return body[0] === 0x7b || body[0] === 0x5b ? undefined : 'The body is no JSON object or array.';
}
