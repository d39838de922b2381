import { otherSpellings } from './query-forms.ts';

/** A field of a query as it was sent. */
export interface SentField {
  readonly name: string;
  readonly value: string;
  /** The name and, if there is one, `=` and the value. */
  readonly text: string;
}

const NAME = /^[A-Za-z][A-Za-z0-9_.-]*$/;

/**
 * Lists the fields of a query, or says why it has none to list. Sorting takes away the order in which they were sent,
 * so each name may be there once, and in plain letters: one that is percent-encoded would be sorted elsewhere, or be
 * found by another parser only.
 */
export function fieldsOf(query: string): readonly SentField[] | string {
  const fields: SentField[] = [];
  const names = new Set<string>();
  for (const text of query === '' ? [] : query.split('&')) {
    const equals = text.indexOf('=');
    const name = equals === -1 ? text : text.slice(0, equals);
    if (!NAME.test(name)) return 'A name in the query is empty, or not in plain letters.';
    if (names.has(name)) return 'The query has a name twice.';
    names.add(name);
    fields.push({ name, value: equals === -1 ? '' : text.slice(equals + 1), text });
  }
  return fields;
}

/** The fields that are signed, as they were sent, in the order of their names' bytes. */
export function sortedQuery(fields: readonly SentField[]): string {
  return [...fields]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ text }) => text)
    .join('&');
}

/**
 * The query as `encodeURIComponent` writes it, where it was sent in other letters: `:` and `%3a` for `%3A`. Undefined
 * when there is no such spelling. None where there is a `+`, which is a plus to some and a space to others.
 */
export function encodedQuery(query: string): string | undefined {
  if (query.includes('+')) return undefined;
  return otherSpellings(query).find(({ form }) => form === 'encoded')?.text;
}
