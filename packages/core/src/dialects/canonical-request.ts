import { type Denial, malformed } from '../denial.ts';
import { allHeaders, pathOf, queryOf, type RawHeaders, type WireRequest } from '../message.ts';

/** What the credential's scope and `SignedHeaders` say of the canonical form. */
interface Form {
  /** S3 has a path of its own. */
  readonly service: string;
  /** In lower case, and in order. */
  readonly signedHeaders: readonly string[];
}

/**
 * Builds the canonical request of AWS Signature Version 4: method, path, query, headers, and the hash of the body.
 * Never throws, for a request whose first line is sound.
 *
 * AWS brings many spellings of a request to one canonical form. Where two spellings may mean different things to an
 * upstream, a form that stands for both would let a thief exchange them, and the request is refused: see
 * {@link canonicalPath} and {@link canonicalQuery}.
 *
 * @param payloadHash hex SHA-256 of the body's bytes
 */
export function canonicalRequest(
  { method, target, headers }: WireRequest,
  payloadHash: string,
  { service, signedHeaders }: Form,
): string | Denial {
  const path = canonicalPath(pathOf(target), service);
  if (typeof path !== 'string') return path;
  const query = target.includes('?') ? canonicalQuery(queryOf(target)) : '';
  if (typeof query !== 'string') return query;
  const lines = [method, path, query];
  for (const name of signedHeaders) {
    const value = canonicalHeader(headers, name);
    if (typeof value !== 'string') return value;
    lines.push(`${name}:${value}`);
  }
  lines.push('', signedHeaders.join(';'), payloadHash);
  return lines.join('\n');
}

const UNTIDY = /\/\/|\/\.{1,2}(?:\/|$)/;

/**
 * The path as it came, each character encoded once more; for S3, as it came. The service decides, never the request's
 * looks: `/a%20b` encoded once more is `/a%2520b` as it came.
 *
 * AWS removes empty segments and dots beforehand, except for S3. `/a/../b` would be signed like `/b`, and mean
 * something else to an upstream that does not.
 */
function canonicalPath(path: string, service: string): string | Denial {
  if (service === 's3') return path;
  if (UNTIDY.test(path)) return malformed('The path has an empty segment, or one of dots.');
  return path.replace(/[^A-Za-z0-9\-._~/]/g, percentEncoded);
}

/**
 * The fields of the query, decoded and encoded anew, in the order of their names and then of their values.
 *
 * Order is lost with that, which matters among the values of one name: they must come in ascending order. `+` means a
 * space to some and a plus to others: it must be written `%20` or `%2B`. A field must not be empty.
 */
function canonicalQuery(query: string): string | Denial {
  const fields: [name: string, value: string][] = [];
  const last = new Map<string, string>();
  for (const field of query.split('&')) {
    if (field === '') return malformed('The query has an empty field.');
    if (field.includes('+'))
      return malformed('The query holds a bare "+": write %20 for a space, %2B for a plus.');
    const equals = field.indexOf('=');
    const name = encodedAnew(equals === -1 ? field : field.slice(0, equals));
    const value = equals === -1 ? '' : encodedAnew(field.slice(equals + 1));
    if (value < (last.get(name) ?? '')) {
      return malformed('The query repeats a name, and the values are not in ascending order.');
    }
    last.set(name, value);
    fields.push([name, value]);
  }
  fields.sort(([a, x], [b, y]) => compare(a, b) || compare(x, y));
  return fields.map(([name, value]) => `${name}=${value}`).join('&');
}

/** Both are ASCII, where the order of code units is that of bytes. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function encodedAnew(part: string): string {
  return encodeURIComponent(decodeURIComponent(part)).replace(/[!'()*]/g, percentEncoded);
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

const PRINTABLE = /^[\t\x20-\x7e]*$/;

/** The values of a header, joined by commas, with runs of blanks as one space and none at the ends. */
function canonicalHeader(headers: RawHeaders, name: string): string | Denial {
  const values = allHeaders(headers, name);
  if (values.length === 0) return malformed(`The signature covers ${name}, and there is no such header.`);
  if (!values.every((value) => PRINTABLE.test(value))) {
    return malformed(`${name} holds characters other than printable ASCII.`);
  }
  return values.map((value) => value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '')).join(',');
}
