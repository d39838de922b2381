import { type Denial, denial } from '../denial.ts';
import type { WireRequest } from '../message.ts';
import { cryptocomError } from './cryptocom-errors.ts';
import { cryptocomLogin } from './cryptocom-login.ts';
import { CRYPTOCOM_SCHEMES, readSignedMessage, writeSignedMessage } from './cryptocom-message.ts';
import type { Claim, Dialect, SignedRequest } from './dialect.ts';
import { jsonAnswer } from './refusals.ts';

const PREFIX = '/exchange/v1/';
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Crypto.com Exchange, v1: `method + id + api_key + parameters + nonce`, HMAC-SHA256 in hex. All of it stands in the
 * JSON body, the signature as `sig`. The nonce is the time in ms, 30 seconds either way. (The documentation's list of
 * errors, as ccxt quotes it, speaks of 60.)
 *
 * Verb and URL are not signed. A request of this dialect therefore is a POST without a query to `/exchange/v1/` and
 * its signed method, which is private: a body that is sent to another path is refused. How the body is spelt is open,
 * and in part where its parameters end.
 */
export const cryptocom: Dialect = {
  name: 'cryptocom',
  schemes: CRYPTOCOM_SCHEMES,
  hasPassphrase: false,
  securityHeaders: [],
  window: { pastMs: 30_000, futureMs: 30_000 },
  timestampUnit: 'ms',
  replay: { kind: 'signature' },
  uncovered: ['body', 'host'],
  webSocket: cryptocomLogin,

  recognises({ body }) {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    return bytes.includes('"sig"') || bytes.includes('"api_key"');
  },

  read(request): Claim | Denial {
    const fault = faultInForm(request);
    if (fault !== undefined) return denial('malformed_request', fault);
    const text = textOf(request.body);
    if (text === undefined) return denial('malformed_request', 'The body is not UTF-8.');
    const read = readSignedMessage(text);
    if (!read.ok) return read;
    const { method, ...claim } = read;
    if (!method.startsWith('private/') || request.target !== PREFIX + method) {
      return denial('malformed_request', `The path is not ${PREFIX} and the signed method.`);
    }
    return claim;
  },

  refuse(refusal) {
    const { code, message, status } = cryptocomError(refusal);
    return jsonAnswer(status, { code: Number(code), message }, refusal);
  },

  /** The body that is to be signed holds the parameters alone; none stands for `{}`. */
  sign(request, key, { nowMs }): SignedRequest {
    const fault = faultInForm(request);
    if (fault !== undefined) throw new TypeError(fault);
    const params = textOf(request.body);
    if (params === undefined) throw new TypeError('The body is not UTF-8.');
    const method = request.target.slice(PREFIX.length);
    const body = writeSignedMessage(method, params.trim() || '{}', key, nowMs);
    return { target: request.target, headers: {}, body: Buffer.from(body) };
  },
};

function faultInForm({ method, target }: WireRequest): string | undefined {
  if (method !== 'POST') return 'A request of this dialect is a POST.';
  if (target.includes('?')) return 'A request of this dialect has no query.';
  return target.startsWith(PREFIX) ? undefined : `The path does not begin with ${PREFIX}.`;
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return UTF8.decode(body);
  } catch {
    return undefined;
  }
}
