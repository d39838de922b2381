import { foldedName } from '../folded-name.ts';

/** Parses JSON. Undefined when it is none, is not UTF-8, or has an object with the same name twice, in any case. */
export function parseJson(json: Uint8Array | string): unknown {
  try {
    const text = typeof json === 'string' ? json : new TextDecoder('utf-8', { fatal: true }).decode(json);
    const value: unknown = JSON.parse(text);
    return repeatsName(text) ? undefined : value;
  } catch {
    return undefined; // No JSON, nothing to read from it.
  }
}

const JSON_TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

/**
 * Whether an object in a JSON text has the same name twice. `JSON.parse` keeps the last value, another parser
 * behind us the first, or one that differs in letter case alone: such a body has no facts that all agree on. The text
 * must be valid JSON.
 */
function repeatsName(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  let nameIsNext = false;
  for (const [token] of text.matchAll(JSON_TOKEN)) {
    const names = open.at(-1);
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : undefined);
      nameIsNext = token === '{';
    } else if (token === '}' || token === ']') {
      open.pop();
      nameIsNext = false;
    } else if (token === ',') {
      nameIsNext = names !== undefined;
    } else if (nameIsNext && names !== undefined) {
      const name = foldedName(JSON.parse(token) as string);
      if (names.has(name)) return true;
      names.add(name);
      nameIsNext = false;
    }
  }
  return false;
}

/** Resolves a JSON pointer (RFC 6901) through own properties only. */
export function resolvePointer(root: unknown, pointer: string): unknown {
  let value = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
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
