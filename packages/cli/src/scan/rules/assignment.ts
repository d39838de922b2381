/**
 * Pieces of the pattern `name = value`, in the syntax that RE2 and JavaScript have in common, so that the rules which
 * are exported are those that run here. All repetitions are bounded.
 */
export const PIECES = {
  /** What stands before the telling word of a name. */
  nameHead: '[A-Za-z0-9_.$-]{0,40}',
  nameTail: '[A-Za-z0-9_-]{0,30}',
  /** The end of a quoted name, `]`, a type, `value:` after it, and what binds a name to its value in any language. */
  binding:
    '["\'`\\\\\\]]{0,4}[ \\t]{0,8}(?:,?\\s{0,40}["\']?value["\']?[ \\t]{0,4}[:=]|:[ \\t]{0,8}[A-Za-z&*]{1,16}[ \\t]{0,8}=|[ \\t]string[ \\t]{0,8}=|=>|:=|==?|\\|\\|=?|\\?\\?=?|[:(,>]|[ \\t])[ \\t]{0,8}',
  /** A quoted value may begin on the next line: formatters break long ones there. */
  quote: '(?:\\s{0,48}[@rbuRBU]{0,2}(\\\\{0,3}["\'`]))?',
  /** Begins with a character that no binding ends with. */
  token: '([A-Za-z0-9+/][A-Za-z0-9+/=_-]{15,255})',
} as const;

/** A name and the text that it is given. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** Whether it is written as a text: in quotes, or in the query of a URL. */
  readonly isQuoted: boolean;
}

const NAME_CHARACTER = /[A-Za-z0-9_.$-]/;
/** Ends of names that hold something about a secret, and not the secret. */
const ABOUT =
  /(?:hash|digest|checksum|sha\d*|md5|fingerprint|ids?|names?|path|files?|filename|url|uri|arn|ref|reference|version|label|type|kind|length|len|size|hint|env|header|prefix|suffix|count|field|param|regex|pattern|format|algorithm|encoding|schema|error|message|description|title|placeholder|public|store|manager|provider|class|factory|issuedat|createdat|expiresat|expires)$/i;

/** `checksum/secret`, as Kubernetes notes it. */
const HASH_OF = /(?:checksum|hash|digest|sha\d{1,3})[/_.-]$/i;
/** A literal goes on in the next one: the text in which they are put together has the whole value. */
const GOES_ON = /^\\{0,3}["'`][ \t]{0,8}\s{0,64}(?:\+|\)?\.concat\()\s{0,64}\\{0,3}["'`]/;

/** Makes the pattern for names that hold one of these words. */
export function assignmentPattern(words: string, value: string = PIECES.token): RegExp {
  return new RegExp(`(?:${words})${PIECES.nameTail}${PIECES.binding}${PIECES.quote}${value}`, 'gi');
}

/**
 * Finds names that hold one of the words, with the value that each is given. A quoted value must end with its
 * quote, and an unquoted one must be the whole of the expression: calls, members and sentences are none.
 */
export function* assignments(text: string, pattern: RegExp): Iterable<Assignment> {
  for (const match of text.matchAll(pattern)) {
    const [whole, quote, value] = match as unknown as [string, string | undefined, string];
    const end = match.index + whole.length;
    if (!endsThere(text, end, quote)) continue;
    const name = nameAt(text, match.index);
    if (ABOUT.test(name) || HASH_OF.test(text.slice(Math.max(0, match.index - 12), match.index))) continue;
    const isInQuery = /[?&][\w.-]{0,40}$/.test(text.slice(Math.max(0, match.index - 41), match.index));
    yield { name, value, start: end - value.length, end, isQuoted: quote !== undefined || isInQuery };
  }
}

/** The whole name around a place in it. */
export function nameAt(text: string, at: number): string {
  let start = at;
  while (start > 0 && at - start < 60 && NAME_CHARACTER.test(text[start - 1] as string)) start--;
  let end = at;
  while (end < text.length && end - at < 60 && NAME_CHARACTER.test(text[end] as string)) end++;
  return text.slice(start, end).replace(/\.+$/, '');
}

function endsThere(text: string, end: number, quote: string | undefined): boolean {
  if (quote !== undefined) return text.startsWith(quote, end) && !GOES_ON.test(text.slice(end, end + 160));
  const next = text[end];
  return next === undefined || !/[A-Za-z0-9_.$([{*]/.test(next);
}
