import { isSafeMethod, pathOf, queryOf, type WireRequest } from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import type { Alternative } from './dialect.ts';

/** Whether a request has a query that may have been signed in another spelling: see {@link queryAlternatives}. */
export function mayBeSpeltOtherwise({ method, target, body }: WireRequest): boolean {
  return body.length === 0 && isSafeMethod(method) && target.includes('?');
}

/**
 * Lists the other spellings of a query that clients are known to sign while they send the encoded one:
 * percent-decoded, percent-decoded with `+` for a space, and as `encodeURIComponent` writes it.
 *
 * Decoding is not injective: `a=1&b=2` and `a=1%26b%3D2` decode alike and would share a signature. So there
 * is no other spelling when a decoded name or value holds `&`, `=`, `#`, `%` or a control character. And there
 * is none for a request that has a body, or whose method could have had one: a signed `?x=1` and `{"a":1}`
 * could otherwise be sent as `?x=1%7B%22a%22:1%7D` and no body.
 *
 * @param prehashOf puts the prehash together around a target
 */
export function queryAlternatives(
  request: WireRequest,
  prehashOf: (target: string) => Prehash,
): readonly Alternative[] {
  if (!mayBeSpeltOtherwise(request)) return [];
  const query = queryOf(request.target);
  const alternatives: Alternative[] = [];
  const seen = new Set([query]);
  const offer = (form: Alternative['form'], text: string | undefined) => {
    if (text === undefined || seen.has(text)) return;
    seen.add(text);
    alternatives.push({ form, prehash: prehashOf(`${pathOf(request.target)}?${text}`) });
  };
  offer('decoded', rewrite(query, decode));
  offer('decoded-plus', rewrite(query, decodePlus));
  offer(
    'encoded',
    rewrite(query, (part) => encodeURIComponent(decodePlus(part))),
  );
  return alternatives;
}

const AMBIGUOUS = /[&=#%\p{Cc}]/u;

function decode(part: string): string {
  return decodeURIComponent(part);
}

function decodePlus(part: string): string {
  return decodeURIComponent(part.replaceAll('+', ' '));
}

/** Rewrites each name and value; undefined when one of them would be ambiguous once decoded. */
function rewrite(query: string, spell: (part: string) => string): string | undefined {
  const pairs: string[] = [];
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const value = equals === -1 ? '' : pair.slice(equals + 1);
    try {
      if (AMBIGUOUS.test(decodePlus(name)) || AMBIGUOUS.test(decodePlus(value))) return undefined;
      pairs.push(spell(name) + (equals === -1 ? '' : `=${spell(value)}`));
    } catch {
      return undefined; // Not valid percent-encoded UTF-8, so nobody decoded it.
    }
  }
  return pairs.join('&');
}
