import { createHmac } from 'node:crypto';
import { constantTimeEqual } from '../constant-time.ts';
import { base62, randomBase62 } from './base62.ts';
import { crc32 } from './crc32.ts';
import type { Environment } from './credential.ts';

/**
 * The shapes of what Countersign hands out. `E` is `live` or `test`; every text ends in a base62 CRC-32 of
 * all that stands before it, so that a scanner can tell a real one from a look-alike offline.
 *
 * | what          | form                                                           |
 * |---------------|----------------------------------------------------------------|
 * | credential id | `ck_E_` + 22 random + 8 keyed tag + 6 checksum                  |
 * | HMAC secret   | `cs_E_` + 43 random + 6 checksum                                |
 * | the same for dialects that decode it | `cs/E/` + 46 random + 6 checksum: valid base64 of 45 bytes |
 * | bearer token  | `cb_E_` + the 36 characters of its id + 43 random + 6 checksum  |
 *
 * 22 base62 characters are 131 bits, 43 are 256. The tag is an HMAC over what stands before it: an id that
 * the service never issued is refused without a look into the store.
 */
const ID = /^ck_(live|test)_[0-9A-Za-z]{36}$/;
const TOKEN = /^cb_(live|test)_[0-9A-Za-z]{85}$/;

/** What of ours a text can be. */
export type IssuedKind = 'id' | 'hmac_secret' | 'bearer_token';

/**
 * The forms above as regular expressions without borders, in the syntax that RE2, POSIX and JavaScript have in
 * common, for whoever searches a longer text. A text of the form is ours only if {@link hasChecksum} says so too.
 */
export const ISSUED_FORMS: readonly { readonly kind: IssuedKind; readonly pattern: string }[] = [
  { kind: 'bearer_token', pattern: 'cb_(live|test)_[0-9A-Za-z]{85}' },
  { kind: 'hmac_secret', pattern: 'cs_(live|test)_[0-9A-Za-z]{49}' },
  { kind: 'hmac_secret', pattern: 'cs/(live|test)/[0-9A-Za-z]{52}' },
  { kind: 'id', pattern: 'ck_(live|test)_[0-9A-Za-z]{36}' },
];

export type Random = (bytes: number) => Uint8Array;

export function mintId(environment: Environment, tagKey: Uint8Array, random: Random): string {
  const head = `ck_${environment}_${randomBase62(22, random)}`;
  return sealed(head + tag(head, tagKey));
}

export function mintHmacSecret(environment: Environment, random: Random): string {
  return sealed(`cs_${environment}_${randomBase62(43, random)}`);
}

/** Makes a secret that is base64 as well, for dialects whose key is the decoded secret. */
export function mintBase64Secret(environment: Environment, random: Random): string {
  return sealed(`cs/${environment}/${randomBase62(46, random)}`);
}

/** Makes a bearer token that carries the credential's id, so that it can be looked up without being stored. */
export function mintBearerToken(id: string, random: Random): string {
  return sealed(`cb_${id.slice(3)}${randomBase62(43, random)}`);
}

/** Whether a text has the form of an id of ours. Says nothing about checksum, tag or existence. */
export function hasIdForm(text: string): boolean {
  return ID.test(text);
}

/** Whether an id of our form was issued under this tag key. Does not say that it exists still. */
export function isIssuedId(id: string, tagKey: Uint8Array): boolean {
  if (!hasIdForm(id) || !hasChecksum(id)) return false;
  const head = id.slice(0, -14);
  return constantTimeEqual(id.slice(-14, -6), tag(head, tagKey));
}

/** The environment that an id, secret or token of ours names; `undefined` for any other text. */
export function environmentOf(text: string): Environment | undefined {
  const match = /^c(?:[ksb]_(live|test)_|s\/(live|test)\/)/.exec(text);
  return (match?.[1] ?? match?.[2]) as Environment | undefined;
}

/** The credential id inside a bearer token of ours; `undefined` for any other text. */
export function idInToken(token: string): string | undefined {
  return TOKEN.test(token) && hasChecksum(token) ? `ck_${token.slice(3, 44)}` : undefined;
}

/** Whether the last six characters are the base62 CRC-32 of the rest. */
export function hasChecksum(text: string): boolean {
  return text.length > 6 && text.slice(-6) === base62(crc32(text.slice(0, -6)), 6);
}

function sealed(text: string): string {
  return text + base62(crc32(text), 6);
}

function tag(head: string, tagKey: Uint8Array): string {
  const digest = createHmac('sha256', tagKey).update(head).digest();
  return base62(digest.readBigUInt64BE(0), 8);
}
