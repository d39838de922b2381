import { type Denial, denial, malformed } from '../denial.ts';
import type { Claim, Dialect, WebSocketLogin } from './dialect.ts';
import { hyperliquidError } from './hyperliquid-errors.ts';
import { readPayload, signPayload } from './hyperliquid-payload.ts';
import { hasRepeatedName, jsonMembers, scalarText } from './json-members.ts';

/** As of a body. */
const MAX_LENGTH = 64 * 1024;

/**
 * Hyperliquid's WebSocket takes what a request takes: `{"method": "post", "id": …, "request": {"type": "action",
 * "payload": …}}` with the payload of a request. Such a message vouches for itself alone, and the upstream answers it.
 * Its nonce is one of the same row as those of requests, so neither can be made the other. Subscriptions are public.
 */
export function hyperliquidPosts(schemes: Dialect['schemes']): WebSocketLogin {
  return {
    recognises(message) {
      const request = requestIn(message);
      return request?.get('type') === '"action"' || membersIn(request?.get('payload')).has('signature');
    },
    read(message, { environment = 'live' }): Claim | Denial {
      if (message.length > MAX_LENGTH) {
        return denial('body_too_large', `A message has at most ${MAX_LENGTH} characters.`);
      }
      const fault = faultIn(message);
      if (fault !== undefined) return fault;
      const payload = requestIn(message)?.get('payload');
      return payload === undefined
        ? malformed('The message has no payload.')
        : readPayload(payload, environment);
    },
    opensConnection: () => false,
    accept: () => undefined,
    refuse(refusal, message) {
      const { body } = hyperliquidError(refusal);
      const response = JSON.stringify({ type: 'action', payload: body });
      return `{"channel":"post","data":{"id":${idIn(message)},"response":${response}}}`;
    },
    /** There is no login. What does nothing but use its nonce up is signed. */
    sign(key, context) {
      const payload = signPayload('{"action":{"type":"noop"}}', key, schemes, context);
      return `{"method":"post","id":1,"request":{"type":"action","payload":${payload}}}`;
    },
  };
}

type Members = ReadonlyMap<string, string>;

function membersIn(json: string | undefined): Members {
  return new Map(jsonMembers(json ?? '')?.map(({ name, value }) => [name, value]));
}

/** What a `post` asks for; undefined for any other message. */
function requestIn(message: string): Members | undefined {
  const members = membersIn(message);
  return members.get('method') === '"post"' ? membersIn(members.get('request')) : undefined;
}

/** Only the payload is signed: nothing beside it may say anything. */
function faultIn(message: string): Denial | undefined {
  const outer = jsonMembers(message) ?? [];
  const inner = jsonMembers(membersIn(message).get('request') ?? '') ?? [];
  if (hasRepeatedName(outer) || hasRepeatedName(inner)) return malformed('The message has a name twice.');
  const isPost = outer.length === 3 && ['method', 'id', 'request'].every((name) => has(outer, name));
  const isAction =
    inner.length === 2 && inner.some(({ name, value }) => name === 'type' && value === '"action"');
  return isPost && isAction
    ? undefined
    : malformed('The message is not a post of an action, and nothing else.');
}

function has(members: readonly { readonly name: string }[], wanted: string): boolean {
  return members.some(({ name }) => name === wanted);
}

function idIn(message: string): string {
  const id = membersIn(message).get('id') ?? '';
  return scalarText(id) === undefined ? 'null' : id;
}
