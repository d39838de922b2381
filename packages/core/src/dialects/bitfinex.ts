import { type Denial, denial } from '../denial.ts';
import { hasHeader, headerName, singleHeaders, type WireRequest } from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import { bitfinexError } from './bitfinex-errors.ts';
import { bitfinexLogin } from './bitfinex-login.ts';
import type { Claim, Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { faultInProofHeaders, type ProofHeader } from './proof-headers.ts';
import { jsonAnswer } from './refusals.ts';
import { hasMovableDigits, isRisingNonce } from './rising-nonce.ts';

const KEY: ProofHeader = { ...headerName('bfx-apikey'), part: 'key' };
const SIGN: ProofHeader = { ...headerName('bfx-signature'), part: 'signature' };
const NONCE: ProofHeader = { ...headerName('bfx-nonce'), part: 'timestamp' };
const PROOF = [KEY, SIGN, NONCE];

const schemes = { hmac: { scheme: 'hmac-sha384', encoding: 'hex' } } as const;

/**
 * Bitfinex v2: `/api` + path + nonce + body, HMAC-SHA384 in hex. The nonce is a header and rises for each key, less the
 * key's window.
 *
 * The signature leaves out the method and the query. So a request of this dialect is a POST without a query, as all of
 * Bitfinex's private ones are. Nothing stands between the parts: a body begins with no digit, and where the path ends in
 * digits (a symbol), the nonce must be one that can be told from them. There is no timestamp: a request that was never
 * used stays good until a higher nonce was.
 */
export const bitfinex: Dialect = {
  name: 'bitfinex',
  schemes,
  hasPassphrase: false,
  securityHeaders: PROOF.map(({ lower }) => lower),
  replay: { kind: 'rising', order: 'windowed', keep: 1000 },
  uncovered: ['host'],
  webSocket: bitfinexLogin(schemes),

  recognises: ({ headers }) => hasHeader(headers, KEY) || hasHeader(headers, SIGN),

  read(request): Claim | Denial {
    const values = singleHeaders(request.headers, PROOF);
    const fault = faultInProofHeaders(PROOF, values);
    if (fault !== undefined) return fault;
    const [keyId, signature, nonce] = values as [string, string, string];
    if (!isRisingNonce(nonce)) {
      return denial('timestamp_invalid', 'bfx-nonce is not a whole number of up to 64 bits.', {
        part: 'timestamp',
      });
    }
    return (
      faultInForm(request, nonce) ?? { ok: true, keyId, signature, nonce, prehash: prehash(request, nonce) }
    );
  },

  refuse(refusal) {
    const { code, message, status } = bitfinexError(refusal);
    return jsonAnswer(status, ['error', Number(code), message], refusal);
  },

  sign(request: WireRequest, key: SigningKey, { nonce }: SigningContext): SignedRequest {
    const use = this.schemes[key.kind];
    if (use === undefined) throw new TypeError(`bitfinex has no scheme for kind ${key.kind}`);
    const fault = faultInForm(request, nonce);
    if (fault !== undefined) throw new TypeError(fault.detail);
    const added = {
      [KEY.usual]: key.keyId,
      [SIGN.usual]: key.sign(use, prehash(request, nonce)),
      [NONCE.usual]: nonce,
    };
    return { target: request.target, headers: added, body: request.body };
  },
};

function faultInForm({ method, target, body }: WireRequest, nonce: string): Denial | undefined {
  if (method !== 'POST') return malformed('A request of this dialect is a POST.');
  if (target.includes('?')) return malformed('A request of this dialect has no query.');
  const [first = 0] = body;
  if (first >= 0x30 && first <= 0x39)
    return malformed('The body of this dialect does not begin with a digit.');
  return hasMovableDigits(target, nonce, false)
    ? malformed('The path ends in digits that could be taken for a part of the nonce.')
    : undefined;
}

function prehash({ target, body }: WireRequest, nonce: string): Prehash {
  const head = `/api${target}${nonce}`;
  return body.length === 0 ? [head] : [head, body];
}

function malformed(detail: string): Denial {
  return denial('malformed_request', detail);
}
