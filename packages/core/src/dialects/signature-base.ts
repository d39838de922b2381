import { type Denial, malformed } from '../denial.ts';
import {
  allHeaders,
  pathOf,
  queryOf,
  type RawHeaders,
  REPEATED,
  singleHeader,
  type WireRequest,
  type WireResponse,
} from '../message.ts';
import {
  type InnerList,
  type Item,
  type Parameters,
  serialiseItem,
  serialiseParameters,
} from './structured-fields.ts';

/** An answer, with the request that it answers: a signature over the one can cover the other. */
export interface Exchange {
  readonly request: WireRequest;
  readonly response: WireResponse;
}

/**
 * Builds the signature base (RFC 9421 section 2.5) of a request or of an answer: the exact text that is signed.
 * Never throws.
 *
 * The list and its parameters are written anew from their values (section 3.2 step 7 with section 2.3), not
 * copied from the header: a proxy may have changed the spaces in Signature-Input, and the signer signed the
 * canonical form. It checks that every component exists, occurs once and can stand on one line of ASCII, and
 * not which components there are.
 */
export function signatureBase(message: WireRequest | Exchange, covered: InnerList): string | Denial {
  const identifiers = new Set<string>();
  let base = '';
  const read = componentsOf(message);
  for (const component of covered.items) {
    const name = component.value;
    if (typeof name !== 'string') return malformed('A covered component is not a string.');
    const identifier = serialiseItem(component);
    if (identifiers.has(identifier)) return malformed(`The signature covers ${identifier} twice.`);
    identifiers.add(identifier);
    const value = read(name, component.params);
    if (typeof value !== 'string') return value;
    const line = `${identifier}: ${value}`;
    if (!ONE_LINE.test(line)) return malformed(`${identifier} holds characters that RFC 9421 cannot sign.`);
    base += `${line}\n`;
  }
  const line = `"@signature-params": (${[...identifiers].join(' ')})${serialiseParameters(covered.params)}`;
  return ONE_LINE.test(line) ? base + line : malformed('A signature parameter is not printable ASCII.');
}

/** A component without parameters, or with `req`. */
export function component(name: string, ofRequest = false): Item {
  return { value: name, params: ofRequest ? OF_REQUEST : NO_PARAMETERS };
}

const NO_PARAMETERS: Parameters = new Map();
const OF_REQUEST: Parameters = new Map([['req', true]]);

/** Whether a component is in a list. One with parameters other than `req` counts: {@link signatureBase} refuses it. */
export function covers(covered: InnerList, name: string, ofRequest = false): boolean {
  return covered.items.some(({ value, params }: Item) => value === name && params.has('req') === ofRequest);
}

const ONE_LINE = /^[\t\x20-\x7e]*$/;

/** Finds the values of components: of a request, or of an answer and, with `req`, its request (section 2.4). */
function componentsOf(
  message: WireRequest | Exchange,
): (name: string, params: Parameters) => string | Denial {
  const { request, response } = 'response' in message ? message : { request: message, response: undefined };
  let form: Form | undefined;
  return (name, params) => {
    const isOfRequest = response === undefined || params.get('req') === true;
    for (const parameter of params.keys()) {
      const isReq = parameter === 'req' && isOfRequest && response !== undefined;
      if (isReq || (parameter === 'name' && name === '@query-param')) continue;
      return malformed(`${name}: the component parameter ${parameter} is not supported here.`);
    }
    if (!isOfRequest) return componentOfResponse(response, name);
    if (!name.startsWith('@')) return fieldValue(request.headers, name);
    if (name !== '@query-param') return derivedValue(request, name);
    form ??= formOf(request);
    return queryParameter(form, params);
  };
}

function componentOfResponse({ status, headers }: WireResponse, name: string): string | Denial {
  if (name === '@status') return String(status);
  if (!name.startsWith('@')) return fieldValue(headers, name);
  return malformed(`${JSON.stringify(name)} is not a component of a response.`);
}

