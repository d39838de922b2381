import { type Denial, denial } from '../denial.ts';
import type { Claim, Dialect, WebSocketLogin } from './dialect.ts';
import { GATE_ERRORS } from './gate-errors.ts';
import { hasSimilarNames, type JsonMember, jsonMembers, scalarText } from './json-members.ts';
import { exchangeError } from './refusals.ts';
import { readSeconds, writeSeconds } from './timestamps.ts';

/** Neither may hold what separates the parts of the signed text. */
const WORD = /^[A-Za-z0-9_.-]{1,64}$/;
const MAX_LENGTH = 512;
/** Events of a subscription. What another event would do nobody knows, so it is used once. */
const SUBSCRIBES = new Set(['subscribe', 'unsubscribe']);
/** Channels of API messages that only ask to see something. */
const READS = /^(?:spot|futures)\.order_(?:status|list)$/;
/** Gate's code for everything that is wrong with a key or a signature. */
const AUTHENTICATION_FAILED = 4;

/**
 * Gate's WebSockets know two signed messages. A subscription to a private channel carries its own `auth`, signed over
 * `channel=…&event=…&time=…`: it vouches for itself alone, and the upstream answers it. An API message (`event: "api"`)
 * is signed over `api`, the channel, the text of `req_param` and the timestamp, each on a line; the one whose channel
 * ends in `.login` opens the connection, and is answered here. HMAC-SHA512 in hex; seconds, 60 either way.
 *
 * The payload of a subscription is not covered, nor is the rest of an API message. A bot that subscribes to one channel
 * for two instruments in one second, or logs in on two sockets, sends one signature twice.
 */
export function gateMessages(schemes: Dialect['schemes']): WebSocketLogin {
  return {
    recognises: (message) => (jsonMembers(message) ?? []).some(isProof),
    read,
    opensConnection: (message) => isLogin(textIn(partsOf(message).top, 'channel')),
    accept(message, { nowMs, requestId }) {
      const { top, payload } = partsOf(message);
      if (!isLogin(textIn(top, 'channel'))) return undefined;
      const data = { result: { api_key: textIn(payload, 'api_key') ?? '' } };
      return apiAnswer(message, 200, data, nowMs, requestId);
    },
    refuse(refusal, message, { nowMs, requestId }) {
      const { code: label, message: text, status } = exchangeError(GATE_ERRORS, refusal);
      const { top } = partsOf(message);
      if (textIn(top, 'event') === 'api') {
        return apiAnswer(message, status, { errs: { label, message: text } }, nowMs, requestId);
      }
      const error = { code: AUTHENTICATION_FAILED, message: `${JSON.stringify({ label, message: text })}\n` };
      const head = {
        time: Math.floor(nowMs / 1000),
        channel: textIn(top, 'channel'),
        event: textIn(top, 'event'),
      };
      const rest = JSON.stringify({ ...head, error, result: null });
      return `{"id":${idOf(top)},${rest.slice(1)}`;
    },
    sign({ kind, keyId, sign }, { nowMs, nonce }) {
      const use = schemes[kind];
      if (use === undefined) throw new TypeError(`gate has no scheme for kind ${kind}`);
      const timestamp = writeSeconds(nowMs);
      const channel = 'spot.login';
      const signature = sign(use, [`api\n${channel}\n{}\n${timestamp}`]);
      const payload = { req_id: nonce, timestamp, api_key: keyId, signature, req_param: {} };
      return JSON.stringify({ time: Number(timestamp), channel, event: 'api', payload });
    },
  };
}

type Members = ReadonlyMap<string, string>;

/** The members of a message, of its `auth` and of its `payload`, as they are written; absent where one is no object. */
function partsOf(message: string): Record<'top' | 'auth' | 'payload', Members | undefined> {
  const top = objectIn(message);
  return { top, auth: objectIn(top?.get('auth')), payload: objectIn(top?.get('payload')) };
}

/** One `auth` or `payload` of several, too: which of them counts, every parser decides for itself. */
function isProof({ name, value }: JsonMember): boolean {
  const inside = name === 'auth' || name === 'payload' ? jsonMembers(value) : undefined;
  return inside !== undefined && (name === 'auth' || inside.some((member) => member.name === 'signature'));
}

/** Undefined when the text is no JSON object. A name that is there twice is found by {@link read}. */
function objectIn(text: string | undefined): Members | undefined {
  const members = jsonMembers(text ?? '');
  return members === undefined ? undefined : new Map(members.map(({ name, value }) => [name, value]));
}

function textIn(members: Members | undefined, name: string): string | undefined {
  const value = members?.get(name);
  return value === undefined ? undefined : scalarText(value);
}

function isLogin(channel: string | undefined): boolean {
  return channel?.endsWith('.login') === true;
}

function read(message: string): Claim | Denial {
  const { top, auth, payload } = partsOf(message);
  const repeats = [message, top?.get('auth'), top?.get('payload')].some((text) =>
    hasSimilarNames(jsonMembers(text ?? '') ?? []),
  );
  if (repeats) return denial('malformed_request', 'The message has a name twice.');
  const channel = textIn(top, 'channel') ?? '';
  const event = textIn(top, 'event') ?? '';
  if (!WORD.test(channel) || !WORD.test(event)) {
    return denial('malformed_request', 'channel or event is missing, or no plain word.');
  }
  if (auth !== undefined && event !== 'api') {
    const time = textIn(top, 'time') ?? '';
    const claim = claimOf(textIn(auth, 'KEY'), textIn(auth, 'SIGN'), time);
    const signed = `channel=${channel}&event=${event}&time=${time}`;
    return claim.ok ? { ...claim, isReadOnly: SUBSCRIBES.has(event), prehash: [signed] } : claim;
  }
  if (event !== 'api') return denial('malformed_request', 'The message carries no proof for its event.');
  const timestamp = textIn(payload, 'timestamp') ?? '';
  const claim = claimOf(textIn(payload, 'api_key'), textIn(payload, 'signature'), timestamp);
  const signed = `api\n${channel}\n${payload?.get('req_param') ?? ''}\n${timestamp}`;
  return claim.ok ? { ...claim, isReadOnly: READS.test(channel), prehash: [signed] } : claim;
}

function claimOf(
  keyId: string | undefined,
  signature: string | undefined,
  timestamp: string,
): Omit<Claim, 'prehash'> | Denial {
  if (keyId === undefined || keyId === '')
    return denial('credential_missing', 'The key is missing.', { part: 'key' });
  if (signature === undefined || signature === '') {
    return denial('credential_missing', 'The signature is missing.', { part: 'signature' });
  }
  if (keyId.length > MAX_LENGTH || signature.length > MAX_LENGTH) {
    return denial('malformed_request', `Key or signature is longer than ${MAX_LENGTH}.`);
  }
  const timestampMs = readSeconds(timestamp);
  if (timestampMs === undefined) {
    return denial('timestamp_invalid', 'The time of the message is not in seconds.', { part: 'timestamp' });
  }
  return { ok: true, keyId, signature, timestampMs };
}

function idOf(top: Members | undefined): string {
  const id = top?.get('id') ?? '';
  return scalarText(id) === undefined ? 'null' : id;
}

function apiAnswer(message: string, status: number, data: object, nowMs: number, connection: string): string {
  const { top, payload } = partsOf(message);
  const header = {
    response_time: String(nowMs),
    status: String(status),
    channel: textIn(top, 'channel') ?? '',
    event: 'api',
    conn_id: connection,
  };
  return JSON.stringify({ request_id: textIn(payload, 'req_id') ?? '', ack: false, header, data });
}
