import { type Attempt, type Mistake, type Variation, withBody } from './variation.ts';

/** Mistakes about the body: it must be signed byte for byte as it is sent. */
export const BODY_MISTAKES: readonly Mistake[] = [
  {
    name: 'body_empty_object',
    advice: 'An empty body is signed as nothing, and {} as {}: sign what is sent.',
    variations: (attempt) => {
      const text = textOf(attempt);
      if (text === '') return ['{}', '[]', 'null', '""'].map((body) => withBody(attempt, body));
      return /^(?:\{\s*\}|\[\s*\]|null|"")$/.test(text ?? '') ? [withBody(attempt, '')] : [];
    },
  },
  {
    name: 'body_not_signed',
    advice: 'Sign the body too, byte for byte as it is sent.',
    variations: (attempt) => (attempt.request.body.length === 0 ? [] : [withBody(attempt, '')]),
  },
  {
    name: 'body_line_end',
    advice: 'Sign the body with the line ends that are sent: a line break at its end is a byte like others.',
    variations: (attempt) => {
      const text = textOf(attempt);
      if (text === undefined || text === '') return [];
      const others = [`${text}\n`, `${text}\r\n`, text.trimEnd(), text.trim(), text.replaceAll('\r\n', '\n')];
      return others.filter((other) => other !== text).map((other) => withBody(attempt, other));
    },
  },
  {
    name: 'body_spaces',
    advice:
      'Serialise the body once, then sign and send that one text: what was signed has other white space.',
    variations: (attempt) => ifJson(attempt, (json) => SPACINGS.map((write) => write(json))),
  },
  {
    name: 'body_key_order',
    advice:
      'Serialise the body once, then sign and send that one text: what was signed has another order of names.',
    variations: (attempt) => ifJson(attempt, (json) => SPACINGS.map((write) => write(sorted(json)))),
  },
  {
    name: 'body_unicode_escapes',
    advice:
      'Serialise the body once, then sign and send that one text: what was signed writes characters outside ASCII in another way.',
    variations: (attempt) =>
      ifJson(attempt, (json) =>
        SPACINGS.flatMap((write) => [escaped(write(json)), escaped(write(json), true)]),
      ),
  },
  {
    name: 'body_encoding',
    advice: 'Sign the bytes of the body as they are sent, in UTF-8.',
    variations: ({ request }) => {
      const text = textOf({ request });
      if (text === undefined || !/\P{ASCII}/u.test(text)) return [];
      return (['latin1', 'utf16le'] as const).map((encoding) => ({
        request: { ...request, body: Buffer.from(text, encoding) },
      }));
    },
  },
];

/** How JSON is written by default: JavaScript, Python, Python with an indent, and others. */
const SPACINGS: readonly ((json: unknown) => string)[] = [
  (json) => JSON.stringify(json),
  (json) => spaced(json, ', ', ': '),
  (json) => spaced(json, ',', ': '),
  (json) => spaced(json, ', ', ':'),
  (json) => JSON.stringify(json, null, 2),
  (json) => JSON.stringify(json, null, 4),
];

function textOf({ request }: Pick<Attempt, 'request'>): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(request.body);
  } catch {
    return undefined;
  }
}

function ifJson(attempt: Attempt, others: (json: unknown) => readonly string[]): Variation[] {
  const text = textOf(attempt);
  if (text === undefined) return [];
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return [];
  }
  if (typeof json !== 'object' || json === null) return [];
  return [...new Set(others(json))]
    .filter((other) => other !== text)
    .map((other) => withBody(attempt, other));
}

function sorted(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(sorted);
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, value]) => [name, sorted(value)]));
}

/** JSON on one line, with these texts between values and after names. */
function spaced(json: unknown, comma: string, colon: string): string {
  if (Array.isArray(json)) return `[${json.map((item) => spaced(item, comma, colon)).join(comma)}]`;
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  const members = Object.entries(json).map(
    ([name, value]) => `${JSON.stringify(name)}${colon}${spaced(value, comma, colon)}`,
  );
  return `{${members.join(comma)}}`;
}

/** With everything outside ASCII as `\uXXXX`; `withSlashes`: as PHP writes it, which escapes slashes too. */
function escaped(text: string, withSlashes = false): string {
  const ascii = text.replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return withSlashes ? ascii.replaceAll('/', '\\/') : ascii;
}
