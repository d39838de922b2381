import { type ClaimPart, type Denial, denial } from '../denial.ts';
import { pathOf } from '../message.ts';
import type { Claim, Dialect, LoginContext, WebSocketLogin } from './dialect.ts';
import { htxLoginError } from './htx-errors.ts';
import { signedHost } from './htx-host.ts';
import { hasRepeatedName, jsonMembers, scalarText } from './json-members.ts';
import { readIsoSeconds, writeIsoSeconds } from './timestamps.ts';

export const HTX_SCHEMES: Dialect['schemes'] = { hmac: { scheme: 'hmac-sha256', encoding: 'base64' } };

const MAX_LENGTH = 512;

/** One of the two forms of the login: where its fields stand, their names, and its version. */
interface Form {
  readonly isNested: boolean;
  readonly version: string;
  readonly key: string;
  readonly method: string;
  readonly versionName: string;
  readonly timestamp: string;
  readonly signature: string;
}

/** That of spot, under `/ws/v2`. */
const SPOT: Form = {
  isNested: true,
  version: '2.1',
  key: 'accessKey',
  method: 'signatureMethod',
  versionName: 'signatureVersion',
  timestamp: 'timestamp',
  signature: 'signature',
};
/** That of the contract APIs, and of spot's first version. */
const CONTRACT: Form = {
  isNested: false,
  version: '2',
  key: 'AccessKeyId',
  method: 'SignatureMethod',
  versionName: 'SignatureVersion',
  timestamp: 'Timestamp',
  signature: 'Signature',
};

type Members = ReadonlyMap<string, string | undefined>;

/**
 * HTX's logins inside a WebSocket. What is signed is a GET of the WebSocket's path, on the host of its handshake, with
 * the four fields of the proof for a query: `{"action":"req","ch":"auth","params":{…}}` for spot, and
 * `{"op":"auth","type":"api",…}` for the others. Any other member is not covered, and none is read.
 *
 * It is answered in text; HTX's own contract WebSockets answer in gzip.
 */
export const htxLogin: WebSocketLogin = {
  // One member of several with its name, too: which of them counts, every parser decides for itself.
  recognises(message) {
    const members = jsonMembers(message) ?? [];
    const has = (wanted: string, text: string) =>
      members.some(({ name, value }) => name === wanted && scalarText(value) === text);
    return has('op', 'auth') || (has('action', 'req') && has('ch', 'auth'));
  },
  read,
  opensConnection: () => true,
  accept(message, { nowMs }) {
    if (formOf(membersOf(message)) === SPOT) {
      return JSON.stringify({ action: 'req', code: 200, ch: 'auth', data: {} });
    }
    return JSON.stringify({ op: 'auth', type: 'api', 'err-code': 0, ts: nowMs, data: {} });
  },
  refuse(refusal, message, { nowMs }) {
    const members = membersOf(message);
    const { code, message: text } = htxLoginError(refusal);
    if (members.has('op')) {
      const [op, cid, topic] = ['op', 'cid', 'topic'].map((name) => members.get(name));
      return JSON.stringify({ op, cid, topic, 'err-code': Number(code), 'err-msg': text, ts: nowMs });
    }
    const [action, ch] = ['action', 'ch'].map((name) => members.get(name));
    return JSON.stringify({ action, code: Number(code), ch, message: text });
  },
  /** A socket under `/ws/v2` has the form of spot; the path is that of the usual one. */
  sign({ kind, keyId, sign }, context) {
    const use = HTX_SCHEMES[kind];
    if (use === undefined) throw new TypeError(`htx has no scheme for kind ${kind}`);
    if (context.publicHost === undefined) throw new TypeError('htx signs the host: publicHost is missing');
    const timestamp = writeIsoSeconds(context.nowMs);
    const host = context.publicHost.toLowerCase().replace(/:443$/, '');
    const signature = sign(use, [textOf(SPOT, host, '/ws/v2', keyId, timestamp)]);
    const fields = { authType: 'api', accessKey: keyId, signatureMethod: 'HmacSHA256' };
    const params = { ...fields, signatureVersion: SPOT.version, timestamp, signature };
    return JSON.stringify({ action: 'req', ch: 'auth', params });
  },
};

function read(message: string, { handshake, ...context }: LoginContext): Claim | Denial {
  const form = formOf(membersOf(message));
  const fields = form?.isNested === true ? (memberText(message, 'params') ?? '') : message;
  if (form === undefined || [message, fields].some((json) => hasRepeatedName(jsonMembers(json) ?? []))) {
    return denial('malformed_request', 'The message is no login, or has a name twice.');
  }
  const values = membersOf(fields);
  const parts: readonly (readonly [name: string, part: ClaimPart])[] = [
    [form.key, 'key'],
    [form.signature, 'signature'],
    [form.timestamp, 'timestamp'],
  ];
  for (const [name, part] of parts) {
    const value = values.get(name) ?? '';
    if (value === '') return denial('credential_missing', `${name} is missing or empty.`, { part });
    if (value.length > MAX_LENGTH)
      return denial('malformed_request', `${name} is longer than ${MAX_LENGTH}.`, { part });
  }
  const [keyId, signature, timestamp] = parts.map(([name]) => values.get(name)) as [string, string, string];
  // The signed text holds it percent-encoded, and a lone surrogate has no such form.
  if (/\p{Cs}/u.test(keyId)) {
    return denial('malformed_request', `${form.key} is not Unicode.`, { part: 'key' });
  }
  if (values.get(form.method) !== 'HmacSHA256') {
    return denial('algorithm_not_allowed', `${form.method} is not HmacSHA256.`, { part: 'signature' });
  }
  if (values.get(form.versionName) !== form.version) {
    return denial('malformed_request', `${form.versionName} is not ${form.version}.`, { part: 'signature' });
  }
  const timestampMs = readIsoSeconds(timestamp);
  if (timestampMs === undefined) {
    return denial('timestamp_invalid', `${form.timestamp} is no time like 2026-11-24T08:15:30.`, {
      part: 'timestamp',
    });
  }
  const host = signedHost(handshake, context);
  if (host === undefined) return denial('malformed_request', 'Host is missing, there twice, or no name.');
  const prehash = [textOf(form, host, pathOf(handshake.target), keyId, timestamp)];
  return { ok: true, keyId, signature, timestampMs, prehash };
}

function textOf(form: Form, host: string, path: string, keyId: string, timestamp: string): string {
  const query = [
    `${form.key}=${encodeURIComponent(keyId)}`,
    `${form.method}=HmacSHA256`,
    `${form.versionName}=${form.version}`,
    `${form.timestamp}=${encodeURIComponent(timestamp)}`,
  ].join('&');
  return `GET\n${host}\n${path}\n${query}`;
}

function memberText(json: string, member: string): string | undefined {
  return jsonMembers(json)?.find(({ name }) => name === member)?.value;
}

function membersOf(json: string): Members {
  return new Map((jsonMembers(json) ?? []).map(({ name, value }) => [name, scalarText(value)]));
}

function formOf(members: Members): Form | undefined {
  if (members.get('op') === 'auth') return CONTRACT;
  return members.get('action') === 'req' && members.get('ch') === 'auth' ? SPOT : undefined;
}
