import { type ClaimPart, type Denial, denial } from '../denial.ts';
import { isSafeMethod, pathOf, queryOf, type WireRequest } from '../message.ts';
import type { Alternative, Claim, Dialect, ReadContext, SignedRequest, SigningContext } from './dialect.ts';
import { htxAnswer } from './htx-errors.ts';
import { signedHost } from './htx-host.ts';
import { HTX_SCHEMES, htxLogin } from './htx-login.ts';
import { encodedQuery, fieldsOf, type SentField, sortedQuery } from './htx-query.ts';
import { htxLimits } from './rate-limit-headers.ts';
import { readIsoSeconds, writeIsoSeconds } from './timestamps.ts';

const PARTS: readonly (readonly [name: string, part: ClaimPart])[] = [
  ['AccessKeyId', 'key'],
  ['Signature', 'signature'],
  ['Timestamp', 'timestamp'],
  ['SignatureMethod', 'signature'],
  ['SignatureVersion', 'signature'],
];
const MAX_LENGTH = 512;

/**
 * HTX (Huobi): method, host, path and the query less `Signature`, sorted by name and percent-encoded, each on a line;
 * HMAC-SHA256 in base64. The proof stands in the query. Timestamp in whole seconds of UTC, five minutes either way.
 *
 * The body of a POST is not covered. Where the signature covers nothing that differs, as for two orders within one
 * second, the second one is refused as used.
 */
export const htx: Dialect = {
  name: 'htx',
  schemes: HTX_SCHEMES,
  hasPassphrase: false,
  securityHeaders: [],
  window: { pastMs: 300_000, futureMs: 300_000 },
  timestampUnit: 'ISO 8601',
  replay: { kind: 'signature' },
  uncovered: ['body'],
  webSocket: htxLogin,

  recognises: ({ target }) => /[?&](?:AccessKeyId|Signature(?:Method|Version)?)=/.test(target),

  read(request, context = {}): Claim | Denial {
    if (request.body.length > 0 && isSafeMethod(request.method)) {
      return denial('malformed_request', `A ${request.method} request of this dialect has no body.`);
    }
    const fields = fieldsOf(queryOf(request.target));
    if (typeof fields === 'string') return denial('malformed_request', fields);
    const proof = proofIn(fields);
    if (!Array.isArray(proof)) return proof as Denial;
    const [keyId, signature, timestamp, method, version] = proof as [string, string, string, string, string];
    if (method !== 'HmacSHA256') {
      return denial('algorithm_not_allowed', 'SignatureMethod is not HmacSHA256.', { part: 'signature' });
    }
    if (version !== '2') {
      return denial('malformed_request', 'SignatureVersion is not 2.', { part: 'signature' });
    }
    const timestampMs = readIsoSeconds(timestamp);
    if (timestampMs === undefined) {
      return denial('timestamp_invalid', 'Timestamp is no time like 2026-11-24T08:15:30.', {
        part: 'timestamp',
      });
    }
    const head = signedHead(request, context);
    if (head === undefined) return denial('malformed_request', 'Host is missing, there twice, or no name.');
    const query = sortedQuery(fields.filter(({ name }) => name !== 'Signature'));
    return {
      ok: true,
      keyId,
      signature,
      timestampMs,
      prehash: [head + query],
      alternatives: () => otherPrehashes(head, query),
    };
  },

  refuse: htxAnswer,
  rateLimitHeaders: htxLimits,

  sign(request, key, context: SigningContext): SignedRequest {
    const use = this.schemes[key.kind];
    if (use === undefined) throw new TypeError(`htx has no scheme for kind ${key.kind}`);
    const { target, body } = request;
    const path = pathOf(target);
    const proof = [
      `AccessKeyId=${encodeURIComponent(key.keyId)}`,
      'SignatureMethod=HmacSHA256',
      'SignatureVersion=2',
      `Timestamp=${encodeURIComponent(writeIsoSeconds(context.nowMs))}`,
    ].join('&');
    const query = queryOf(target);
    const fields = fieldsOf(query === '' ? proof : `${proof}&${query}`);
    const head = signedHead(request, context);
    if (typeof fields === 'string') throw new TypeError(fields);
    if (head === undefined) throw new TypeError('The host is signed, and Host is missing or no name.');
    const signed = sortedQuery(fields);
    const signature = encodeURIComponent(key.sign(use, [head + signed]));
    return { target: `${path}?${signed}&Signature=${signature}`, headers: {}, body };
  },
};

function signedHead(request: WireRequest, context: ReadContext): string | undefined {
  const host = signedHost(request, context);
  return host === undefined ? undefined : `${request.method}\n${host}\n${pathOf(request.target)}\n`;
}

function otherPrehashes(head: string, query: string): readonly Alternative[] {
  const encoded = encodedQuery(query);
  return encoded === undefined ? [] : [{ form: 'encoded', prehash: [head + encoded] }];
}

/** The values of the proof, decoded, in the order of {@link PARTS}. */
function proofIn(fields: readonly SentField[]): readonly string[] | Denial {
  const values: string[] = [];
  for (const [name, part] of PARTS) {
    const sent = fields.find((field) => field.name === name)?.value ?? '';
    if (sent === '') return denial('credential_missing', `${name} is missing or empty.`, { part });
    const value = decoded(sent);
    if (value === undefined || value.length > MAX_LENGTH) {
      return denial('malformed_request', `${name} cannot be decoded, or is longer than ${MAX_LENGTH}.`, {
        part,
      });
    }
    values.push(value);
  }
  return values;
}

/** Undoes the percent-encoding. A `+` is no space here: there is none in a proof. */
function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
