import { HOP_BY_HOP } from '@countersign/core';
import { CountersignError } from './errors.ts';

/** A request before it is signed: everything known, nothing streamed. */
export interface Call {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** Given for a request: headers in any form that `fetch` takes. */
export type HeadersInput = NonNullable<ConstructorParameters<typeof Headers>[0]>;

const METHOD = /^[A-Z]{1,20}$/;

/**
 * Puts a request together, and refuses what the client sets itself: the proof, `Host`, and headers of one connection.
 *
 * A body without a type gets one, where it begins like JSON or like a form.
 *
 * @param securityHeaders the dialect's, in lower case
 * @throws {@link CountersignError} `request_invalid`
 */
export function makeCall(
  method: string,
  url: URL,
  given: HeadersInput | undefined,
  body: Uint8Array,
  securityHeaders: readonly string[],
): Call {
  const upper = method.toUpperCase();
  if (!METHOD.test(upper)) throw invalid('The method is no word of letters.');
  const headers = readHeaders(given);
  headers.delete('content-length');
  for (const name of headers.keys()) {
    if (name === 'host' || HOP_BY_HOP.has(name))
      throw invalid(`The header ${name} belongs to the connection, and cannot be given.`);
    if (securityHeaders.includes(name))
      throw invalid(`The header ${name} carries the proof, and cannot be given.`);
  }
  const type = headers.has('content-type') ? undefined : typeOf(body);
  if (type !== undefined) headers.set('content-type', type);
  return { method: upper, url, headers: [...headers], body };
}

/** What a body looks like, where it looks like anything: JSON, or a form. */
export function typeOf(body: Uint8Array): string | undefined {
  const [first] = body;
  if (first === 0x7b || first === 0x5b) return 'application/json';
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 64)).toString('latin1');
  return /^[\w.%[\]-]+=/.test(start) ? 'application/x-www-form-urlencoded' : undefined;
}

function readHeaders(given: HeadersInput | undefined): Headers {
  try {
    return new Headers(given);
  } catch {
    // What is thrown quotes the value.
    throw invalid('A header has a name or a value that cannot be sent.');
  }
}

function invalid(message: string): CountersignError {
  return new CountersignError('request_invalid', message);
}
