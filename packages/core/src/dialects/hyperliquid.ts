import { type Denial, denial, malformed } from '../denial.ts';
import type { WireRequest } from '../message.ts';
import type { Claim, Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { hyperliquidError } from './hyperliquid-errors.ts';
import { readPayload, signPayload } from './hyperliquid-payload.ts';
import { hyperliquidPosts } from './hyperliquid-posts.ts';
import { jsonAnswer } from './refusals.ts';

const TARGET = '/exchange';
/** To read a request is to hash it and to recover its key, before anything is known of its sender. */
export const MAX_BYTES = 64 * 1024;
const DAY_MS = 86_400_000;
const OPENING = 0x7b;
const CLOSING = 0x7d;

const schemes = { secp256k1: { scheme: 'ecdsa-secp256k1-keccak256', encoding: 'hex' } } as const;

/**
 * Hyperliquid: the body names what is done, and is signed as typed data (EIP-712), with a key on secp256k1 that is known
 * by the address that is recovered from the signature. Actions of the chain are hashed whole, as MessagePack in the
 * order of the body, with nonce, vault and end of time; actions of the user (sending, withdrawing, approving) by their
 * fields. The environment is signed: `live` is the main network, and is taken where none is named.
 *
 * The signature leaves out method, path and query. So a request of this dialect is a POST to `/exchange`, as all of
 * Hyperliquid's are, with a body that holds nothing but what is signed. The nonce is the time in milliseconds; the 100
 * highest of each key are kept, from two days ago to one day ahead.
 */
export const hyperliquid: Dialect = {
  name: 'hyperliquid',
  schemes,
  hasPassphrase: false,
  securityHeaders: [],
  window: { pastMs: 2 * DAY_MS, futureMs: DAY_MS },
  timestampUnit: 'ms',
  replay: { kind: 'rising', order: 'highest', keep: 100 },
  uncovered: ['host'],
  webSocket: hyperliquidPosts(schemes),

  recognises: ({ method, target, body }) =>
    method === 'POST' && target === TARGET && body[0] === OPENING && indexOf(body, '"action"') !== -1,

  read(request, { environment = 'live' } = {}): Claim | Denial {
    const json = bodyOf(request);
    return typeof json === 'string' ? readPayload(json, environment) : json;
  },

  refuse(refusal) {
    const { status, body } = hyperliquidError(refusal);
    return jsonAnswer(status, body, refusal);
  },

  sign(request: WireRequest, key: SigningKey, context: SigningContext): SignedRequest {
    const json = bodyOf(request);
    if (typeof json !== 'string') throw new TypeError(json.detail);
    const body = Buffer.from(signPayload(json, key, this.schemes, context), 'utf8');
    return { target: request.target, headers: {}, body };
  },
};

function bodyOf({ method, target, body }: WireRequest): string | Denial {
  if (method !== 'POST' || target !== TARGET) {
    return malformed('A request of this dialect is a POST to /exchange without a query.');
  }
  if (body.length > MAX_BYTES) {
    return denial('body_too_large', `A body of this dialect has at most ${MAX_BYTES} bytes.`);
  }
  if (body[0] !== OPENING || body.at(-1) !== CLOSING) return malformed('The body is not one JSON object.');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return malformed('The body is not UTF-8.');
  }
}

function indexOf(body: Uint8Array, text: string): number {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).indexOf(text);
}
