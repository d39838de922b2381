import { type Denial, denial, malformed } from '../denial.ts';
import type { SchemeName } from '../schemes/scheme.ts';
import type { Claim, Dialect, SigningContext, SigningKey } from './dialect.ts';
import { type JsonWebToken, type Members, readJsonWebToken, stringIn, stringsIn } from './json-web-token.ts';
import { readSeconds, writeSeconds } from './timestamps.ts';

/** What signs under each name of RFC 7518 and RFC 8037. Nothing else is known, `none` and `HS256` least of all. */
const ALGORITHMS = new Map<string, SchemeName>([
  ['ES256', 'ecdsa-p256-sha256'],
  ['EdDSA', 'ed25519'],
]);

const ISSUERS = ['cdp', 'coinbase-cloud'];
/** Whom tokens of known clients are for; the last one is of older examples for WebSockets. Many name nobody. */
const AUDIENCES = ['cdp_service', 'retail_rest_api_proxy', 'public_websocket_api'];

const MAX_TOKEN = 4096;
const MAX_KEY_ID = 512;
const MAX_URIS = 16;
/** Of a signature in base64url: r without its last bits, or R of EdDSA. */
const FIRST_HALF = 42;
/** How long a token that we write is valid. */
const LIFETIME_SECONDS = 120;
/** How long one may say that it is valid: Coinbase's Python SDK asks the clock twice, and a second may pass between. */
const MAX_LIFETIME_MS = 121_000;

/** What a token says, and the requests that it is for: `METHOD host/path` each, none inside a WebSocket. */
export interface TokenClaim {
  readonly ok: true;
  readonly claim: Claim;
  readonly uris: readonly string[];
}

/** Whether a text is a token of this form, as far as one can tell before it is read: by its issuer. Never throws. */
export function isCoinbaseToken(text: string): boolean {
  const token = readJsonWebToken(text, MAX_TOKEN);
  return typeof token !== 'string' && ISSUERS.includes(stringIn(token.payload, 'iss') ?? '');
}

/**
 * Reads a token: who it says that it is from, since when and until when it is valid, and what it is for. The caller
 * compares that with the request.
 *
 * `sub` and `kid` must both be there and the same, `exp` at most 121 seconds after `nbf`. `iat`, `typ`, `nonce` and all
 * members that are not named here are covered, and mean nothing.
 *
 * What is remembered of a token is the first half of its signature. Of an ECDSA signature (r, s), anybody can make
 * (r, -s), which is as good; no other one has this r. The `nonce` will not do: older examples of Coinbase's take the
 * time in seconds for it.
 */
export function readToken(text: string): TokenClaim | Denial {
  const token = readJsonWebToken(text, MAX_TOKEN);
  if (typeof token === 'string') return malformed(`The token ${token}.`);
  const { header, payload, signed, signature } = token;
  const namedScheme = ALGORITHMS.get(stringIn(header, 'alg') ?? '');
  if (namedScheme === undefined)
    return denial('algorithm_not_allowed', 'The alg of the token is neither ES256 nor EdDSA.', {
      part: 'signature',
    });
  if (signature === '')
    return denial('credential_missing', 'The token has no signature.', { part: 'signature' });
  const keyId = keyIdOf(token);
  if (typeof keyId !== 'string') return keyId;
  const fault = faultInAddressing(payload);
  if (fault !== undefined) return malformed(fault);
  const times = timesIn(payload);
  if (!times.ok) return times;
  const uris = payload.has('uri') || payload.has('uris') ? urisIn(payload) : [];
  if (uris === undefined)
    return malformed(`The token must have one uri, or uris that are 1 to ${MAX_URIS} texts, and not both.`);
  const { timestampMs, expiresMs } = times;
  const nonce = signature.slice(0, FIRST_HALF);
  return {
    ok: true,
    uris,
    claim: { ok: true, keyId, signature, timestampMs, expiresMs, nonce, namedScheme, prehash: [signed] },
  };
}

function keyIdOf({ header, payload }: JsonWebToken): string | Denial {
  const subject = stringIn(payload, 'sub') ?? '';
  if (subject === '') return denial('credential_missing', 'The token has no sub.', { part: 'key' });
  if (subject.length > MAX_KEY_ID)
    return denial('malformed_request', `sub is longer than ${MAX_KEY_ID} characters.`, { part: 'key' });
  if (stringIn(header, 'kid') !== subject)
    return denial('malformed_request', 'kid and sub of the token are not the same.', { part: 'key' });
  return subject;
}

function faultInAddressing(payload: Members): string | undefined {
  if (!ISSUERS.includes(stringIn(payload, 'iss') ?? ''))
    return `The iss of the token is none of ${ISSUERS.join(', ')}.`;
  if (!payload.has('aud')) return undefined;
  const audience = stringsIn(payload, 'aud');
  const isKnown = audience?.length !== 0 && audience?.every((name) => AUDIENCES.includes(name));
  return isKnown ? undefined : `The aud of the token is not among ${AUDIENCES.join(', ')}.`;
}

interface Times {
  readonly ok: true;
  readonly timestampMs: number;
  readonly expiresMs: number;
}

function timesIn(payload: Members): Times | Denial {
  const timestampMs = readSeconds(payload.get('nbf') ?? '');
  const endMs = readSeconds(payload.get('exp') ?? '');
  if (timestampMs === undefined || endMs === undefined)
    return denial('timestamp_invalid', 'nbf or exp of the token is no number of seconds.', {
      part: 'timestamp',
    });
  if (endMs <= timestampMs || endMs - timestampMs > MAX_LIFETIME_MS)
    return denial('timestamp_invalid', 'exp of the token is not 1 to 121 seconds after its nbf.', {
      part: 'timestamp',
    });
  // At exp itself, the token is void (RFC 7519 section 4.1.4).
  return { ok: true, timestampMs, expiresMs: endMs - 1 };
}

function urisIn(payload: Members): readonly string[] | undefined {
  if (payload.has('uri')) {
    const uri = stringIn(payload, 'uri');
    return uri === undefined || payload.has('uris') ? undefined : [uri];
  }
  const uris = payload.get('uris')?.startsWith('[') ? stringsIn(payload, 'uris') : undefined;
  return uris === undefined || uris.length === 0 || uris.length > MAX_URIS ? undefined : uris;
}

/** Writes a token as the npm package `coinbase-api` does. Without a `uri` it is for messages in a WebSocket. */
export function writeToken(
  schemes: Dialect['schemes'],
  key: SigningKey,
  { nowMs, nonce }: SigningContext,
  uri: string | undefined,
): string {
  const use = schemes[key.kind];
  const alg = [...ALGORITHMS].find(([, scheme]) => scheme === use?.scheme)?.[0];
  if (use === undefined || alg === undefined)
    throw new TypeError(`coinbase-cdp has no scheme for kind ${key.kind}`);
  const nbf = Number(writeSeconds(nowMs));
  const header = { alg, kid: key.keyId, nonce };
  const payload = { iss: 'cdp', nbf, exp: nbf + LIFETIME_SECONDS, sub: key.keyId, uri };
  const signed = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${key.sign(use, [signed])}`;
}
