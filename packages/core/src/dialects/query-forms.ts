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
  const path = pathOf(request.target);
  return otherSpellings(queryOf(request.target)).map(({ form, text }) => ({
    form,
    prehash: prehashOf(`${path}?${text}`),
  }));
}

/** One of the spellings of a query or of a form. */
export interface Spelling {
  readonly form: Alternative['form'];
  readonly text: string;
}

/** Longer than any query that clients write. Each spelling of it is made for strangers, too. */
const MAX_LENGTH = 8192;

/**
 * Lists what else a client may have signed for a query or a form that is sent as `text`: no two are equal. None for a
 * long text, which must be signed as it is sent.
 */
export function otherSpellings(text: string): readonly Spelling[] {
  if (text.length > MAX_LENGTH) return [];
  const spellings: Spelling[] = [];
  const seen = new Set([text]);
  const offer = (form: Spelling['form'], spelling: string | undefined) => {
    if (spelling === undefined || seen.has(spelling)) return;
    seen.add(spelling);
    spellings.push({ form, text: spelling });
  };
  offer('decoded', rewrite(text, decode));
  offer('decoded-plus', rewrite(text, decodePlus));
  offer(
    'encoded',
    rewrite(text, (part) => encodeURIComponent(decodePlus(part))),
  );
  return spellings;
}

/**
 * The spellings that may stand for a query or a form of any method, in the dialects that tell the two apart: none with
 * a `+`, which is a plus in one spelling and a space in another. And none of a text beyond ASCII: there, a character of
 * a form may be one byte of several.
 */
export function spellingsWithoutPlus(text: string): readonly Spelling[] {
  if (/[^ -~]/.test(text)) return [];
  return otherSpellings(text).filter((spelling) => !spelling.text.includes('+'));
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
