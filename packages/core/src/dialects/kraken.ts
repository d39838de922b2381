import { createHash } from 'node:crypto';
import { type Denial, denial } from '../denial.ts';
import { hasHeader, headerName, singleHeaders, type WireRequest } from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import { faultInSize } from './body-size.ts';
import type { Claim, Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { hasRepeatedName, jsonMembers, scalarText } from './json-members.ts';
import { krakenError } from './kraken-errors.ts';
import { faultInProofHeaders, type ProofHeader } from './proof-headers.ts';
import { jsonAnswer } from './refusals.ts';
import { isRisingNonce } from './rising-nonce.ts';

const KEY: ProofHeader = { ...headerName('API-Key'), part: 'key' };
const SIGN: ProofHeader = { ...headerName('API-Sign'), part: 'signature' };
const PROOF = [KEY, SIGN];
const NOT_UTF8 = denial('malformed_request', 'The body is not UTF-8.');

/**
 * Kraken, spot: `path + SHA-256(nonce + body)`, HMAC-SHA512 under the bytes that the secret is base64 of, base64. The
 * nonce is a field of the body, a form or a JSON object, and rises for each key, less the key's window.
 *
 * The signature leaves out the method and the query. So a request of this dialect is a POST without a query, as all of
 * Kraken's private ones are. There is no timestamp: a request that was never used stays good until a higher nonce was.
 */
export const kraken: Dialect = {
  name: 'kraken',
  schemes: { hmac: { scheme: 'hmac-sha512', encoding: 'base64', key: 'base64' } },
  hasPassphrase: false,
  securityHeaders: PROOF.map(({ lower }) => lower),
  replay: { kind: 'rising', order: 'windowed', keep: 1000 },
  uncovered: ['host'],

  recognises: ({ headers }) => hasHeader(headers, KEY) || hasHeader(headers, SIGN),

  read(request): Claim | Denial {
    const values = singleHeaders(request.headers, PROOF);
    const fault = faultInProofHeaders(PROOF, values) ?? faultInForm(request) ?? faultInSize(request);
    if (fault !== undefined) return fault;
    const [keyId, signature] = values as [string, string];
    const nonce = nonceIn(request.body);
    if (typeof nonce !== 'string') return nonce;
    if (!isRisingNonce(nonce)) {
      return denial('timestamp_invalid', 'The nonce is not a whole number of up to 64 bits.', {
        part: 'timestamp',
      });
    }
    return { ok: true, keyId, signature, nonce, prehash: prehash(request, nonce) };
  },

  refuse(refusal) {
    const { message, status } = krakenError(refusal);
    return jsonAnswer(status, { error: [message] }, refusal);
  },

  sign(request: WireRequest, key: SigningKey, { nonce }: SigningContext): SignedRequest {
    const use = this.schemes[key.kind];
    if (use === undefined) throw new TypeError(`kraken has no scheme for kind ${key.kind}`);
    const fault = faultInForm(request);
    if (fault !== undefined) throw new TypeError(fault.detail);
    const body = withNonce(request.body, nonce);
    const added = {
      [KEY.usual]: key.keyId,
      [SIGN.usual]: key.sign(use, prehash({ ...request, body }, nonce)),
    };
    return { target: request.target, headers: added, body };
  },
};

function faultInForm({ method, target }: WireRequest): Denial | undefined {
  if (method !== 'POST') return denial('malformed_request', 'A request of this dialect is a POST.');
  return target.includes('?')
    ? denial('malformed_request', 'A request of this dialect has no query.')
    : undefined;
}

/** Finds the nonce in a form or a JSON object, where it must stand once. */
function nonceIn(body: Uint8Array): string | Denial {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return NOT_UTF8;
  }
  const found = /^\s*\{/.test(text) ? noncesInJson(text) : noncesInForm(text);
  if (found === undefined)
    return denial('malformed_request', 'The body is no JSON object, or one with a name twice.');
  const [nonce] = found;
  if (nonce === undefined || nonce === '') {
    return denial('credential_missing', 'The body has no nonce.', { part: 'timestamp' });
  }
  if (found.length > 1) return denial('malformed_request', 'The nonce occurs twice.', { part: 'timestamp' });
  return nonce;
}

function noncesInJson(text: string): string[] | undefined {
  const members = jsonMembers(text);
  if (members === undefined || hasRepeatedName(members)) return undefined;
  return members.filter(({ name }) => name === 'nonce').map(({ value }) => scalarText(value) ?? 'no number');
}

/** The name may be percent-encoded in part: another parser would find it. */
function noncesInForm(text: string): string[] {
  return new URLSearchParams(`&${text}`).getAll('nonce');
}

function withNonce(body: Uint8Array, nonce: string): Uint8Array {
  const text = Buffer.from(body).toString('utf8');
  if (!/^\s*\{/.test(text)) return Buffer.from(`nonce=${nonce}${text === '' ? '' : `&${text}`}`);
  const rest = text.replace(/^\s*\{\s*/, '');
  return Buffer.from(`{"nonce":"${nonce}"${rest.startsWith('}') ? '' : ','}${rest}`);
}

function prehash({ target, body }: WireRequest, nonce: string): Prehash {
  return [target, createHash('sha256').update(nonce).update(body).digest()];
}
