import type { ErrorCode, RouteContract } from '@countersign/contract';
import type { Fault } from '@countersign/engine';
import sjson from 'secure-json-parse';
import type { z } from 'zod';

type Read =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly detail: string;
      readonly errors?: readonly Fault[];
    };

const NOTHING: Read = { ok: true, value: undefined };

export function readParams(route: RouteContract, given: unknown): Read {
  return route.params === undefined ? NOTHING : checked(route.params, given, 'not_found');
}

export function readQuery(route: RouteContract, given: unknown): Read {
  return route.query === undefined
    ? NOTHING
    : checked(route.query, { ...(given as object) }, 'invalid_query');
}

/**
 * Reads a JSON body and checks it against the route's schema. Refuses bytes that are not UTF-8, and names
 * that would reach a prototype (`__proto__`, `constructor.prototype`).
 */
export function readBody(route: RouteContract, bytes: Buffer, contentType: string | undefined): Read {
  if (route.body === undefined) {
    return bytes.length === 0
      ? NOTHING
      : { ok: false, code: 'invalid_body', detail: 'This route takes no body.' };
  }
  if (bytes.length === 0) {
    if (route.bodyIsOptional) return checked(route.body, {}, 'invalid_body');
    return { ok: false, code: 'invalid_body', detail: 'The body is missing: send a JSON object.' };
  }
  if (!/^application\/json\s*(;|$)/i.test(contentType ?? '')) {
    return { ok: false, code: 'unsupported_media_type', detail: 'Send Content-Type: application/json.' };
  }
  let value: unknown;
  try {
    const text = UTF8.decode(bytes);
    value = SUSPICIOUS.test(text) ? sjson.parse(text) : JSON.parse(text);
  } catch (error) {
    return { ok: false, code: 'invalid_json', detail: describe(error as Error) };
  }
  return checked(route.body, value, 'invalid_body');
}

/** Reading strictly takes its time, so it is done where one of the names may occur, perhaps escaped. */
const SUSPICIOUS = /__proto__|constructor|\\u/;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Node's message quotes the text around the fault, which may be a secret: only its position is told. */
function describe(error: Error): string {
  if (error instanceof TypeError) return 'The body is not UTF-8.';
  if (/prototype/.test(error.message))
    return 'The body has a name that is not allowed: __proto__ or constructor.';
  const position = /position (\d+)/.exec(error.message)?.[1];
  return position === undefined
    ? 'The body is not valid JSON.'
    : `The body is not valid JSON at character ${position}.`;
}

/** Checks a value against a schema, and names each fault without repeating the value. */
export function checked(schema: z.ZodType, value: unknown, code: ErrorCode): Read {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const errors = parsed.error.issues.flatMap(faultsOf);
  const detail = errors
    .map(({ pointer, message }) => `${pointer === '' ? 'the whole' : pointer} ${message}`)
    .join('; ');
  return { ok: false, code, detail, errors };
}

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  const pointer = pointerOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointer + pointerOf([key.slice(0, 64)]),
      message: 'there is no such field',
    }));
  }
  return [{ pointer, message: issue.message }];
}

/** A JSON pointer (RFC 6901). */
function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
