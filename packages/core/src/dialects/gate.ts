import { hash } from 'node:crypto';
import { type Denial, denial } from '../denial.ts';
import {
  hasHeader,
  headerName,
  isSafeMethod,
  pathOf,
  queryOf,
  singleHeaders,
  type WireRequest,
} from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import type { Claim, Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { GATE_ERRORS } from './gate-errors.ts';
import { gateMessages } from './gate-messages.ts';
import { faultInProofHeaders, type ProofHeader } from './proof-headers.ts';
import { otherSpellings, type Spelling, spellingsWithoutPlus } from './query-forms.ts';
import { gateLimits } from './rate-limit-headers.ts';
import { exchangeError, jsonAnswer } from './refusals.ts';
import { readSeconds, writeSeconds } from './timestamps.ts';

const KEY: ProofHeader = { ...headerName('KEY'), part: 'key' };
const SIGN: ProofHeader = { ...headerName('SIGN'), part: 'signature' };
const TIMESTAMP: ProofHeader = { ...headerName('Timestamp'), part: 'timestamp' };
const PROOF = [KEY, SIGN, TIMESTAMP];

const schemes = { hmac: { scheme: 'hmac-sha512', encoding: 'hex' } } as const;

/**
 * Gate v4: method, path, query, the hex SHA-512 of the body and the timestamp, each on a line of its own; HMAC-SHA512 in
 * hex. Timestamp in seconds, 60 seconds either way. The host is not covered.
 *
 * Query and body are told apart by their lines, and no line holds a line break, so that the other spellings of a query
 * may be tried for every method. Two equal requests in one second have one signature, and the second is a replay unless
 * it is read-only.
 */
export const gate: Dialect = {
  name: 'gate',
  schemes,
  hasPassphrase: false,
  securityHeaders: PROOF.map(({ lower }) => lower),
  window: { pastMs: 60_000, futureMs: 60_000 },
  timestampUnit: 'seconds',
  replay: { kind: 'signature' },
  uncovered: ['host'],
  webSocket: gateMessages(schemes),
  rateLimitHeaders: gateLimits,

  recognises: ({ headers }) =>
    hasHeader(headers, KEY) && (hasHeader(headers, SIGN) || hasHeader(headers, TIMESTAMP)),

  read(request): Claim | Denial {
    const values = singleHeaders(request.headers, PROOF);
    const fault = faultInProofHeaders(PROOF, values);
    if (fault !== undefined) return fault;
    const [keyId, signature, timestamp] = values as [string, string, string];
    const timestampMs = readSeconds(timestamp);
    if (timestampMs === undefined) {
      return denial('timestamp_invalid', 'Timestamp is not a time in seconds.', { part: 'timestamp' });
    }
    const query = queryOf(request.target);
    return {
      ok: true,
      keyId,
      signature,
      timestampMs,
      prehash: prehash(request, query, timestamp),
      alternatives:
        query === ''
          ? undefined
          : () =>
              spellingsFor(request.method, query).map(({ form, text }) => ({
                form,
                prehash: prehash(request, text, timestamp),
              })),
    };
  },

  refuse(refusal) {
    const { code, message, status } = exchangeError(GATE_ERRORS, refusal);
    return jsonAnswer(status, { label: code, message }, refusal);
  },

  sign(request: WireRequest, key: SigningKey, { nowMs }: SigningContext): SignedRequest {
    const use = this.schemes[key.kind];
    if (use === undefined) throw new TypeError(`gate has no scheme for kind ${key.kind}`);
    const timestamp = writeSeconds(nowMs);
    const added = {
      [KEY.usual]: key.keyId,
      [SIGN.usual]: key.sign(use, prehash(request, queryOf(request.target), timestamp)),
      [TIMESTAMP.usual]: timestamp,
    };
    return { target: request.target, headers: added, body: request.body };
  },
};

/**
 * A `+` is a plus in one spelling and a space in another: only a read-only request may be read in both ways, whether the
 * `+` was signed or is sent.
 */
function spellingsFor(method: string, query: string): readonly Spelling[] {
  if (isSafeMethod(method)) return otherSpellings(query);
  return query.includes('+') ? [] : spellingsWithoutPlus(query);
}

function prehash({ method, target, body }: WireRequest, query: string, timestamp: string): Prehash {
  return [`${method}\n${pathOf(target)}\n${query}\n${hash('sha512', body, 'hex')}\n${timestamp}`];
}
