import { type ClaimPart, type Denial, denial } from '../denial.ts';
import { BINANCE_ERRORS } from './binance-errors.ts';
import type { Claim, Dialect, WebSocketLogin } from './dialect.ts';
import { hasRepeatedName, jsonMembers, scalarText } from './json-members.ts';
import { plainSignature } from './proof-parameters.ts';
import { DEFAULT_WINDOW, readRecvWindow } from './recv-window.ts';
import { exchangeError } from './refusals.ts';
import { readMillisecondsOrMicroseconds } from './timestamps.ts';

const LOGON = /^(?:v\d+\/)?session\.logon$/;
/** Methods that only ask to see something. One that is not known here counts as one that does something. */
const READS = /^(?:v\d+\/)?(?:account\.|all[A-Z]|my[A-Z]|userDataStream\.subscribe)|\.status$/;
const NAME = /^[A-Za-z]\w*$/;
/** An RSA signature of 8192 bits has 1368 characters. */
const MAX_LENGTH = 2048;
const PARTS: readonly (readonly [name: string, part: ClaimPart])[] = [
  ['apiKey', 'key'],
  ['signature', 'signature'],
  ['timestamp', 'timestamp'],
];

/**
 * Binance's WebSocket API. Each message signs its own parameters: `name=value`, sorted by name, joined by `&` and not
 * percent-encoded. `session.logon`, for Ed25519 alone, signs in the same way for the whole connection; it is answered
 * here and any other message by the upstream.
 *
 * The method and the id of a message are not covered. Values are taken as they are written, so that `1` and `"1"` are
 * the same; none may hold `&`, which would join two parameters, nor `%`, for the sake of clients that sign the
 * percent-encoded values.
 */
export function binanceMessages(schemes: Dialect['schemes']): WebSocketLogin {
  return {
    recognises: (message) =>
      (jsonMembers(message) ?? []).some(
        ({ name, value }) =>
          (name === 'method' && LOGON.test(scalarText(value) ?? '')) ||
          (name === 'params' && jsonMembers(value)?.some((param) => param.name === 'signature')),
      ),
    read,
    opensConnection: (message) => LOGON.test(methodOf(message)),
    accept(message, { nowMs }) {
      if (!LOGON.test(methodOf(message))) return undefined;
      const result = {
        apiKey: parametersOf(message)?.get('apiKey'),
        authorizedSince: nowMs,
        connectedSince: nowMs,
        returnRateLimits: false,
        serverTime: nowMs,
        userDataStream: false,
      };
      return `{"id":${idOf(message)},"status":200,"result":${JSON.stringify(result)}}`;
    },
    refuse(refusal, message, { nowMs }) {
      const { code, message: msg, status } = exchangeError(BINANCE_ERRORS, refusal);
      const { retryAfterSeconds } = refusal;
      const data =
        retryAfterSeconds === undefined
          ? undefined
          : { serverTime: nowMs, retryAfter: nowMs + retryAfterSeconds * 1000 };
      const error = { code: Number(code), msg, data };
      return `{"id":${idOf(message)},"status":${status},"error":${JSON.stringify(error)}}`;
    },
    sign({ kind, keyId, sign }, { nowMs, nonce }) {
      const use = schemes[kind];
      if (use === undefined) throw new TypeError(`binance has no scheme for kind ${kind}`);
      const signature = sign(use, [`apiKey=${keyId}&timestamp=${nowMs}`]);
      return JSON.stringify({
        id: nonce,
        method: kind === 'ed25519' ? 'session.logon' : 'userDataStream.subscribe.signature',
        params: { apiKey: keyId, timestamp: nowMs, signature },
      });
    },
  };
}

function read(message: string): Claim | Denial {
  const members = jsonMembers(message);
  if (members === undefined || hasRepeatedName(members)) {
    return denial('malformed_request', 'The message is no JSON object, or one that has a name twice.');
  }
  const params = parametersOf(message);
  if (params === undefined) {
    return denial('malformed_request', 'params is no object of texts and numbers, or has a name twice.');
  }
  for (const [name, part] of PARTS) {
    const value = params.get(name) ?? '';
    if (value === '') return denial('credential_missing', `${name} is missing or empty.`, { part });
    if (value.length > MAX_LENGTH)
      return denial('malformed_request', `${name} is longer than ${MAX_LENGTH}.`, { part });
  }
  const [keyId, signature, timestamp] = PARTS.map(([name]) => params.get(name)) as [string, string, string];
  const timestampMs = readMillisecondsOrMicroseconds(timestamp);
  if (timestampMs === undefined) {
    return denial('timestamp_invalid', 'timestamp is not a timestamp in ms.', { part: 'timestamp' });
  }
  const recvWindow = params.get('recvWindow');
  const window = recvWindow === undefined ? DEFAULT_WINDOW : readRecvWindow(recvWindow);
  if (window === undefined) {
    return denial('malformed_request', 'recvWindow is not a number of ms up to 60000.', {
      part: 'timestamp',
    });
  }
  const signed = [...params].filter(([name]) => name !== 'signature').sort(byName);
  const written = (spell: (value: string) => string) =>
    signed.map(([name, value]) => `${name}=${spell(value)}`).join('&');
  const method = methodOf(message);
  return {
    ok: true,
    keyId,
    signature: plainSignature(signature),
    timestampMs,
    window,
    namedScheme: LOGON.test(method) ? 'ed25519' : undefined,
    isReadOnly: READS.test(method),
    prehash: [written((value) => value)],
    alternatives: () => [{ form: 'encoded', prehash: [written(encodeURIComponent)] }],
  };
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}

/** The parameters of a message; undefined where they cannot be told apart once they are joined. */
function parametersOf(message: string): ReadonlyMap<string, string> | undefined {
  const members = jsonMembers(memberOf(message, 'params') ?? '');
  if (members === undefined || hasRepeatedName(members)) return undefined;
  const params = new Map<string, string>();
  for (const { name, value } of members) {
    const text = scalarText(value);
    if (text === undefined || !NAME.test(name) || /[&%\p{Cc}\p{Cs}]/u.test(text)) return undefined;
    params.set(name, text);
  }
  return params;
}

function memberOf(message: string, member: string): string | undefined {
  return jsonMembers(message)?.find(({ name }) => name === member)?.value;
}

function methodOf(message: string): string {
  return scalarText(memberOf(message, 'method') ?? '') ?? '';
}

/** The id of a message as it is written, so that it goes back unchanged. */
function idOf(message: string): string {
  const id = memberOf(message, 'id') ?? '';
  return scalarText(id) === undefined ? 'null' : id;
}
