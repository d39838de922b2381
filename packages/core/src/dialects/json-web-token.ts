import { hasRepeatedName, type JsonMember, jsonMembers } from './json-members.ts';

/** The members of a JSON object, as they are written. */
export type Members = ReadonlyMap<string, string>;

/** A signed JSON Web Token, taken apart and not believed. */
export interface JsonWebToken {
  readonly header: Members;
  readonly payload: Members;
  /** What the signature covers: header and payload as they are written, with the point between them. */
  readonly signed: string;
  /** In base64url. Empty where there is none. */
  readonly signature: string;
}

const TOKEN = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/;

/**
 * Takes a token in the compact form apart (RFC 7515 section 7.1, RFC 7519), strictly: base64url without padding and with
 * one spelling per value, UTF-8, JSON objects in which no name is there twice. A header with `crit` asks for something
 * that this does not know (RFC 7515 section 4.1.11).
 *
 * It looks at no other member: neither the algorithm nor the time nor the signature.
 *
 * @param maxLength of the whole token, in characters
 * @returns the parts, or what is wrong with the token
 */
export function readJsonWebToken(text: string, maxLength: number): JsonWebToken | string {
  if (text.length > maxLength) return `is longer than ${maxLength} characters`;
  const [, head, body, signature] = TOKEN.exec(text) ?? [];
  if (head === undefined || body === undefined || signature === undefined)
    return 'is not three parts in base64url with points between them';
  const header = membersIn(head);
  if (typeof header === 'string') return `has a header that ${header}`;
  const payload = membersIn(body);
  if (typeof payload === 'string') return `has a payload that ${payload}`;
  if (header.has('crit')) return 'has a header with "crit", which asks for an extension';
  return { header, payload, signed: `${head}.${body}`, signature };
}

/** Strict, and a byte order mark is a character like others: JSON does not begin with one. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function membersIn(encoded: string): Members | string {
  const bytes = Buffer.from(encoded, 'base64url');
  if (bytes.toString('base64url') !== encoded) return 'is not base64url in its one spelling';
  let members: readonly JsonMember[] | undefined;
  try {
    members = jsonMembers(utf8.decode(bytes));
  } catch {
    return 'is not UTF-8';
  }
  if (members === undefined) return 'is no JSON object';
  if (hasRepeatedName(members)) return 'has a name twice';
  return new Map(members.map(({ name, value }) => [name, value]));
}

/** A member that is a JSON string, decoded; undefined for anything else. */
export function stringIn(members: Members, name: string): string | undefined {
  const value = members.get(name);
  return value?.startsWith('"') ? (JSON.parse(value) as string) : undefined;
}

/** A member that is an array of JSON strings, or one string; undefined for anything else. */
export function stringsIn(members: Members, name: string): readonly string[] | undefined {
  const value: unknown = JSON.parse(members.get(name) ?? 'null');
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}
