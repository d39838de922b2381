import { type ClaimPart, type Denial, denial } from '../denial.ts';
import { COINBASE_EXCHANGE_ERRORS } from './coinbase-exchange-errors.ts';
import type { Claim, Dialect, WebSocketLogin } from './dialect.ts';
import { hasRepeatedName, jsonMembers, scalarText } from './json-members.ts';
import { exchangeError } from './refusals.ts';
import { readSeconds, writeSeconds } from './timestamps.ts';

const MAX_LENGTH = 512;
const PARTS: readonly ClaimPart[] = ['key', 'signature', 'timestamp', 'passphrase'];
const SIGNED = 'GET/users/self/verify';

/**
 * Coinbase Exchange's login inside a WebSocket: a `subscribe` message with `key`, `signature`, `timestamp` and
 * `passphrase` beside its channels. Signed are the timestamp and `GET/users/self/verify`, and nothing of the message:
 * so it opens the connection, and whatever it asks for goes on to the upstream, which answers it. Clients sign in whole
 * seconds, and the subscriptions of one second have one signature.
 */
export function coinbaseExchangeLogin(schemes: Dialect['schemes']): WebSocketLogin {
  return {
    recognises(message) {
      const names = (jsonMembers(message) ?? []).map(({ name }) => name);
      return names.includes('signature') || names.includes('key');
    },
    read,
    opensConnection: () => true,
    accept: () => undefined,
    refuse(refusal) {
      const { message: text, status } = exchangeError(COINBASE_EXCHANGE_ERRORS, refusal);
      const message = status === 401 ? 'Authentication Failed' : 'Failed to subscribe';
      return JSON.stringify({ type: 'error', message, reason: JSON.stringify({ message: text }) });
    },
    sign({ kind, keyId, sign, passphrase }, { nowMs }) {
      const use = schemes[kind];
      if (use === undefined) throw new TypeError(`coinbase-exchange has no scheme for kind ${kind}`);
      const timestamp = writeSeconds(nowMs);
      const signature = sign(use, [timestamp + SIGNED]);
      const proof = { signature, key: keyId, passphrase: passphrase ?? '', timestamp };
      return JSON.stringify({ type: 'subscribe', channels: ['user'], ...proof });
    },
  };
}

function read(message: string): Claim | Denial {
  const members = jsonMembers(message) ?? [];
  if (hasRepeatedName(members)) return denial('malformed_request', 'The message has a name twice.');
  const values = PARTS.map((part) => scalarText(members.find(({ name }) => name === part)?.value ?? ''));
  for (const [i, part] of PARTS.entries()) {
    const value = values[i] ?? '';
    if (value === '') {
      return denial('credential_missing', `${part} is missing, empty, or no text.`, { part });
    }
    if (value.length > MAX_LENGTH) {
      return denial('malformed_request', `${part} is longer than ${MAX_LENGTH} characters.`, { part });
    }
  }
  const [keyId, signature, timestamp, passphrase] = values as [string, string, string, string];
  const timestampMs = readSeconds(timestamp);
  if (timestampMs === undefined) {
    return denial('timestamp_invalid', 'timestamp is not a time in seconds.', { part: 'timestamp' });
  }
  const signed = timestamp + SIGNED;
  return {
    ok: true,
    keyId,
    signature,
    passphrase,
    timestampMs,
    prehash: [signed],
  };
}
