import { hash } from 'node:crypto';
import { type Denial, denial } from '../denial.ts';
import { allHeaders, pathOf, queryOf, REPEATED, singleHeader, type WireRequest } from '../message.ts';
import type { Claim, Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { problemAnswer } from './problem.ts';
import {
  type BareItem,
  type InnerList,
  type Item,
  type Parameters,
  parseDictionary,
  serialiseInnerList,
  serialiseItem,
  serialiseParameters,
} from './structured-fields.ts';

const LABEL = 'sig1';
const MAX_NONCE = 128;
const MAX_KEY_ID = 256;
const MAX_DETAIL = 300;
const NO_PARAMETERS: Parameters = new Map();

/**
 * HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530), for requests.
 *
 * What a signature must have here goes beyond the standard's baseline (section 3.2.1): one signature and no
 * more; `keyid`, `created` and `nonce`; and it covers the method, the whole target, and the digest of a body,
 * which is compared with the body. `@request-target`, `@path` and `@query` leave the host open: a client that
 * talks to more than one host covers `@target-uri` or `@authority`.
 *
 * Not supported, and refused: component parameters other than the `name` of `@query-param`, trailers, and
 * signatures of responses.
 */
export const rfc9421: Dialect = {
  name: 'rfc9421',
  schemes: {
    hmac: { scheme: 'hmac-sha256', encoding: 'base64' },
    ed25519: { scheme: 'ed25519', encoding: 'base64' },
    p256: { scheme: 'ecdsa-p256-sha256', encoding: 'base64' },
    rsa: { scheme: 'rsa-pss-sha512', encoding: 'base64' },
  },
  hasPassphrase: false,
  securityHeaders: ['signature', 'signature-input'],
  window: { pastMs: 60_000, futureMs: 60_000 },
  timestampUnit: 'seconds',
  replay: { kind: 'nonce' },
  // A client may cover the host, and need not.
  uncovered: ['host'],

  recognises: ({ headers }) =>
    singleHeader(headers, 'signature-input') !== undefined ||
    singleHeader(headers, 'signature') !== undefined,

  read(request) {
    const signed = readSignature(request);
    if (!signed.ok) return signed;
    const { covered, signature } = signed;
    const terms = readTerms(covered.params);
    if (!terms.ok) return terms;
    const gap = gapInCoverage(request, covered);
    if (gap !== undefined) return denial('malformed_request', `The signature does not cover ${gap}.`);
    const base = signatureBase(request, covered);
    if (typeof base !== 'string') return base;
    // Last, because it reads the whole body.
    const fault = faultInContentDigest(request, covers(covered, 'content-digest'));
    return fault ?? { ...terms, signature, prehash: [base] };
  },

  // No Accept-Signature: it names an exact set of components, and the right one depends on the next request.
  refuse: (refusal, context) => problemAnswer(refusal, context, 'Signature realm="countersign"'),

  sign,
};

/** A signature with what it covers, and the parameters of Signature-Input. */
interface Signed {
  readonly ok: true;
  readonly covered: InnerList;
  /** Padded standard base64. */
  readonly signature: string;
}

/** Reads the one signature of a request (RFC 9421 sections 4.1 and 4.2). */
function readSignature(request: WireRequest): Signed | Denial {
  const input = readField(request, 'Signature-Input', 'key');
  if (!input.ok) return input;
  const signatures = readField(request, 'Signature', 'signature');
  if (!signatures.ok) return signatures;
  const [label, covered] = [...input.members][0] as [string, Item | InnerList];
  const signature = signatures.members.get(label);
  if (signature === undefined) {
    return malformed('Signature and Signature-Input do not have the same label.');
  }
  if (!('items' in covered)) return malformed('The member of Signature-Input is not a list of components.');
  const value = 'value' in signature && signature.params.size === 0 ? signature.value : undefined;
  if (typeof value !== 'object' || !('base64' in value)) {
    return malformed('The member of Signature is not a byte sequence, which is base64 between colons.');
  }
  return { ok: true, covered, signature: value.base64 };
}

/** Parses a header that must occur once and hold exactly one member. */
function readField(request: WireRequest, name: 'Signature' | 'Signature-Input', part: 'key' | 'signature') {
  const text = singleHeader(request.headers, name.toLowerCase());
  if (text === REPEATED) return denial('malformed_request', `${name} occurs twice.`, { part });
  if (text === undefined) return denial('credential_missing', `${name} is missing.`, { part });
  const parsed = parseDictionary(text);
  if (!parsed.ok) return malformed(`${name} is not a dictionary of RFC 9651: ${parsed.fault}.`);
  if (parsed.members.size === 0) return denial('credential_missing', `${name} is empty.`, { part });
  if (parsed.members.size > 1) {
    return malformed(`${name} holds ${parsed.members.size} signatures; exactly one is accepted.`);
  }
  return parsed;
}

/** Reads the signature's parameters (RFC 9421 section 2.3). Unknown ones are covered, and otherwise ignored. */
function readTerms(params: Parameters): Omit<Claim, 'signature' | 'prehash'> | Denial {
  const keyId = params.get('keyid');
  if (keyId === undefined || keyId === '') {
    return denial('credential_missing', 'Signature-Input has no keyid.', { part: 'key' });
  }
  if (typeof keyId !== 'string' || keyId.length > MAX_KEY_ID) {
    return denial('malformed_request', `keyid is not a string of 1 to ${MAX_KEY_ID} characters.`, {
      part: 'key',
    });
  }
  const created = params.get('created');
  if (created === undefined) {
    return denial('malformed_request', 'Signature-Input has no created.', { part: 'timestamp' });
  }
  const expires = params.get('expires');
  if (!isInstant(created) || (expires !== undefined && !isInstant(expires))) {
    const name = isInstant(created) ? 'expires' : 'created';
    return denial('timestamp_invalid', `${name} is not a whole number of seconds since 1970.`, {
      part: 'timestamp',
    });
  }
  const nonce = params.get('nonce');
  if (nonce === undefined) return malformed('Signature-Input has no nonce.');
  if (typeof nonce !== 'string' || nonce.length === 0 || nonce.length > MAX_NONCE) {
    return malformed(`nonce is not a string of 1 to ${MAX_NONCE} characters.`);
  }
  const namedScheme = params.get('alg');
  if (namedScheme !== undefined && typeof namedScheme !== 'string') return malformed('alg is not a string.');
  const expiresMs = expires === undefined ? undefined : expires * 1000;
  return { ok: true, keyId, timestampMs: created * 1000, expiresMs, nonce, namedScheme };
}

function isInstant(value: BareItem): value is number {
  return typeof value === 'number' && value >= 0;
}

/** Names what a signature leaves open and must not, or nothing. */
function gapInCoverage(request: WireRequest, covered: InnerList): string | undefined {
  if (!covers(covered, '@method')) return '@method';
  if (!covers(covered, '@target-uri') && !covers(covered, '@request-target')) {
    if (!covers(covered, '@path')) return 'the target: @target-uri, @request-target, or @path and @query';
    const hasQuery = request.target.includes('?');
    if (hasQuery && !covers(covered, '@query')) return '@query, and the target has a query';
  }
  const hasBody = request.body.length > 0;
  return hasBody && !covers(covered, 'content-digest') ? 'content-digest, and there is a body' : undefined;
}

/** Whether a component is in the list. One with parameters counts, because {@link signatureBase} refuses it. */
function covers(covered: InnerList, name: string): boolean {
  return covered.items.some(({ value }) => value === name);
}

/**
 * Builds the signature base (RFC 9421 section 2.5): the exact text that is signed. Never throws.
 *
 * The list and its parameters are written anew from their values (section 3.2 step 7 with section 2.3), not
 * copied from the header: a proxy may have changed the spaces in Signature-Input, and the signer signed the
 * canonical form. It checks that every component exists, occurs once and can stand on one line of ASCII, and
 * not which components there are.
 */
export function signatureBase(request: WireRequest, covered: InnerList): string | Denial {
  const identifiers = new Set<string>();
  let base = '';
  let form: Form | undefined;
  const componentValue = (name: string, params: Parameters) => {
    if (!name.startsWith('@')) return fieldValue(request, name, params);
    if (name !== '@query-param') return derivedValue(request, name, params);
    form ??= formOf(request);
    return queryParameter(form, params);
  };
  for (const component of covered.items) {
    const name = component.value;
    if (typeof name !== 'string') return malformed('A covered component is not a string.');
    const identifier = serialiseItem(component);
    if (identifiers.has(identifier)) return malformed(`The signature covers ${identifier} twice.`);
    identifiers.add(identifier);
    const value = componentValue(name, component.params);
    if (typeof value !== 'string') return value;
    const line = `${identifier}: ${value}`;
    if (!ONE_LINE.test(line)) return malformed(`${identifier} holds characters that RFC 9421 cannot sign.`);
    base += `${line}\n`;
  }
  const line = `"@signature-params": (${[...identifiers].join(' ')})${serialiseParameters(covered.params)}`;
  return ONE_LINE.test(line) ? base + line : malformed('A signature parameter is not printable ASCII.');
}

const ONE_LINE = /^[\t\x20-\x7e]*$/;

/** The value of a derived component of a request, `@query-param` aside (RFC 9421 section 2.2). */
function derivedValue(request: WireRequest, name: string, params: Parameters): string | Denial {
  for (const parameter of params.keys()) return unsupportedParameter(parameter, name);
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
  for (const parameter of params.keys()) {
    if (parameter !== 'name') return unsupportedParameter(parameter, '@query-param');
  }
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
function fieldValue(request: WireRequest, name: string, params: Parameters): string | Denial {
  if (!FIELD_NAME.test(name)) return malformed(`${JSON.stringify(name)} is not a field name in lower case.`);
  for (const parameter of params.keys()) return unsupportedParameter(parameter, name);
  const values = allHeaders(request.headers, name);
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

/** The digests that are checked (RFC 9530 section 5). Others say nothing about the body: the rest are broken. */
const DIGESTS = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

/**
 * Compares a covered Content-Digest with the body's bytes, which may be none (RFC 9530 section 2). Every digest
 * of a known algorithm must match, and there must be one. Digests are not secret, so they are compared plainly.
 */
function faultInContentDigest(request: WireRequest, isCovered: boolean): Denial | undefined {
  const text = singleHeader(request.headers, 'content-digest');
  if (text === REPEATED) return malformed('Content-Digest occurs twice.');
  if (!isCovered) return undefined;
  const parsed = parseDictionary(text ?? '');
  if (!parsed.ok) return malformed(`Content-Digest is not a dictionary of RFC 9651: ${parsed.fault}.`);
  let isKnown = false;
  for (const [name, algorithm] of Object.entries(DIGESTS)) {
    const member = parsed.members.get(name);
    if (member === undefined) continue;
    if (!('value' in member) || typeof member.value !== 'object' || !('base64' in member.value)) {
      return malformed(`Content-Digest: ${name} is not a byte sequence, which is base64 between colons.`);
    }
    if (member.value.base64 !== hash(algorithm, request.body, 'base64')) {
      return denial('signature_mismatch', `The body does not match its ${name} in Content-Digest.`);
    }
    isKnown = true;
  }
  return isKnown ? undefined : malformed('Content-Digest has neither sha-256 nor sha-512.');
}

/**
 * Signs a request: adds Signature-Input, Signature and, when there is a body, Content-Digest. The request must
 * carry the Host that it is sent to. A Content-Digest that it already has is covered as it is.
 */
function sign(request: WireRequest, key: SigningKey, context: SigningContext): SignedRequest {
  const use = rfc9421.schemes[key.kind];
  if (use === undefined) throw new TypeError(`rfc9421 has no scheme for kind ${key.kind}`);
  const added: Record<string, string> = {};
  const components = ['@method', '@target-uri'];
  let signed = request;
  const digest = singleHeader(request.headers, 'content-digest');
  if (digest === REPEATED) throw new TypeError('Content-Digest occurs twice');
  if (digest !== undefined || request.body.length > 0) components.push('content-digest');
  if (digest === undefined && request.body.length > 0) {
    added['Content-Digest'] = `sha-256=:${hash('sha256', request.body, 'base64')}:`;
    signed = { ...request, headers: [...request.headers, 'Content-Digest', added['Content-Digest']] };
  }
  const covered: InnerList = {
    items: components.map((value) => ({ value, params: NO_PARAMETERS })),
    params: new Map<string, BareItem>([
      ['created', Math.floor(context.nowMs / 1000)],
      ['nonce', context.nonce],
      ['keyid', key.keyId],
    ]),
  };
  const terms = readTerms(covered.params);
  if (!terms.ok) throw new TypeError(terms.detail);
  const base = signatureBase(signed, covered);
  if (typeof base !== 'string') throw new TypeError(base.detail);
  added['Signature-Input'] = `${LABEL}=${serialiseInnerList(covered)}`;
  added.Signature = `${LABEL}=:${key.sign(use, [base])}:`;
  return { target: request.target, headers: added, body: request.body };
}

function unsupportedParameter(parameter: string, name: string): Denial {
  return malformed(`${name}: the component parameter ${parameter} is not supported here.`);
}

/** A detail may quote the name of a component, which can be as long as its header. */
function malformed(detail: string): Denial {
  return denial('malformed_request', detail.slice(0, MAX_DETAIL));
}
