import { type ClaimPart, type Denial, denial } from '../denial.ts';
import type { Claim, Dialect, WebSocketLogin } from './dialect.ts';
import { hasRepeatedName, type JsonMember, jsonMembers, scalarText } from './json-members.ts';
import { type ErrorTable, exchangeError } from './refusals.ts';
import { readMilliseconds, readSeconds, writeSeconds } from './timestamps.ts';

/** What an exchange says inside a WebSocket. */
export interface MessageError {
  readonly code: number;
  readonly message: string;
}

/** What differs between the dialects whose clients send `{"op":"login"}`. */
interface LoginOperation {
  readonly name: string;
  readonly schemes: Dialect['schemes'];
  /** What is signed behind the timestamp: a method and a path that no request has. */
  readonly verb: string;
  readonly errors: ErrorTable<MessageError>;
  /** Writes an answer. `connection` is a name for the connection. */
  readonly answer: (event: 'login' | 'error', code: number, message: string, connection: string) => string;
}

const MAX_LENGTH = 512;
/** Seconds have 11 digits until the year 5138. */
const MILLISECONDS = /^\d{12,}$/;
const FIELDS: readonly [name: string, part: ClaimPart][] = [
  ['apiKey', 'key'],
  ['sign', 'signature'],
  ['timestamp', 'timestamp'],
  ['passphrase', 'passphrase'],
];

/**
 * The login inside a WebSocket of Bitget and OKX: `{"op":"login","args":[{apiKey, passphrase, timestamp, sign}]}`, signed
 * over the timestamp as it stands there, and a verb. Timestamps are seconds, or milliseconds where there are more than
 * 11 digits: clients differ.
 *
 * One key logs in with one message; the bulk logins of OKX are refused. Whatever else a message holds has no meaning.
 */
export function loginOperation({ name, schemes, verb, errors, answer }: LoginOperation): WebSocketLogin {
  return {
    recognises: (message) => (jsonMembers(message) ?? []).some(isLogin),
    read: (message) => read(message, verb),
    opensConnection: () => true,
    accept: (_message, { requestId }) => answer('login', 0, '', requestId),
    refuse(refusal, _message, { requestId }) {
      const { code, message } = exchangeError(errors, refusal);
      return answer('error', code, message, requestId);
    },
    sign({ kind, keyId, passphrase = '', sign }, { nowMs }) {
      const use = schemes[kind];
      if (use === undefined) throw new TypeError(`${name} has no scheme for kind ${kind}`);
      const timestamp = writeSeconds(nowMs);
      const args = [{ apiKey: keyId, passphrase, timestamp, sign: sign(use, [timestamp + verb]) }];
      return JSON.stringify({ op: 'login', args });
    },
  };
}

/** One `op` of several, too: which of them counts, every parser decides for itself. */
function isLogin({ name, value }: JsonMember): boolean {
  return name === 'op' && scalarText(value) === 'login';
}

function read(message: string, verb: string): Claim | Denial {
  const top = jsonMembers(message) ?? [];
  const login = loginIn(top);
  if (login === undefined) return denial('malformed_request', 'args is not a list of one object.');
  if (hasRepeatedName(top) || hasRepeatedName(login)) {
    return denial('malformed_request', 'The message has a name twice.');
  }
  const values = FIELDS.map(([name]) => textOf(login, name) ?? '');
  for (const [i, [name, part]] of FIELDS.entries()) {
    const value = values[i] as string;
    if (value === '') return denial('credential_missing', `${name} is missing or empty.`, { part });
    if (value.length > MAX_LENGTH && part !== 'signature') {
      return denial('malformed_request', `${name} is longer than ${MAX_LENGTH} characters.`, { part });
    }
  }
  const [keyId, signature, timestamp, passphrase] = values as [string, string, string, string];
  const timestampMs = MILLISECONDS.test(timestamp) ? readMilliseconds(timestamp) : readSeconds(timestamp);
  if (timestampMs === undefined) {
    return denial('timestamp_invalid', 'timestamp is not a time in seconds or ms.', { part: 'timestamp' });
  }
  return { ok: true, keyId, signature, passphrase, timestampMs, prehash: [timestamp + verb] };
}

/** The members of the one login in `args`, as they are written. */
function loginIn(top: readonly JsonMember[]): readonly JsonMember[] | undefined {
  const args = top.find(({ name }) => name === 'args')?.value ?? '';
  // Between the brackets stands one object, or there is something else before or behind it.
  return args.startsWith('[') ? jsonMembers(args.slice(1, -1)) : undefined;
}

function textOf(members: readonly JsonMember[] | undefined, name: string): string | undefined {
  const value = members?.find((member) => member.name === name)?.value;
  return value === undefined ? undefined : scalarText(value);
}
