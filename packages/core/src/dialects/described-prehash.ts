import { hash } from 'node:crypto';
import { type Denial, denial } from '../denial.ts';
import { pathOf, queryOf, REPEATED, singleHeader, type WireRequest } from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import type { Dialect, RequestPart } from './dialect.ts';

/** What a word of a described prehash can hold: see {@link ambiguitiesIn}. All is ASCII but the body. */
interface Form {
  /** Matches one character that it can hold. */
  readonly holds: RegExp;
  /** Matches its first character, where not all that it can hold may come first. */
  readonly begins?: RegExp;
  /** Set where it shows its own end: it has one length, or a last character that it holds nowhere else. */
  readonly endsItself?: boolean;
  readonly mayBeEmpty?: boolean;
  /** The parts of a request that it covers. */
  readonly covers?: readonly RequestPart[];
}

const ANYTHING = /[\s\S]/;
const HEX = /[0-9a-f]/;
const JSON_BEGINS = /[[{]/;

/** The words in which a described dialect says what is signed. */
const WORDS = {
  timestamp: { holds: /[0-9]/ },
  nonce: { holds: /[A-Za-z0-9+/=_-]/ },
  key: { holds: /[A-Za-z0-9_-]/ },
  method: { holds: /[A-Z]/, covers: ['method'] },
  target: { holds: /[\x21\x24-\x7e]/, begins: /\//, covers: ['path', 'query'] },
  path: { holds: /[\x21\x24-\x3e\x40-\x7e]/, begins: /\//, covers: ['path'] },
  query: { holds: /[\x21\x24-\x7e]/, mayBeEmpty: true, covers: ['query'] },
  body: { holds: ANYTHING, mayBeEmpty: true, covers: ['body'] },
  'json-body': { holds: ANYTHING, begins: JSON_BEGINS, mayBeEmpty: true, covers: ['body'] },
  'body-sha256-hex': { holds: HEX, endsItself: true, covers: ['body'] },
  'body-sha512-hex': { holds: HEX, endsItself: true, covers: ['body'] },
  host: { holds: /[A-Za-z0-9.:[\]_-]/, covers: ['host'] },
} as const satisfies Record<string, Form>;

const ISO_TIMESTAMP: Form = { holds: /[0-9TZ:.-]/, begins: /[0-9]/, endsItself: true };
const HEADER: Form = { holds: /[\t\x20-\x7e]/, mayBeEmpty: true };

export type PrehashWord = keyof typeof WORDS;
export const PREHASH_WORDS = Object.keys(WORDS) as readonly PrehashWord[];

/** One part of a described prehash: a word, another header's value, or a text that stands for itself. */
export type PrehashPart =
  | { readonly kind: 'word'; readonly word: PrehashWord }
  | { readonly kind: 'header' /** In lower case. */; readonly name: string }
  | { readonly kind: 'text' /** ASCII, and not empty. */; readonly text: string };

export type TimestampUnit = NonNullable<Dialect['timestampUnit']>;

export function hasWord(prehash: readonly PrehashPart[], word: PrehashWord): boolean {
  return prehash.some((part) => part.kind === 'word' && part.word === word);
}

const REQUEST_PARTS: readonly RequestPart[] = ['method', 'path', 'query', 'body', 'host'];

/** Lists the parts of a request that a prehash does not cover. */
export function openParts(prehash: readonly PrehashPart[]): RequestPart[] {
  const covered = prehash.flatMap((part) => (part.kind === 'word' ? coveredBy(part.word) : []));
  return REQUEST_PARTS.filter((part) => !covered.includes(part));
}

function coveredBy(word: PrehashWord): readonly RequestPart[] {
  const form: Form = WORDS[word];
  return form.covers ?? [];
}

/** Two parts of a prehash whose border could be moved. */
export interface Ambiguity {
  /** Indices of the part whose end does not show, and of the one that may follow it. */
  readonly part: number;
  readonly next: number;
  /** A character that the first can hold and the second can begin with. */
  readonly character: string;
}

/**
 * Finds the borders in a prehash that could be moved, so that two requests would share it, and so a signature.
 *
 * There is one way only to take a prehash apart when the end of each part shows: in itself, or because no part that
 * can follow begins with a character that it can hold. Read from the left, it ends at the first such character.
 */
export function ambiguitiesIn(prehash: readonly PrehashPart[], unit: TimestampUnit): Ambiguity[] {
  const forms = prehash.map((part) => formOf(part, unit));
  // With a `json-body`, no target holds what such a body begins with: see prehashMaker.
  const isJson = hasWord(prehash, 'json-body');
  return prehash.flatMap((of, part) => {
    const form = forms[part] as Form;
    if (form.endsItself) return [];
    const isTarget = of.kind === 'word' && ['target', 'path', 'query'].includes(of.word);
    const bytes = isJson && isTarget ? BYTES.filter((byte) => !JSON_BEGINS.test(byte)) : BYTES;
    for (const next of followersOf(forms, part)) {
      const { holds, begins = holds } = forms[next] as Form;
      const character = bytes.find((byte) => form.holds.test(byte) && begins.test(byte));
      if (character !== undefined) return [{ part, next, character }];
    }
    return [];
  });
}

/** The parts that may come right behind one, because those between may be empty. */
function followersOf(forms: readonly Form[], part: number): number[] {
  const behind = [...forms.keys()].slice(part + 1);
  const last = behind.findIndex((i) => !forms[i]?.mayBeEmpty);
  return last === -1 ? behind : behind.slice(0, last + 1);
}

/** All bytes, letters first: they make the better example. */
const BYTES = [...Array(256).keys()].map((i) => String.fromCharCode((i + 0x61) % 256));

function formOf(part: PrehashPart, unit: TimestampUnit): Form {
  if (part.kind === 'header') return HEADER;
  if (part.kind === 'word')
    return part.word === 'timestamp' && unit === 'ISO 8601' ? ISO_TIMESTAMP : WORDS[part.word];
  const code = part.text.charCodeAt(0).toString(16).padStart(2, '0');
  return { holds: ANYTHING, begins: new RegExp(`\\x${code}`), endsItself: true };
}

/** What a prehash holds beside the request's own bytes. */
export interface PrehashValues {
  readonly timestamp: string;
  readonly key: string;
  readonly nonce: string | undefined;
  readonly host: string | undefined;
}

const whole = ({ holds }: Form) => new RegExp(`^${holds.source}+$`);
const NONCE = whole(WORDS.nonce);
const KEY = whole(WORDS.key);
const HOST = whole(WORDS.host);
const HEADER_VALUE = whole(HEADER);

/**
 * Makes the function that puts prehashes together, or says why a request has none: because it holds what could not be
 * told from the next part, or is a second spelling of another request.
 */
export function prehashMaker(prehash: readonly PrehashPart[]) {
  const isJson = hasWord(prehash, 'json-body');
  const hasQuery = hasWord(prehash, 'query');

  function faultIn({ target, body }: WireRequest): Denial | undefined {
    if (hasQuery && target.endsWith('?') && queryOf(target) === '')
      return unreadable('The target ends with a "?" that no query follows.');
    if (!isJson) return undefined;
    if (body.length > 0 && !JSON_BEGINS.test(String.fromCharCode(body[0] as number)))
      return unreadable('A body of this dialect is JSON, and begins with "{" or "[".');
    if (JSON_BEGINS.test(target))
      return unreadable('The target holds a "{" or "[" that is not percent-encoded.');
    return undefined;
  }

  return (request: WireRequest, values: PrehashValues): Prehash | Denial => {
    const fault = faultIn(request);
    if (fault !== undefined) return fault;
    const parts: (string | Uint8Array)[] = [];
    for (const part of prehash) {
      const value = valueIn(part, request, values);
      if (isDenial(value)) return value;
      parts.push(value);
    }
    return parts;
  };
}

export function isDenial(value: string | Uint8Array | Prehash | Denial): value is Denial {
  return typeof value === 'object' && 'code' in value;
}

function valueIn(
  part: PrehashPart,
  request: WireRequest,
  values: PrehashValues,
): string | Uint8Array | Denial {
  if (part.kind === 'text') return part.text;
  if (part.kind === 'header') return headerValue(request, part.name);
  const { method, target, body } = request;
  switch (part.word) {
    case 'timestamp':
      return values.timestamp;
    case 'nonce':
      return only(NONCE, values.nonce, 'The nonce');
    case 'key':
      return only(KEY, values.key, 'The id of the key');
    case 'host':
      return only(HOST, values.host, 'Host');
    case 'method':
      return method;
    case 'target':
      return target;
    case 'path':
      return pathOf(target);
    case 'query':
      return queryOf(target);
    case 'body':
    case 'json-body':
      return body;
    case 'body-sha256-hex':
      return hash('sha256', body, 'hex');
    case 'body-sha512-hex':
      return hash('sha512', body, 'hex');
  }
}

/** A header that is absent is signed as nothing; so one that is there and empty would be a second spelling. */
function headerValue({ headers }: WireRequest, name: string): string | Denial {
  const value = singleHeader(headers, name);
  if (value === undefined) return '';
  if (value === REPEATED) return unreadable(`${name} occurs twice.`);
  return only(HEADER_VALUE, value, name);
}

function only(form: RegExp, value: string | undefined, what: string): string | Denial {
  if (value === undefined) return unreadable(`${what} is missing.`);
  return form.test(value)
    ? value
    : unreadable(`${what} is empty, or holds a character that it may not hold.`);
}

function unreadable(detail: string): Denial {
  return denial('malformed_request', detail);
}
