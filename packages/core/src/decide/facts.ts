import { queryOf, type WireRequest } from '../message.ts';
import { isDecimal } from './decimal.ts';
import type { FactSource, Facts } from './manifest.ts';

/**
 * Reads a request's facts. A fact that is missing, ill-typed, or stands twice is left out, and a constraint
 * that needs it then denies. Called after authentication only, so the bytes are the customer's own.
 */
export function readFacts(sources: readonly FactSource[], request: WireRequest): Facts {
  const facts: Record<string, string> = Object.create(null);
  let json: unknown;
  let jsonIsRead = false;
  for (const source of sources) {
    if (source.from === 'json' && !jsonIsRead) {
      json = parseJson(request.body);
      jsonIsRead = true;
    }
    const value = source.from === 'json' ? resolvePointer(json, source.at) : field(source, request);
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string') continue;
    if (source.type === 'decimal' && !isDecimal(text)) continue;
    facts[source.name] = text;
  }
  return facts;
}

function field(source: FactSource, request: WireRequest): string | undefined {
  const text = source.from === 'query' ? queryOf(request.target) : Buffer.from(request.body).toString('utf8');
  // The `&` keeps a leading `?`, which URLSearchParams would drop: it belongs to the first name.
  const values = new URLSearchParams(`&${text}`).getAll(source.at);
  return values.length === 1 ? values[0] : undefined;
}

function parseJson(body: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const json: unknown = JSON.parse(text);
    return repeatsName(text) ? undefined : json;
  } catch {
    return undefined; // No JSON, no facts.
  }
}

const JSON_TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

/**
 * Whether an object in a JSON text has the same name twice. `JSON.parse` keeps the last value, another parser
 * behind us the first: such a body has no facts that both agree on. The text must be valid JSON.
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
      const name = JSON.parse(token) as string;
      if (names.has(name)) return true;
      names.add(name);
      nameIsNext = false;
    }
  }
  return false;
}

/** Resolves a JSON pointer (RFC 6901) through own properties only. */
function resolvePointer(root: unknown, pointer: string): unknown {
  let value = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
