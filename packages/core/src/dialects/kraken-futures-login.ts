import { createHash } from 'node:crypto';
import { type Denial, denial } from '../denial.ts';
import type { Claim, Dialect, LoginContext, WebSocketLogin } from './dialect.ts';
import { hasRepeatedName, type JsonMember, jsonMembers, scalarText } from './json-members.ts';
import { krakenFuturesError } from './kraken-futures-errors.ts';

const MAX_LENGTH = 512;

/**
 * Kraken Futures' WebSocket: the client asks for a challenge, and puts it, signed, into each subscription to a private
 * feed: `{"event":"subscribe","feed","api_key","original_challenge","signed_challenge"}`. Signed is the SHA-256 of the
 * challenge, with HMAC-SHA512 under the bytes that the secret is base64 of, base64; the form is from Kraken's public
 * documentation, and what ccxt does.
 *
 * A challenge is of one connection, so nothing signed on another one is taken here. Within its connection it may come
 * again. **The message is not covered**, only the challenge. Every message vouches for itself, and the upstream answers
 * it. The text of the alert is the one that ccxt knows; that the name of the error comes with it is ours.
 */
export function krakenFuturesLogin(schemes: Dialect['schemes']): WebSocketLogin {
  return {
    recognises: (message) =>
      membersOf(message).some(({ name }) => name === 'signed_challenge' || name === 'original_challenge'),
    challenge(message, challenge) {
      const members = membersOf(message);
      const isAsked = textIn(members, 'event') === 'challenge' && !hasRepeatedName(members);
      return isAsked ? JSON.stringify({ event: 'challenge', message: challenge }) : undefined;
    },
    read,
    opensConnection: () => false,
    accept: () => undefined,
    refuse(refusal) {
      const { code: error } = krakenFuturesError(refusal);
      return JSON.stringify({ event: 'alert', message: 'Failed to subscribe to authenticated feed', error });
    },
    /** Subscribes to the open orders. The nonce is the challenge that the server gave. */
    sign({ kind, keyId, sign }, { nonce }) {
      const use = schemes[kind];
      if (use === undefined) throw new TypeError(`kraken-futures has no scheme for kind ${kind}`);
      return JSON.stringify({
        event: 'subscribe',
        feed: 'open_orders',
        api_key: keyId,
        original_challenge: nonce,
        signed_challenge: sign(use, [hashOf(nonce)]),
      });
    },
  };
}

function read(message: string, { handshake }: LoginContext): Claim | Denial {
  const members = membersOf(message);
  if (hasRepeatedName(members)) return denial('malformed_request', 'The message has a name twice.');
  const [keyId = '', challenge = '', signature = ''] = [
    'api_key',
    'original_challenge',
    'signed_challenge',
  ].map((name) => textIn(members, name));
  if (keyId === '') return denial('credential_missing', 'api_key is missing.', { part: 'key' });
  if (signature === '')
    return denial('credential_missing', 'signed_challenge is missing.', { part: 'signature' });
  if (keyId.length > MAX_LENGTH || signature.length > MAX_LENGTH) {
    return denial('malformed_request', `api_key or signed_challenge is longer than ${MAX_LENGTH}.`);
  }
  if (challenge === '') return denial('malformed_request', 'original_challenge is missing.');
  if (challenge !== handshake.challenge) {
    return denial('replayed', 'original_challenge is not what this connection was given to sign.');
  }
  return { ok: true, keyId, signature, prehash: [hashOf(challenge)] };
}

function hashOf(challenge: string): Buffer {
  return createHash('sha256').update(challenge).digest();
}

function membersOf(message: string): readonly JsonMember[] {
  return jsonMembers(message) ?? [];
}

function textIn(members: readonly JsonMember[], wanted: string): string | undefined {
  const value = members.find(({ name }) => name === wanted)?.value;
  return value === undefined ? undefined : scalarText(value);
}
