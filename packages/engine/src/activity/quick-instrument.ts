import { type FactSource, queryOf, type Rule, type WireRequest } from '@countersign/core';

/** Reads what a request is about at a glance. Undefined: it cannot be seen that way. */
export type QuickReader = (request: WireRequest) => string | undefined;

/** Of a longer body only the beginning is looked at. */
const MAX_BODY = 4_096;
const BEGINNING = 192;
/** Room for a name and a value: where less is left, they may be cut off. */
const LONGEST = 140;
const PLAIN_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
/** Printable ASCII without what is escaped in JSON, or encoded in a query. */
const PLAIN_VALUE = /^[^"\\%+&\s\x80-\xff]{1,64}$/;

/**
 * Makes the reader for a rule that says where its instrument stands; undefined when it says nothing, or something that
 * only a full reading can follow. What a reader gives is a guess at what the full reading gives, in a tenth of the time: it
 * looks for a name, and does not see whether the rest of a body is valid.
 */
export function quickInstrument({ facts }: Rule): QuickReader | undefined {
  const source = facts.find(({ name }) => name === 'instrument');
  const place = source === undefined ? undefined : onlyPlace(source);
  if (place === undefined) return undefined;
  const { from, at } = place;
  if (from === 'constant') return () => at;
  const name = from === 'json' ? at.slice(1) : at;
  if (!PLAIN_NAME.test(name)) return undefined;
  if (from === 'json') return memberNamed(name);
  return fieldNamed(name, from);
}

function onlyPlace({ places, type }: FactSource) {
  return places.length === 1 && type === 'string' ? places[0] : undefined;
}

/**
 * A member of the object that a JSON body is. Nothing opens before it, so that it is not a member of something within. Most
 * bots write it first, so the beginning is looked at alone.
 */
function memberNamed(name: string): QuickReader {
  const needle = JSON.stringify(name);
  return ({ body }) => {
    let text = textOf(body, BEGINNING);
    let at = text.indexOf(needle);
    if (at === -1 || at > BEGINNING - LONGEST) {
      text = textOf(body, MAX_BODY);
      at = text.indexOf(needle);
    }
    if (at === -1 || !isOutside(text, at)) return undefined;
    let begin = afterBlanks(text, at + needle.length);
    if (text[begin] !== ':') return undefined;
    begin = afterBlanks(text, begin + 1);
    if (text[begin] !== '"') return undefined;
    return plain(text, begin + 1, text.indexOf('"', begin + 1));
  };
}

function isOutside(text: string, at: number): boolean {
  const object = text.indexOf('{', 1);
  const list = text.indexOf('[');
  return (object === -1 || object > at) && (list === -1 || list > at);
}

function fieldNamed(name: string, from: string): QuickReader {
  const needle = `${name}=`;
  return ({ target, body }) => {
    const isForm = from === 'form' || (from === 'parameter' && body.length > 0);
    if (isForm && (body.length > MAX_BODY || target.includes(name))) return undefined;
    const text = isForm ? textOf(body, MAX_BODY) : queryOf(target);
    const at = text.startsWith(needle) ? 0 : text.indexOf(`&${needle}`) + 1;
    if ((at === 0 && !text.startsWith(needle)) || text.indexOf(needle, at + 1) !== -1) return undefined;
    const end = text.indexOf('&', at);
    return plain(text, at + needle.length, end === -1 ? text.length : end);
  };
}

function afterBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at++;
  return at;
}

function plain(text: string, begin: number, end: number): string | undefined {
  if (end < begin || end - begin > 64) return undefined;
  const value = text.slice(begin, end);
  return PLAIN_VALUE.test(value) ? value : undefined;
}

function textOf(body: Uint8Array, most: number): string {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  return bytes.toString('latin1', 0, most);
}
