import { createHash } from 'node:crypto';
import { type Denial, denial } from '../denial.ts';
import {
  hasHeader,
  headerName,
  isSafeMethod,
  pathOf,
  queryOf,
  REPEATED,
  singleHeader,
  singleHeaders,
  type WireRequest,
} from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import { faultInSize } from './body-size.ts';
import type { Claim, Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { krakenFuturesError } from './kraken-futures-errors.ts';
import { krakenFuturesLogin } from './kraken-futures-login.ts';
import { faultInProofHeaders, type ProofHeader } from './proof-headers.ts';
import { spellingsWithoutPlus } from './query-forms.ts';
import { jsonAnswer } from './refusals.ts';
import { hasMovableDigits, isRisingNonce } from './rising-nonce.ts';
import { writeIsoInstant } from './timestamps.ts';

const KEY: ProofHeader = { ...headerName('APIKey'), part: 'key' };
const SIGN: ProofHeader = { ...headerName('Authent'), part: 'signature' };
const schemes = { hmac: { scheme: 'hmac-sha512', encoding: 'base64', key: 'base64' } } as const;
const NONCE = headerName('Nonce');
const PROOF = [KEY, SIGN];
/** In front of the path, and not signed with it. */
const PREFIX = '/derivatives';
const API = '/api/';

/**
 * Kraken Futures: SHA-256 of `parameters + nonce + path`, then HMAC-SHA512 under the bytes that the secret is base64 of,
 * base64. The parameters are the query or the body, and the path is without `/derivatives`. The nonce is a header that
 * may be absent: most clients send none.
 *
 * **Without a nonce there is neither freshness nor protection against replay**: the same request has the same signature
 * for ever, and an honest client sends it twice. With one, it rises for each key.
 *
 * Nothing stands between the parts. A path begins with `/api/`, which stands nowhere else; and a request that changes
 * something is refused when digits could be moved between its parameters and the nonce, which must look like a time:
 * `size=1` without a nonce is the same text as `size=` and the nonce 1. The method is not covered, nor is whether the
 * parameters stand in the query or in the body.
 */
export const krakenFutures: Dialect = {
  name: 'kraken-futures',
  schemes,
  hasPassphrase: false,
  securityHeaders: [...PROOF, NONCE].map(({ lower }) => lower),
  replay: { kind: 'rising', order: 'windowed', keep: 1000 },
  uncovered: ['method', 'host'],
  webSocket: krakenFuturesLogin(schemes),

  recognises: ({ headers }) => hasHeader(headers, KEY) || hasHeader(headers, SIGN),

  read(request): Claim | Denial {
    const values = singleHeaders(request.headers, PROOF);
    const fault = faultInProofHeaders(PROOF, values);
    if (fault !== undefined) return fault;
    const [keyId, signature] = values as [string, string];
    const nonce = singleHeader(request.headers, NONCE.lower);
    if (nonce === REPEATED) return denial('malformed_request', 'Nonce occurs twice.', { part: 'timestamp' });
    if (nonce !== undefined && !isRisingNonce(nonce)) {
      return denial('timestamp_invalid', 'Nonce is not a whole number of up to 64 bits.', {
        part: 'timestamp',
      });
    }
    const tooLong = faultInSize(request);
    if (tooLong !== undefined) return tooLong;
    const parameters = parametersOf(request, nonce ?? '');
    if (typeof parameters !== 'string') return parameters;
    const prehashOf = (text: string) => prehash(text, nonce ?? '', request.target);
    return {
      ok: true,
      keyId,
      signature,
      nonce,
      prehash: prehashOf(parameters),
      alternatives: () =>
        spellingsWithoutPlus(parameters)
          .filter(({ text }) => !text.includes(API) && !isMovable(request, text, nonce ?? ''))
          .map(({ form, text }) => ({ form, prehash: prehashOf(text) })),
    };
  },

  refuse(refusal, { nowMs }) {
    const { code, status } = krakenFuturesError(refusal);
    return jsonAnswer(status, { result: 'error', error: code, serverTime: writeIsoInstant(nowMs) }, refusal);
  },

  sign(request: WireRequest, key: SigningKey, { nonce }: SigningContext): SignedRequest {
    const use = this.schemes[key.kind];
    if (use === undefined) throw new TypeError(`kraken-futures has no scheme for kind ${key.kind}`);
    const parameters = parametersOf(request, nonce);
    if (typeof parameters !== 'string') throw new TypeError(parameters.detail);
    const added = {
      [KEY.usual]: key.keyId,
      [SIGN.usual]: key.sign(use, prehash(parameters, nonce, request.target)),
      ...(nonce === '' ? {} : { [NONCE.usual]: nonce }),
    };
    return { target: request.target, headers: added, body: request.body };
  },
};

/** The parameters, from the query or from the body, or why they and the rest cannot be told apart. */
function parametersOf(request: WireRequest, nonce: string): string | Denial {
  const { method, target, body } = request;
  const query = queryOf(target);
  if (query !== '' && body.length > 0)
    return malformed('A request of this dialect has a query or a body, not both.');
  if (body.length > 0 && isSafeMethod(method))
    return malformed(`A ${method} request of this dialect has no body.`);
  const path = signedPath(target);
  if (!path.startsWith(API) || path.lastIndexOf(API) > 0)
    return malformed('The path does not begin with /api/.');
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const text = query === '' ? bytes.toString('utf8') : query;
  if (query === '' && !Buffer.from(text, 'utf8').equals(bytes)) return malformed('The body is not UTF-8.');
  if (text.includes(API)) return malformed('The parameters hold /api/, where the path begins.');
  return isMovable(request, text, nonce)
    ? malformed('It cannot be told where the parameters end and the nonce begins.')
    : text;
}

function isMovable({ method }: WireRequest, parameters: string, nonce: string): boolean {
  return !isSafeMethod(method) && hasMovableDigits(parameters, nonce, true);
}

function signedPath(target: string): string {
  const path = pathOf(target);
  return path.startsWith(`${PREFIX}/`) ? path.slice(PREFIX.length) : path;
}

function prehash(parameters: string, nonce: string, target: string): Prehash {
  return [createHash('sha256').update(parameters).update(nonce).update(signedPath(target)).digest()];
}

function malformed(detail: string): Denial {
  return denial('malformed_request', detail);
}
