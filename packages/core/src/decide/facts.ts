import { queryOf, type WireRequest } from '../message.ts';
import { isDecimal } from './decimal.ts';
import { parseJson, resolvePointer } from './json.ts';
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
  const query = source.from === 'form' ? '' : queryOf(request.target);
  const form = source.from === 'query' ? '' : Buffer.from(request.body).toString('utf8');
  // The first `&` keeps a leading `?`, which URLSearchParams would drop: it belongs to the first name.
  const values = new URLSearchParams(`&${query}&${form}`).getAll(source.at);
  return values.length === 1 ? values[0] : undefined;
}
