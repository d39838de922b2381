import {
  ambiguitiesIn,
  HOP_BY_HOP,
  hasWord,
  openParts,
  PREHASH_WORDS,
  type PrehashPart,
  type PrehashWord,
  type TimestampUnit,
} from '@countersign/core';
import type { ManifestFields, Path } from './manifest-fields.ts';

const TEXT = /^[\t\n\r\x20-\x7e]{1,64}$/;
const HEADER_NAME = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
/** What proxies on the way write anew, and Countersign itself. */
const REWRITTEN = /^(?:host|via|forwarded|x-forwarded-.*|x-real-ip|x-countersign-.*)$/;
const MAX_PARTS = 40;
const MAY_BE_OPEN = ['method', 'path', 'query', 'body'] as const;

/** Says what is wrong with the name of a header that a client sends and a signature depends on. */
export function faultInHeaderName(name: unknown): string | undefined {
  if (typeof name !== 'string' || !HEADER_NAME.test(name))
    return `${JSON.stringify(name)} is no name of a header (letters, digits and "-")`;
  const lower = name.toLowerCase();
  if (HOP_BY_HOP.has(lower))
    return `"${name}" is a header of one connection only: a proxy on the way drops it`;
  if (REWRITTEN.test(lower)) return `"${name}" is written anew on the way`;
  return undefined;
}

/** Reads the parts of a prehash, without asking what they come to. Undefined: one that cannot be read. */
export function readPrehash(value: unknown, at: Path, fields: ManifestFields): (PrehashPart | undefined)[] {
  const parts = fields.list(value, at);
  if (Array.isArray(value) && (parts.length === 0 || parts.length > MAX_PARTS))
    fields.fault(at, `"prehash" must have 1 to ${MAX_PARTS} parts`);
  return parts.map((part, i) => readPart(part, [...at, i], fields));
}

function readPart(value: unknown, at: Path, fields: ManifestFields): PrehashPart | undefined {
  if (typeof value === 'string') {
    if (isWord(value)) return { kind: 'word', word: value };
    if (!/[A-Za-z0-9]/.test(value)) return readText(value, at, fields);
    const words = PREHASH_WORDS.join(', ');
    fields.fault(
      at,
      `there is no part ${JSON.stringify(value)}, only ${words}; a text with letters or digits in it is written as { text: … }`,
    );
    return undefined;
  }
  const given = fields.mapping(value, at, ['header', 'text']);
  if ((given.header === undefined) === (given.text === undefined)) {
    fields.fault(at, 'a part is a word, or has either a "header" or a "text"');
    return undefined;
  }
  if (given.text !== undefined) return readText(given.text, [...at, 'text'], fields);
  const fault = faultInHeaderName(given.header);
  if (fault === undefined) return { kind: 'header', name: (given.header as string).toLowerCase() };
  fields.fault(
    [...at, 'header'],
    /^host$/i.test(String(given.header)) ? 'the host is the part "host"' : fault,
  );
  return undefined;
}

function readText(value: unknown, at: Path, fields: ManifestFields): PrehashPart | undefined {
  if (typeof value === 'string' && TEXT.test(value)) return { kind: 'text', text: value };
  fields.fault(at, 'a text is 1 to 64 characters of ASCII');
  return undefined;
}

function isWord(text: string): text is PrehashWord {
  return (PREHASH_WORDS as readonly string[]).includes(text);
}

/** What a prehash is judged by. */
export interface PrehashQuestion {
  readonly parts: readonly (PrehashPart | undefined)[];
  readonly unit: TimestampUnit;
  readonly hasNonce: boolean;
  /** The headers that carry the proof, in lower case. */
  readonly proof: readonly string[];
  /** What the operator lists as left open. */
  readonly uncovered: unknown;
  /** The dialect's own place. */
  readonly at: Path;
}

/** Says in what a prehash is unsafe: each is a way to make another request out of a captured one. */
export function checkPrehash(
  { parts, unit, hasNonce, proof, uncovered, at }: PrehashQuestion,
  fields: ManifestFields,
) {
  const prehash = parts.filter((part) => part !== undefined);
  if (parts.length === 0) return;
  const place = [...at, 'prehash'];
  if (!hasWord(prehash, 'timestamp')) {
    fields.fault(
      place,
      '"timestamp" must be in the prehash: else it could be changed, and a captured request be fresh for ever',
    );
  }
  if (hasWord(prehash, 'nonce') !== hasNonce) {
    fields.fault(
      place,
      hasNonce
        ? '"nonce" must be in the prehash, as there is a header for it: else it could be changed, and a captured request be used again'
        : 'the prehash has a "nonce", for which "headers" has no name',
    );
  }
  checkCoverage(prehash, uncovered, at, fields);
  // What a part is that cannot be read, nobody knows: nor what it may be confused with.
  if (prehash.length < parts.length) return;
  for (const [i, part] of prehash.entries()) {
    if (part.kind !== 'header' || !proof.includes(part.name)) continue;
    fields.fault(
      [...place, i],
      `the header "${part.name}" carries the proof: the parts key, timestamp and nonce stand for it`,
    );
  }
  for (const { part, next, character } of ambiguitiesIn(prehash, unit)) {
    const [first, second] = [prehash[part], prehash[next]].map((of) => nameOf(of as PrehashPart));
    fields.fault(
      [...place, part],
      `nothing shows where ${first} ends and ${second} begins, as both can hold ${JSON.stringify(character)}: what is moved over the border makes another request with the same signature. Put a text between them that ${first} cannot hold, such as "\\n"`,
    );
  }
}

function checkCoverage(
  prehash: readonly PrehashPart[],
  uncovered: unknown,
  at: Path,
  fields: ManifestFields,
): void {
  const listed = uncovered === undefined ? [] : fields.list(uncovered, [...at, 'uncovered']);
  const open = openParts(prehash);
  for (const part of MAY_BE_OPEN) {
    if (!open.includes(part) || listed.includes(part)) continue;
    fields.fault(
      [...at, 'prehash'],
      `the ${part} is not in the prehash: a captured request that did not arrive could be sent with another. Put it in, or list it under "uncovered"`,
    );
  }
  for (const [i, part] of listed.entries()) {
    const place = [...at, 'uncovered', i];
    if (!(MAY_BE_OPEN as readonly unknown[]).includes(part)) {
      fields.fault(place, `${JSON.stringify(part)} is not one of ${MAY_BE_OPEN.join(', ')}`);
    } else if (listed.indexOf(part) !== i) fields.fault(place, `"${part}" is listed twice`);
    else if (!(open as unknown[]).includes(part)) fields.fault(place, `the prehash covers the ${part}`);
  }
}

function nameOf(part: PrehashPart): string {
  if (part.kind === 'word') return `"${part.word}"`;
  return part.kind === 'header' ? `the header "${part.name}"` : `the text ${JSON.stringify(part.text)}`;
}
