/** A byte sequence, kept as its base64 text. The parser accepts one spelling for each value. */
export interface ByteSequence {
  readonly base64: string;
}

/** A token, which is not the same value as a string of the same letters. */
export interface Token {
  readonly token: string;
}

/** A value without parameters: a string, an integer, a boolean, a token or a byte sequence. */
export type BareItem = string | number | boolean | Token | ByteSequence;

/** In the order of the wire, which a signature covers. */
export type Parameters = ReadonlyMap<string, BareItem>;

export interface Item {
  readonly value: BareItem;
  readonly params: Parameters;
}

export interface InnerList {
  readonly items: readonly Item[];
  readonly params: Parameters;
}

export type Member = Item | InnerList;

export interface ParsedDictionary {
  readonly ok: true;
  readonly members: ReadonlyMap<string, Member>;
}

/** Where and why a text is no structured field. It quotes no part of the text. */
export interface SyntaxFault {
  readonly ok: false;
  readonly fault: string;
}

const MAX_FIELD = 8192;
const MAX_MEMBERS = 32;
const MAX_ITEMS = 64;
const MAX_PARAMETERS = 16;

/**
 * Parses a dictionary (RFC 9651 section 4.2.2), whose members may be items and inner lists. Never throws, on
 * any text, and takes time in proportion to its length.
 *
 * It is stricter than the standard where leniency would let two readers see different things in one text: a
 * key that occurs twice is a fault (the standard takes the last one), and so is base64 with missing padding
 * or stray bits, which no conforming sender writes. Decimals, dates and display strings are faults too: no
 * field that is read here has a use for them. Limits: 8,192 characters, 32 members, 64 items in a list, 16
 * parameters.
 */
export function parseDictionary(text: string): ParsedDictionary | SyntaxFault {
  if (text.length > MAX_FIELD) return { ok: false, fault: `it is longer than ${MAX_FIELD} characters` };
  const reader: Reader = { text, at: 0, fault: undefined };
  const members = dictionary(reader);
  if (members !== undefined) return { ok: true, members };
  return { ok: false, fault: `at position ${reader.at}, ${reader.fault ?? 'it cannot be read'}` };
}

/**
 * Writes parameters in their order (RFC 9651 section 4.1.1.2). Every value must have come from the parser, or
 * keep its limits: printable ASCII in strings, integers of at most 15 digits.
 */
export function serialiseParameters(params: Parameters): string {
  let text = '';
  for (const [key, value] of params) {
    text += value === true ? `;${key}` : `;${key}=${serialiseBareItem(value)}`;
  }
  return text;
}

/** Writes an item with its parameters (RFC 9651 section 4.1.3). The same conditions apply. */
export function serialiseItem(item: Item): string {
  return serialiseBareItem(item.value) + serialiseParameters(item.params);
}

/** Writes a parameterised inner list (RFC 9651 section 4.1.1.1). The same conditions apply. */
export function serialiseInnerList(list: InnerList): string {
  return `(${list.items.map(serialiseItem).join(' ')})${serialiseParameters(list.params)}`;
}

function serialiseBareItem(value: BareItem): string {
  if (typeof value === 'string') return `"${value.replace(/["\\]/g, '\\$&')}"`;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? '?1' : '?0';
  return 'token' in value ? value.token : `:${value.base64}:`;
}

/** A position in a text. Each function below reads from it, or gives undefined and leaves the fault here. */
interface Reader {
  readonly text: string;
  at: number;
  fault: string | undefined;
}

// Sticky, and no two repetitions of a pattern can take the same character: each needs linear time.
const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const STRING = /"[\x20\x21\x23-\x5b\x5d-\x7e]*(?:\\["\\][\x20\x21\x23-\x5b\x5d-\x7e]*)*"/y;
const INTEGER = /-?\d{1,15}(?![\d.])/y;
const BOOLEAN = /\?[01]/y;
const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*/y;
const BYTES = /:[A-Za-z0-9+/]*={0,2}:/y;
const SPACES = / */y;
const OPTIONAL_WHITESPACE = /[ \t]*/y;

const NO_PARAMETERS: Parameters = new Map();

