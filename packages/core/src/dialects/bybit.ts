import { type Denial, denial } from '../denial.ts';
import {
  hasHeader,
  headerName,
  isSafeMethod,
  queryOf,
  REPEATED,
  singleHeader,
  singleHeaders,
  type WireRequest,
} from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import { BYBIT_ERRORS } from './bybit-errors.ts';
import { bybitLogin } from './bybit-login.ts';
import type { Claim, Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { faultInProofHeaders, type ProofHeader } from './proof-headers.ts';
import { mayBeSpeltOtherwise, queryAlternatives } from './query-forms.ts';
import { bybitLimits } from './rate-limit-headers.ts';
import { DEFAULT_WINDOW, readRecvWindow } from './recv-window.ts';
import { exchangeError, jsonAnswer } from './refusals.ts';
import { readMilliseconds } from './timestamps.ts';

const KEY: ProofHeader = { ...headerName('X-BAPI-API-KEY'), part: 'key' };
const SIGN: ProofHeader = { ...headerName('X-BAPI-SIGN'), part: 'signature' };
const TIMESTAMP: ProofHeader = { ...headerName('X-BAPI-TIMESTAMP'), part: 'timestamp' };
const RECV_WINDOW = headerName('X-BAPI-RECV-WINDOW');
const PROOF = [KEY, SIGN, TIMESTAMP];

/** How a query begins, and how a body does not: see {@link bybit}. */
const NAME = /^[A-Za-z_]/;
const NUMBER = /^[\d.]/;

const schemes = {
  hmac: { scheme: 'hmac-sha256', encoding: 'hex' },
  rsa: { scheme: 'rsa-v1_5-sha256', encoding: 'base64' },
} as const;

/**
 * Bybit v5: `timestamp + key + recvWindow + (query or body)`, HMAC-SHA256 in hex or RSA (PKCS#1 v1.5, SHA-256) in
 * base64. Timestamp in ms, less than a second ahead and at most `recvWindow` old (5 s, up to 60 s). A read-only request
 * signs its query, any other its body. Path and host are not covered, nor is POST against PUT.
 *
 * Nothing stands between the parts. The timestamp has 13 digits and the key is the credential's, so only the border
 * behind `recvWindow` could be moved: a query begins with a letter or `_`, written plainly, and no body with a digit or a
 * point. A request has a query or a body, and not both: the other one would not be covered.
 *
 * Clients ask several routes at once without a parameter (ccxt: what kind of account it is), and sign all of them alike.
 */
export const bybit: Dialect = {
  name: 'bybit',
  schemes,
  hasPassphrase: false,
  securityHeaders: [...PROOF, RECV_WINDOW, headerName('X-BAPI-SIGN-TYPE')].map(({ lower }) => lower),
  window: { pastMs: 60_000, futureMs: 1000 },
  timestampUnit: 'ms',
  replay: { kind: 'signature', readsShare: true },
  uncovered: ['method', 'path', 'host'],
  webSocket: bybitLogin(schemes),
  rateLimitHeaders: bybitLimits,

  recognises: ({ headers }) => hasHeader(headers, KEY) || hasHeader(headers, SIGN),

  read(request): Claim | Denial {
    const values = singleHeaders(request.headers, PROOF);
    const fault = faultInProofHeaders(PROOF, values);
    if (fault !== undefined) return fault;
    const [keyId, signature, timestamp] = values as [string, string, string];
    const timestampMs = timestamp.length === 13 ? readMilliseconds(timestamp) : undefined;
    if (timestampMs === undefined) {
      return denial('timestamp_invalid', `${TIMESTAMP.usual} is not a time in ms, of 13 digits.`, {
        part: 'timestamp',
      });
    }
    const recvWindow = singleHeader(request.headers, RECV_WINDOW.lower);
    if (recvWindow === REPEATED) return malformed(`${RECV_WINDOW.usual} occurs twice.`);
    const window =
      recvWindow === undefined || recvWindow === '' ? DEFAULT_WINDOW : readRecvWindow(recvWindow);
    if (window === undefined) return malformed(`${RECV_WINDOW.usual} is not a number of ms up to 60000.`);
    const misplaced = faultInParameters(request);
    if (misplaced !== undefined) return misplaced;
    const head = timestamp + keyId + (recvWindow ?? '');
    return {
      ok: true,
      keyId,
      signature,
      timestampMs,
      window,
      prehash: prehash(head, request),
      alternatives: mayBeSpeltOtherwise(request)
        ? () => queryAlternatives(request, (target) => [head + queryOf(target)])
        : undefined,
    };
  },

  refuse(refusal, { nowMs }) {
    const { code, message, status } = exchangeError(BYBIT_ERRORS, refusal);
    const body = { retCode: Number(code), retMsg: message, result: {}, retExtInfo: {}, time: nowMs };
    return jsonAnswer(status, body, refusal);
  },

  sign(request: WireRequest, key: SigningKey, { nowMs }: SigningContext): SignedRequest {
    const use = this.schemes[key.kind];
    if (use === undefined) throw new TypeError(`bybit has no scheme for kind ${key.kind}`);
    const fault = faultInParameters(request);
    if (fault !== undefined) throw new TypeError(fault.detail);
    const head = `${nowMs}${key.keyId}5000`;
    const added = {
      [KEY.usual]: key.keyId,
      [SIGN.usual]: key.sign(use, prehash(head, request)),
      [TIMESTAMP.usual]: String(nowMs),
      [RECV_WINDOW.usual]: '5000',
    };
    return { target: request.target, headers: added, body: request.body };
  },
};

function prehash(head: string, { method, target, body }: WireRequest): Prehash {
  if (isSafeMethod(method)) return [head + queryOf(target)];
  return body.length === 0 ? [head] : [head, body];
}

function faultInParameters({ method, target, body }: WireRequest): Denial | undefined {
  const query = queryOf(target);
  if (isSafeMethod(method)) {
    if (body.length > 0) return malformed(`A ${method} request of this dialect has no body.`);
    return query === '' || NAME.test(query)
      ? undefined
      : malformed('The query of this dialect begins with a letter.');
  }
  if (query !== '') return malformed(`A ${method} request of this dialect has no query.`);
  return body.length > 0 && NUMBER.test(String.fromCharCode(body[0] as number))
    ? malformed('The body of this dialect does not begin with a digit or a point.')
    : undefined;
}

function malformed(detail: string): Denial {
  return denial('malformed_request', detail);
}