/** The value of a derived component of a request, `@query-param` aside (section 2.2). */
function derivedValue(request: WireRequest, name: string): string | Denial {
  switch (name) {
    case '@method':
      return request.method;
    case '@request-target':
      return request.target;
    case '@path':
      return pathOf(request.target);
    case '@query':
      // A lone "?" stands for an absent query too (section 2.2.7).
      return `?${queryOf(request.target)}`;
    case '@scheme':
      return schemeOf(request);
    case '@authority':
      return authority(request);
    case '@target-uri': {
      // Otherwise host "a" and target "b/" would read like host "ab" and target "/".
      if (!request.target.startsWith('/')) return malformed('The target is not in origin form.');
      const host = authority(request);
      return typeof host === 'string' ? `${schemeOf(request)}://${host}${request.target}` : host;
    }
    default:
      return malformed(`${JSON.stringify(name)} is not a component of a request.`);
  }
}

function schemeOf(request: WireRequest): 'http' | 'https' {
  return request.scheme ?? 'https';
}

const AUTHORITY = /^(?:[a-z0-9._~-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Host and port in lower case, without the scheme's default port (RFC 9421 section 2.2.3). */
function authority(request: WireRequest): string | Denial {
  const host = singleHeader(request.headers, 'host');
  if (host === REPEATED) return malformed('Host occurs twice.');
  if (host === undefined) return malformed('The signature covers the host, and Host is missing.');
  const lower = host.toLowerCase();
  if (!AUTHORITY.test(lower)) return malformed('Host is not a host name or address with an optional port.');
  const port = schemeOf(request) === 'https' ? ':443' : ':80';
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}

/** The value of one query parameter (RFC 9421 section 2.2.8). Refused when it is absent or occurs twice. */
function queryParameter(form: Form | undefined, params: Parameters): string | Denial {
  const name = params.get('name');
  if (typeof name !== 'string') return malformed('@query-param lacks its name.');
  if (form === undefined) return malformed('The query holds a percent-encoding that is not UTF-8.');
  const value = form.get(name);
  if (value === REPEATED)
    return malformed('A parameter that the signature covers occurs twice in the query.');
  return value ?? malformed('The query lacks a parameter that the signature covers.');
}

/** Names and values of a query's parameters, in the encoding in which they are signed. */
type Form = ReadonlyMap<string, string | typeof REPEATED>;

/**
 * Reads a query as a form (WHATWG URL section 5.1). Undefined when some part is not percent-encoded UTF-8: the
 * standard would replace what it cannot decode, and two queries would share a signature.
 */
function formOf(request: WireRequest): Form | undefined {
  const form = new Map<string, string | typeof REPEATED>();
  for (const pair of queryOf(request.target).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = reencode(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : reencode(pair.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    form.set(name, form.has(name) ? REPEATED : value);
  }
  return form;
}

/** From form encoding to the percent-encoding of section 2.2.8, which also encodes what URIs leave bare. */
function reencode(part: string): string | undefined {
  try {
    const encoded = encodeURIComponent(decodeURIComponent(part.replaceAll('+', ' ')));
    return encoded.replace(/[!'()~]/g, (bare) => `%${bare.charCodeAt(0).toString(16).toUpperCase()}`);
  } catch {
    return undefined;
  }
}

const FIELD_NAME = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/;

/** The combined value of a header field (RFC 9421 section 2.1). */
function fieldValue(headers: RawHeaders, name: string): string | Denial {
  if (!FIELD_NAME.test(name)) return malformed(`${JSON.stringify(name)} is not a field name in lower case.`);
  const values = allHeaders(headers, name);
  if (values.length === 0) return malformed(`The signature covers ${name}, and there is no such header.`);
  return values.map((value) => (value.includes('\r\n') ? unfold(value) : trim(value))).join(', ');
}

/** Joins the lines of an obsolete line folding (RFC 9112 section 5.2). Other line breaks stay, and are refused. */
function unfold(value: string): string {
  const lines = value.split('\r\n');
  const isFolded = lines.every((line, i) => i === 0 || line.startsWith(' ') || line.startsWith('\t'));
  return isFolded ? trim(lines.map(trim).join(' ')) : value;
}

/** Removes spaces and tabs at both ends. `String.trim` would remove more, and a regex could be slow. */
function trim(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (start < end && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
