import { type ClaimPart, denial } from '../denial.ts';
import type { WebSocketLogin } from './dialect.ts';
import { hasRepeatedName, type JsonMember, jsonMembers, scalarText } from './json-members.ts';
import { CONTRACT_WINDOW, MEXC_SCHEMES } from './mexc-contract.ts';
import { CONTRACT_ERRORS } from './mexc-errors.ts';
import { exchangeError } from './refusals.ts';
import { readMilliseconds } from './timestamps.ts';

const MAX_LENGTH = 512;
const PARTS: readonly (readonly [name: string, part: ClaimPart])[] = [
  ['apiKey', 'key'],
  ['signature', 'signature'],
  ['reqTime', 'timestamp'],
];

/** The login of MEXC's contract WebSocket: `apiKey + reqTime`, in hex; ten seconds either way. */
export const mexcLogin: WebSocketLogin = {
  recognises: (message) => (jsonMembers(message) ?? []).some(isLogin),
  read(message) {
    const members = jsonMembers(message) ?? [];
    const param = jsonMembers(members.find(({ name }) => name === 'param')?.value ?? '') ?? [];
    if (hasRepeatedName(members) || hasRepeatedName(param)) {
      return denial('malformed_request', 'The message has a name twice.');
    }
    const values = new Map(param.map(({ name, value }) => [name, scalarText(value)]));
    for (const [name, part] of PARTS) {
      const value = values.get(name) ?? '';
      if (value === '') return denial('credential_missing', `${name} is missing or empty.`, { part });
      if (value.length > MAX_LENGTH)
        return denial('malformed_request', `${name} is longer than ${MAX_LENGTH}.`, { part });
    }
    const [keyId, signature, reqTime] = PARTS.map(([name]) => values.get(name)) as [string, string, string];
    const timestampMs = readMilliseconds(reqTime);
    if (timestampMs === undefined) {
      return denial('timestamp_invalid', 'reqTime is not a timestamp in ms.', { part: 'timestamp' });
    }
    return { ok: true, keyId, signature, timestampMs, window: CONTRACT_WINDOW, prehash: [keyId + reqTime] };
  },
  opensConnection: () => true,
  accept: (_message, { nowMs }) => answer('rs.login', 'success', nowMs),
  refuse: (refusal, _message, { nowMs }) =>
    answer('rs.error', exchangeError(CONTRACT_ERRORS, refusal).message, nowMs),
  sign({ kind, keyId, sign }, { nowMs }) {
    const use = MEXC_SCHEMES[kind];
    if (use === undefined) throw new TypeError(`mexc has no scheme for kind ${kind}`);
    const signature = sign(use, [keyId + nowMs]);
    return JSON.stringify({ method: 'login', param: { apiKey: keyId, reqTime: String(nowMs), signature } });
  },
};

function isLogin({ name, value }: JsonMember): boolean {
  return name === 'method' && scalarText(value) === 'login';
}

function answer(channel: string, data: string, ts: number): string {
  return JSON.stringify({ channel, data, ts });
}