function dictionary(reader: Reader): Map<string, Member> | undefined {
  const members = new Map<string, Member>();
  match(reader, SPACES);
  while (reader.at < reader.text.length) {
    const key = match(reader, KEY);
    if (key === undefined) return fail(reader, 'there is no key, which begins with a lower-case letter');
    if (members.has(key)) return fail(reader, 'a key occurs for the second time');
    if (members.size === MAX_MEMBERS) return fail(reader, `there are more than ${MAX_MEMBERS} members`);
    const member = take(reader, '=') ? itemOrInnerList(reader) : flag(reader);
    if (member === undefined) return undefined;
    members.set(key, member);
    match(reader, OPTIONAL_WHITESPACE);
    if (reader.at === reader.text.length) return members;
    if (!take(reader, ',')) return fail(reader, 'there is neither a comma nor the end');
    match(reader, OPTIONAL_WHITESPACE);
    if (reader.at === reader.text.length) return fail(reader, 'nothing follows the comma');
  }
  return members;
}

/** A member that is only a key is a true boolean. */
function flag(reader: Reader): Item | undefined {
  const params = parameters(reader);
  return params === undefined ? undefined : { value: true, params };
}

function itemOrInnerList(reader: Reader): Member | undefined {
  return reader.text[reader.at] === '(' ? innerList(reader) : item(reader);
}

function innerList(reader: Reader): InnerList | undefined {
  reader.at++;
  const items: Item[] = [];
  for (;;) {
    match(reader, SPACES);
    if (take(reader, ')')) break;
    if (items.length === MAX_ITEMS) return fail(reader, `the list has more than ${MAX_ITEMS} items`);
    const next = item(reader);
    if (next === undefined) return undefined;
    items.push(next);
    const after = reader.text[reader.at];
    if (after !== ' ' && after !== ')') return fail(reader, 'an item is not followed by a space or ")"');
  }
  const params = parameters(reader);
  return params === undefined ? undefined : { items, params };
}

function item(reader: Reader): Item | undefined {
  const value = bareItem(reader);
  if (value === undefined) return undefined;
  const params = parameters(reader);
  return params === undefined ? undefined : { value, params };
}

function parameters(reader: Reader): Parameters | undefined {
  if (reader.text[reader.at] !== ';') return NO_PARAMETERS;
  const params = new Map<string, BareItem>();
  while (take(reader, ';')) {
    match(reader, SPACES);
    const key = match(reader, KEY);
    if (key === undefined)
      return fail(reader, 'there is no parameter, which begins with a lower-case letter');
    if (params.has(key)) return fail(reader, 'a parameter occurs for the second time');
    if (params.size === MAX_PARAMETERS)
      return fail(reader, `there are more than ${MAX_PARAMETERS} parameters`);
    const value = take(reader, '=') ? bareItem(reader) : true;
    if (value === undefined) return undefined;
    params.set(key, value);
  }
  return params;
}

function bareItem(reader: Reader): BareItem | undefined {
  switch (reader.text[reader.at]) {
    case '"': {
      const quoted = match(reader, STRING);
      if (quoted === undefined) return fail(reader, 'a string does not end, or is not printable ASCII');
      const inner = quoted.slice(1, -1);
      return inner.includes('\\') ? inner.replace(/\\(.)/g, '$1') : inner;
    }
    case ':': {
      const base64 = match(reader, BYTES)?.slice(1, -1);
      if (base64 === undefined || Buffer.from(base64, 'base64').toString('base64') !== base64) {
        return fail(reader, 'a byte sequence is not padded standard base64 between two colons');
      }
      return { base64 };
    }
    case '?': {
      const boolean = match(reader, BOOLEAN);
      return boolean === undefined ? fail(reader, 'a boolean is neither ?0 nor ?1') : boolean === '?1';
    }
  }
  const integer = match(reader, INTEGER);
  if (integer !== undefined) return Number(integer);
  const token = match(reader, TOKEN);
  if (token !== undefined) return { token };
  return fail(reader, 'there is no string, integer, boolean, token or byte sequence');
}

function match(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  if (!pattern.test(reader.text)) return undefined;
  const start = reader.at;
  reader.at = pattern.lastIndex;
  return reader.text.slice(start, reader.at);
}

function take(reader: Reader, character: string): boolean {
  if (reader.text[reader.at] !== character) return false;
  reader.at++;
  return true;
}

function fail(reader: Reader, fault: string): undefined {
  reader.fault = fault;
  return undefined;
}
