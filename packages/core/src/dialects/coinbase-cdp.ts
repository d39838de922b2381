import { type Denial, denial } from '../denial.ts';
import { allHeaders, pathOf, REPEATED, singleHeader, type WireRequest } from '../message.ts';
import { COINBASE_CDP_ERRORS } from './coinbase-cdp-errors.ts';
import { coinbaseCdpLogin } from './coinbase-cdp-login.ts';
import { isCoinbaseToken, readToken, writeToken } from './coinbase-cdp-token.ts';
import type { Claim, Dialect, ReadContext, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { exchangeError, jsonAnswer } from './refusals.ts';

const BEARER = /^Bearer +(\S+)$/i;

const schemes = {
  p256: { scheme: 'ecdsa-p256-sha256', encoding: 'base64url' },
  ed25519: { scheme: 'ed25519', encoding: 'base64url' },
} as const;

/**
 * The keys of Coinbase's Developer Platform: a JSON Web Token in `Authorization: Bearer`, signed anew for each request
 * with ES256 or EdDSA. `uri`, or one of `uris`, is `METHOD host/path`. Query and body are not covered.
 *
 * The host is the public one, or what `Host` says. The token is void 120 seconds after its `nbf`, or sooner; how far ahead
 * `nbf` may be at Coinbase could not be checked: five seconds are allowed here, for clocks that are not quite right.
 *
 * Three families of clients differ in `iss`, `aud`, and `uri` against `uris`: ccxt with ES256, ccxt with EdDSA, and the npm
 * package `coinbase-api`. Tokens in other headers (`X-Wallet-Auth`) are not read.
 */
export const coinbaseCdp: Dialect = {
  name: 'coinbase-cdp',
  schemes,
  hasPassphrase: false,
  securityHeaders: ['authorization'],
  window: { pastMs: 120_000, futureMs: 5_000 },
  timestampUnit: 'seconds',
  replay: { kind: 'signature' },
  uncovered: ['query', 'body'],
  webSocket: coinbaseCdpLogin(schemes),

  // Any bearer token may look like this one: the issuer tells them apart.
  recognises: ({ headers }) =>
    allHeaders(headers, 'authorization').some((value) => isCoinbaseToken(BEARER.exec(value)?.[1] ?? '')),

  read(request, context = {}): Claim | Denial {
    const value = singleHeader(request.headers, 'authorization');
    if (value === REPEATED)
      return denial('malformed_request', 'Authorization occurs twice.', { part: 'key' });
    if (value === undefined || value === '')
      return denial('credential_missing', 'Authorization is missing or empty.', { part: 'key' });
    const token = BEARER.exec(value)?.[1];
    if (token === undefined) {
      return denial('malformed_request', 'Authorization must be "Bearer", a space and the token.', {
        part: 'key',
      });
    }
    const read = readToken(token);
    if (!read.ok) return read;
    const host = hostOf(request, context);
    if (host === undefined) return denial('malformed_request', 'Host is missing, or occurs twice.');
    if (read.uris.some((uri) => isFor(uri, request, host))) return read.claim;
    return denial('signature_mismatch', mismatch(read.uris, request, host), { part: 'signature' });
  },

  refuse(refusal) {
    const { code, message, status } = exchangeError(COINBASE_CDP_ERRORS, refusal);
    // ccxt takes any answer with an `error` that it does not know for the request's own fault.
    if (status === 503) return jsonAnswer(status, { message }, refusal);
    const body = { error: code, error_description: message, error_details: message, message };
    return jsonAnswer(status, body, refusal);
  },

  sign(request: WireRequest, key: SigningKey, context: SigningContext): SignedRequest {
    const host = hostOf(request, context);
    if (host === undefined) throw new TypeError('coinbase-cdp signs the host, and there is none');
    const token = writeToken(schemes, key, context, `${request.method} ${host}${pathOf(request.target)}`);
    return { target: request.target, headers: { Authorization: `Bearer ${token}` }, body: request.body };
  },
};

function hostOf({ headers }: WireRequest, { publicHost }: ReadContext): string | undefined {
  const host = publicHost ?? singleHeader(headers, 'host');
  return host === REPEATED || host === undefined || host === '' ? undefined : canonical(host);
}

/** A host in the one spelling: in lower case, and without the port that https has by itself. */
function canonical(host: string): string {
  return host.toLowerCase().replace(/:443$/, '');
}

/**
 * Whether one of a token's URIs is this request. Its path is compared as it is sent, and as clients write it that leave
 * the percent-encoding to whoever sends it.
 */
function isFor(uri: string, { method, target }: WireRequest, host: string): boolean {
  const [, named, authority, path] = /^([A-Z]+) ([^/]*)(\/.*)$/s.exec(uri) ?? [];
  if (named !== method || authority === undefined || path === undefined) return false;
  if (canonical(authority) !== host) return false;
  const sent = pathOf(target);
  return path === sent || encoded(path) === sent;
}

/** A path, percent-encoded; undefined where it holds what would mean something else then. */
function encoded(path: string): string | undefined {
  if (/[%?#]|\p{Cs}/u.test(path)) return undefined;
  return encodeURI(path);
}

const MAX_SHOWN = 200;

function mismatch([first, ...others]: readonly string[], { method, target }: WireRequest, host: string) {
  if (first === undefined) return 'The token has no uri: it is for messages in a WebSocket.';
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `The token is for ${shown(first)}${more}, and this is ${shown(`${method} ${host}${pathOf(target)}`)}.`;
}

/** A text that nobody has signed yet, for a detail: cut, and in printable ASCII. */
function shown(text: string): string {
  return `"${text.slice(0, MAX_SHOWN).replace(/[^\x20-\x7e]/g, '?')}"`;
}
