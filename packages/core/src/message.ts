/**
 * A request exactly as it came off the wire. Nothing here is parsed, decoded or normalised: what a client
 * signed are bytes, and only bytes can be verified.
 */
export interface WireRequest {
  /** The method token, as sent (case matters). */
  readonly method: string;
  /** The request target in origin form, as sent: path, and `?` and query when there is one. */
  readonly target: string;
  /** Names and values in turn, in the order of the wire, as Node's `rawHeaders` gives them. */
  readonly headers: RawHeaders;
  /** The body's bytes; empty when there is none. */
  readonly body: Uint8Array;
  /** Set when the body was over a limit and was not read whole: such a request is refused. */
  readonly bodyIsTruncated?: boolean | undefined;
  /** The peer's address after trusted proxies were accounted for. Absent: unknown, and no allowlist matches. */
  readonly ip?: string | undefined;
  /** The scheme that the client used. Only dialects that sign the whole URL need it. Default `https`. */
  readonly scheme?: 'http' | 'https' | undefined;
  /**
   * A message inside the WebSocket that this request opened, for a login there. It is then what is verified, and
   * the request says where it came in.
   */
  readonly message?: string | undefined;
  /** What the server gave the client of that WebSocket to sign: random, and of this one connection. */
  readonly challenge?: string | undefined;
}

/** An answer exactly as it goes onto the wire. */
export interface WireResponse {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: Uint8Array;
}

/** Headers of one connection only (RFC 9110 section 7.6.1), and what goes with them. In lower case. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Header names and values in turn: `['Host', 'a', 'Accept', 'b']`. */
export type RawHeaders = readonly string[];

/** What {@link singleHeader} answers when a header occurs more than once. */
export const REPEATED: unique symbol = Symbol('repeated header');

/**
 * Finds the value of a header that must occur at most once.
 *
 * @param name the header's name in lower case
 * @returns the value; `undefined` when absent; {@link REPEATED} when it occurs twice, even with equal values
 */
export function singleHeader(headers: RawHeaders, name: string): string | undefined | typeof REPEATED {
  let found: string | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const candidate = headers[i] as string;
    if (candidate.length !== name.length) continue;
    if (candidate !== name && candidate.toLowerCase() !== name) continue;
    if (found !== undefined) return REPEATED;
    found = headers[i + 1] as string;
  }
  return found;
}

/** A header's name as clients usually write it, and in lower case: most are found without folding any case. */
export interface HeaderName {
  readonly usual: string;
  readonly lower: string;
}

export function headerName(usual: string): HeaderName {
  return { usual, lower: usual.toLowerCase() };
}

/** Whether a header is there at all. */
export function hasHeader(headers: RawHeaders, name: HeaderName): boolean {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (isNamed(headers[i] as string, name)) return true;
  }
  return false;
}

/**
 * Finds several headers that must each occur at most once, in one pass. Answers as {@link singleHeader} does,
 * in the order of `names`.
 */
export function singleHeaders(
  headers: RawHeaders,
  names: readonly HeaderName[],
): (string | undefined | typeof REPEATED)[] {
  const found = new Array<string | undefined | typeof REPEATED>(names.length).fill(undefined);
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const candidate = headers[i] as string;
    for (let j = 0; j < names.length; j++) {
      if (!isNamed(candidate, names[j] as HeaderName)) continue;
      found[j] = found[j] === undefined ? (headers[i + 1] as string) : REPEATED;
      break;
    }
  }
  return found;
}

function isNamed(candidate: string, { usual, lower }: HeaderName): boolean {
  if (candidate.length !== usual.length) return false;
  if (candidate === usual || candidate === lower) return true;
  // Folding takes longer than all the rest, and most names of the same length begin otherwise.
  return (candidate.charCodeAt(0) | 0x20) === lower.charCodeAt(0) && candidate.toLowerCase() === lower;
}

/** Lists every value of a header, in the order of the wire. `name` is in lower case. */
export function allHeaders(headers: RawHeaders, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if ((headers[i] as string).toLowerCase() === name) values.push(headers[i + 1] as string);
  }
  return values;
}

/** The path part of a target: everything before the first `?`. */
export function pathOf(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? target : target.slice(0, mark);
}

/** The query part of a target, without its `?`; empty when there is none. */
export function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? '' : target.slice(mark + 1);
}

/** Methods that change nothing (RFC 9110 section 9.2.1). */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

const METHOD = /^[A-Z]{1,20}$/;
const TARGET = /^\/[\x21\x24-\x7e]*$/;

/**
 * Says what is wrong with a request's first line, or nothing. A target is printable ASCII in origin form,
 * without `"` and `#`: clients percent-encode those, and a raw one is an attempt to confuse two parsers.
 * Percent-encodings must be complete, and the encoded bytes UTF-8.
 */
export function faultInRequestLine(method: string, target: string): string | undefined {
  if (!METHOD.test(method)) return 'The method must be 1 to 20 upper-case letters.';
  if (!TARGET.test(target)) return describeBadTarget(target);
  if (target.includes('%')) {
    try {
      decodeURIComponent(target);
    } catch {
      return 'The target holds a percent-encoding that is incomplete or not UTF-8.';
    }
  }
  return undefined;
}

function describeBadTarget(target: string): string {
  if (!target.startsWith('/')) return 'The target must be in origin form: a path that begins with "/".';
  const at = target.search(/[^\x21\x24-\x7e]/);
  const code = target.charCodeAt(at).toString(16).padStart(2, '0');
  return `The target holds the character 0x${code} at position ${at}, which must be percent-encoded.`;
}
