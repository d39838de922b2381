import { type Denial, denial } from '../denial.ts';
import { COINBASE_CDP_ERRORS } from './coinbase-cdp-errors.ts';
import { readToken, writeToken } from './coinbase-cdp-token.ts';
import type { Claim, Dialect, WebSocketLogin } from './dialect.ts';
import { hasRepeatedName, jsonMembers, scalarText } from './json-members.ts';
import { exchangeError } from './refusals.ts';

const MAX_MESSAGE = 65_536;
const TYPES = new Set(['subscribe', 'unsubscribe']);

/**
 * In the WebSockets of Coinbase's Advanced Trade, a message that subscribes to a private channel, or ends that, carries a
 * token as `jwt`: the same as a request's, but without `uri`. It vouches for that message alone, and the upstream answers
 * it. There is no login.
 *
 * The token covers nothing of the message, and ccxt sends one in all its messages for two minutes. So it is held to the
 * address from which it came first, as all proofs of messages are that only ask.
 */
export function coinbaseCdpLogin(schemes: Dialect['schemes']): WebSocketLogin {
  return {
    recognises: (message) => jsonMembers(message)?.some(({ name }) => name === 'jwt') === true,
    read,
    opensConnection: () => false,
    accept: () => undefined,
    refuse(refusal) {
      const { message, status } = exchangeError(COINBASE_CDP_ERRORS, refusal);
      // Coinbase has this one text for all that is wrong with a token.
      return JSON.stringify({ type: 'error', message: status === 401 ? 'authentication failure' : message });
    },
    sign(key, context) {
      const jwt = writeToken(schemes, key, context, undefined);
      return JSON.stringify({ type: 'subscribe', channel: 'user', jwt });
    },
  };
}

function read(message: string): Claim | Denial {
  if (message.length > MAX_MESSAGE)
    return denial('malformed_request', `The message is longer than ${MAX_MESSAGE} characters.`);
  const members = jsonMembers(message) ?? [];
  if (hasRepeatedName(members)) return denial('malformed_request', 'The message has a name twice.');
  const textOf = (wanted: string) => {
    const value = members.find(({ name }) => name === wanted)?.value ?? '';
    return value.startsWith('"') ? scalarText(value) : undefined;
  };
  if (!TYPES.has(textOf('type') ?? ''))
    return denial('malformed_request', 'A message with a jwt must be of type subscribe or unsubscribe.');
  const token = textOf('jwt') ?? '';
  if (token === '') return denial('credential_missing', 'jwt is no text, or empty.', { part: 'key' });
  const found = readToken(token);
  if (!found.ok) return found;
  if (found.uris.length > 0)
    return denial('signature_mismatch', 'The token has a uri: it is for a request, and not for a message.', {
      part: 'signature',
    });
  return { ...found.claim, isReadOnly: true };
}
