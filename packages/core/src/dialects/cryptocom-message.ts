import { type ClaimPart, type Denial, denial } from '../denial.ts';
import { signedTextOf } from './cryptocom-parameters.ts';
import type { Claim, SigningKey } from './dialect.ts';
import { hasRepeatedName, jsonMembers, scalarText } from './json-members.ts';
import { readMilliseconds } from './timestamps.ts';

export const CRYPTOCOM_SCHEMES = { hmac: { scheme: 'hmac-sha256', encoding: 'hex' } } as const;

const MEMBERS: ReadonlySet<string> = new Set(['id', 'method', 'params', 'api_key', 'sig', 'nonce']);
const PARTS: readonly (readonly [name: string, part: ClaimPart])[] = [
  ['api_key', 'key'],
  ['sig', 'signature'],
  ['nonce', 'timestamp'],
];
const MAX_LENGTH = 512;
/** A list of orders has some thousand characters. More would only take long to be looked through. */
const MAX_TEXT = 65_536;
/** Ends in a letter, so that no digit can go between it and the id. */
const METHOD = /^(?:public|private)(?:\/[a-z]+(?:-[a-z]+)*){1,3}$/;
const ID = /^\d{1,19}$/;

/**
 * Reads the JSON object that Crypto.com's clients sign, the same over HTTP and in a WebSocket: `method`, `id`,
 * `api_key`, the text of the parameters and `nonce` (ms), one after the other without a separator.
 *
 * The method ends in a letter and the id is digits; the key is known to whoever verifies; and a nonce with a digit more
 * or less is of another century. So only within the parameters can a border be moved, see {@link signedTextOf}. A
 * member that nothing signs is refused.
 */
export function readSignedMessage(text: string): (Claim & { readonly method: string }) | Denial {
  if (text.length > MAX_TEXT) return denial('malformed_request', `It is longer than ${MAX_TEXT} characters.`);
  const members = jsonMembers(text);
  if (members === undefined) return denial('malformed_request', 'It is no JSON object.');
  if (hasRepeatedName(members) || !members.every(({ name }) => MEMBERS.has(name))) {
    return denial('malformed_request', 'The object has a name twice, or a member that nothing signs.');
  }
  const values = new Map(members.map(({ name, value }) => [name, value]));
  const textOf = (name: string) => scalarText(values.get(name) ?? '') ?? '';
  for (const [name, part] of PARTS) {
    const value = textOf(name);
    if (value === '') return denial('credential_missing', `${name} is missing or empty.`, { part });
    if (value.length > MAX_LENGTH)
      return denial('malformed_request', `${name} is longer than ${MAX_LENGTH}.`, { part });
  }
  const [keyId, signature, nonce] = PARTS.map(([name]) => textOf(name)) as [string, string, string];
  const timestampMs = readMilliseconds(nonce);
  if (timestampMs === undefined) {
    return denial('timestamp_invalid', 'nonce is not a timestamp in ms.', { part: 'timestamp' });
  }
  const [method, id] = [textOf('method'), textOf('id')];
  if (method.length > MAX_LENGTH || !METHOD.test(method)) {
    return denial('malformed_request', 'method is missing, or no method.');
  }
  if (!ID.test(id)) return denial('malformed_request', 'id is missing, or not digits.');
  const signed = signedTextOf(values.get('params') ?? '{}');
  if ('fault' in signed) return denial('malformed_request', signed.fault);
  return {
    ok: true,
    method,
    keyId,
    signature,
    timestampMs,
    prehash: [method + id + keyId + signed.text + nonce],
  };
}

/** Writes and signs such an object, with the time for its id. `params` is JSON, and is sent as it is. */
export function writeSignedMessage(
  method: string,
  params: string | undefined,
  { keyId, kind, sign }: SigningKey,
  nowMs: number,
): string {
  const use = kind === 'hmac' ? CRYPTOCOM_SCHEMES[kind] : undefined;
  if (use === undefined) throw new TypeError(`cryptocom has no scheme for kind ${kind}`);
  if (!METHOD.test(method)) throw new TypeError('The path is not that of a method.');
  const signed = signedTextOf(params ?? '{}');
  if ('fault' in signed) throw new TypeError(signed.fault);
  const sig = sign(use, [method + nowMs + keyId + signed.text + nowMs]);
  const head = `"id":${nowMs},"method":"${method}"${params === undefined ? '' : `,"params":${params}`}`;
  return `{${head},"api_key":${JSON.stringify(keyId)},"sig":"${sig}","nonce":${nowMs}}`;
}
