import { type Denial, denial } from '../denial.ts';
import { BYBIT_ERRORS } from './bybit-errors.ts';
import type { Claim, Dialect, WebSocketLogin } from './dialect.ts';
import { hasRepeatedName, jsonMembers, scalarText } from './json-members.ts';
import { exchangeError } from './refusals.ts';
import { readMilliseconds } from './timestamps.ts';

const MAX_LENGTH = 512;
const LIFE_MS = 10_000;
/** A login names its end. One that lies further ahead than this was not made for now. */
const WINDOW = { pastMs: 0, futureMs: 60_000 };

/**
 * Bybit's login inside a WebSocket: `{"op":"auth","args":[key, expires, signature]}`, signed over `GET/realtime` and
 * `expires`, which is when it ends, in ms.
 */
export function bybitLogin(schemes: Dialect['schemes']): WebSocketLogin {
  return {
    recognises: isLogin,
    read,
    opensConnection: () => true,
    accept: (message, { requestId }) => answer(message, requestId, undefined),
    refuse: (refusal, message, { requestId }) =>
      answer(message, requestId, exchangeError(BYBIT_ERRORS, refusal)),
    sign({ kind, keyId, sign }, { nowMs }) {
      const use = schemes[kind];
      if (use === undefined) throw new TypeError(`bybit has no scheme for kind ${kind}`);
      const expires = nowMs + LIFE_MS;
      return JSON.stringify({ op: 'auth', args: [keyId, expires, sign(use, [`GET/realtime${expires}`])] });
    },
  };
}

/** One `op` of several, too: which of them counts, every parser decides for itself. */
function isLogin(message: string): boolean {
  const members = jsonMembers(message) ?? [];
  return members.some(({ name, value }) => name === 'op' && scalarText(value) === 'auth');
}

function read(message: string): Claim | Denial {
  const members = jsonMembers(message) ?? [];
  if (hasRepeatedName(members)) return denial('malformed_request', 'The message has a name twice.');
  const args = argsOf(message);
  if (args === undefined)
    return denial('malformed_request', 'args is not a list of key, expires and signature.');
  const [keyId, expires, signature] = args;
  if (keyId === '') return denial('credential_missing', 'The key is empty.', { part: 'key' });
  if (signature === '') return denial('credential_missing', 'The signature is empty.', { part: 'signature' });
  const expiresMs = readMilliseconds(expires);
  if (expiresMs === undefined) {
    return denial('timestamp_invalid', 'expires is not a time in ms.', { part: 'timestamp' });
  }
  return { ok: true, keyId, signature, expiresMs, window: WINDOW, prehash: [`GET/realtime${expires}`] };
}

/** Key, end and signature; undefined when there are not three texts, or the second is no number either. */
function argsOf(message: string): [string, string, string] | undefined {
  const args = (JSON.parse(message) as { args?: unknown }).args;
  if (!Array.isArray(args) || args.length !== 3) return undefined;
  const [keyId, expires, signature] = args as unknown[];
  const end = typeof expires === 'number' ? String(expires) : expires;
  const texts = [keyId, end, signature];
  const fits = texts.every((text) => typeof text === 'string' && text.length <= MAX_LENGTH * 4);
  return fits && (keyId as string).length <= MAX_LENGTH ? (texts as [string, string, string]) : undefined;
}

function textOf(message: string, name: string): string | undefined {
  const value = jsonMembers(message)?.find((member) => member.name === name)?.value;
  return value === undefined ? undefined : scalarText(value);
}

/**
 * The socket for orders, whose messages have a `reqId`, answers in another form than those for streams. The code of a
 * refusal stands in both: from the text alone, ccxt makes a bare ExchangeError.
 */
function answer(
  message: string,
  connection: string,
  error: { readonly code: string; readonly message: string } | undefined,
): string {
  const reqId = textOf(message, 'reqId');
  if (reqId !== undefined) {
    const [retCode, retMsg] = error === undefined ? [0, 'OK'] : [Number(error.code), error.message];
    return JSON.stringify({ reqId, retCode, retMsg, op: 'auth', connId: connection });
  }
  const req_id = textOf(message, 'req_id');
  const success = error === undefined;
  const ret_code = error === undefined ? undefined : Number(error.code);
  const ret_msg = error?.message ?? '';
  return JSON.stringify({ success, ret_code, ret_msg, op: 'auth', conn_id: connection, req_id });
}
