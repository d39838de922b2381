import { foldedName } from '../folded-name.ts';
import { isExactNumber } from './json-number.ts';

/**
 * Parses JSON. Undefined when it is none, is not UTF-8, has an object with the same name twice, in any case, with a NUL
 * in a name, or with more than 1000 names, or has more than 100,000 parts. A number whose text is not exactly the number
 * that we read is null in the result.
 */
export function parseJson(json: Uint8Array | string): unknown {
  try {
    const text = typeof json === 'string' ? json : new TextDecoder('utf-8', { fatal: true }).decode(json);
    // First, because it gives up on what would take long.
    const scanned = scan(text);
    if (scanned === undefined) return undefined;
    const value: unknown = JSON.parse(text);
    return scanned.length === 0 ? value : JSON.parse(withoutNumbers(text, scanned));
  } catch {
    return undefined; // No JSON, nothing to read from it.
  }
}

/** Most texts, numbers, brackets and commas of a document: a batch of 1000 orders has some ten thousand. */
const MAX_TOKENS = 100_000;
/** Most members of one object: those that hold orders have some ten, and a large one takes long. */
const MAX_NAMES = 1000;

/** Where a number stands in a text. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Looks for what parsers read in two ways. `JSON.parse` keeps the last value of a name that an object has twice, another
 * parser behind us the first, or one that differs in letter case alone: such a body has no facts that all agree on. And
 * it rounds numbers that another parser keeps as they are. It means something only where the text is valid JSON, and may
 * throw where it is not.
 *
 * @returns undefined when a name stands twice, or may to some, or there is too much; else the numbers that are rounded
 */
function scan(text: string): Span[] | undefined {
  const rounded: Span[] = [];
  /** The names of each object that is open; undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  let names: Set<string> | undefined;
  let nameIsNext = false;
  let tokens = 0;
  let end = 0;
  for (let start = 0; start < text.length; start = end) {
    end = start + 1;
    const code = text.charCodeAt(start);
    if (code === QUOTE) {
      end = endOfText(text, start);
      if (nameIsNext && names !== undefined) {
        const name = foldedMember(text.slice(start, end));
        // Where a text ends at a NUL, `symbol\0` is `symbol`.
        if (names.size === MAX_NAMES || names.has(name) || name.includes('\0')) return undefined;
        names.add(name);
        nameIsNext = false;
      }
    } else if (isOfNumber(code)) {
      while (isOfNumber(text.charCodeAt(end)) || isExponent(text.charCodeAt(end))) end++;
      if (!isExactNumber(text.slice(start, end))) rounded.push({ start, end });
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      names = code === OPEN_OBJECT ? new Set() : undefined;
      open.push(names);
      nameIsNext = code === OPEN_OBJECT;
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      open.pop();
      names = open.at(-1);
      nameIsNext = false;
    } else if (code === COMMA) {
      nameIsNext = names !== undefined;
    } else {
      continue; // A space, a colon, or a letter of `true`, `false` and `null`.
    }
    if (++tokens > MAX_TOKENS) return undefined;
  }
  return rounded;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Where a text ends that begins there, behind its quotation mark. One without an end goes on to the end of all. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((end - before) % 2 === 0) return end + 1;
  }
  return text.length;
}

/** Whether a character stands in numbers: a digit, `+`, `-` or a point. */
function isOfNumber(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || code === 0x2b;
}

/** An `e`, which stands in numbers and begins none. */
function isExponent(code: number): boolean {
  return code === 0x65 || code === 0x45;
}

/** Names that are as they are written, but for the letter case. */
const PLAIN = /^"[\w.-]*"$/;

function foldedMember(token: string): string {
  return PLAIN.test(token) ? token.slice(1, -1).toLowerCase() : foldedName(JSON.parse(token) as string);
}

function withoutNumbers(text: string, spans: readonly Span[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of spans) {
    parts.push(text.slice(from, start));
    from = end;
  }
  return [...parts, text.slice(from)].join('null');
}

const INDEX = /^(?:0|[1-9]\d*)$/;

/** Resolves a JSON pointer (RFC 6901) through own properties of objects, and elements of lists. */
export function resolvePointer(root: unknown, pointer: string): unknown {
  let value = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    if (Array.isArray(value) && !INDEX.test(key)) return undefined; // A list has a length of its own, too.
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/**
 * Resolves a JSON pointer in which a `*` stands for every element of a list. Undefined when what a star stands for is
 * no list, or an empty one; an element that does not have what the pointer names is undefined in the result.
 */
export function resolveAll(root: unknown, pointer: string): unknown[] | undefined {
  const star = pointer.search(STAR);
  if (star === -1) return [resolvePointer(root, pointer)];
  const list = resolvePointer(root, pointer.slice(0, star));
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const rest = pointer.slice(star + 2);
  const all: unknown[] = [];
  for (const item of list) {
    const found = resolveAll(item, rest);
    if (found === undefined) return undefined;
    for (const value of found) all.push(value);
  }
  return all;
}

const STAR = /\/\*(?=\/|$)/;

/** Whether a pointer stands for more than one value. */
export function hasStar(pointer: string): boolean {
  return STAR.test(pointer);
}
