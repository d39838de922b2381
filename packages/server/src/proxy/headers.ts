import { type DialectTable, HOP_BY_HOP, type RawHeaders } from '@countersign/core';
import type { Allowed } from '@countersign/engine';

const OURS = /^x-countersign-/;
/** Set anew, from the address that was verified. */
const FORWARDED = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-real-ip',
  'forwarded',
]);
/**
 * Some frameworks take the method or the path from these instead of from the request line, which alone was
 * verified and matched with a rule.
 */
const OVERRIDES = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-forwarded-uri',
  'x-forwarded-method',
  'x-forwarded-prefix',
]);

export interface ForwardedFrom {
  readonly ip: string | undefined;
  readonly scheme: 'http' | 'https';
}

/**
 * Makes the headers for the upstream, names and values in turn: without those of the connection, without the
 * proof, without anything that pretends to come from us, and with what was decided.
 */
export type UpstreamHeaders = (raw: RawHeaders, decision: Allowed, from: ForwardedFrom) => string[];

/** @param dialects those whose proofs are never passed on */
export function upstreamHeadersFor(dialects: DialectTable): UpstreamHeaders {
  const proofs = new Set(dialects.all.flatMap(({ securityHeaders }) => securityHeaders));
  // `Authorization` is the proof of some dialects; beside another one it is the upstream's business.
  const isOthers = (name: string, { dialect }: Allowed) =>
    name === 'authorization' &&
    dialect !== null &&
    dialects.named(dialect)?.securityHeaders.includes(name) === false;
  return (raw, decision, from) => {
    const isProof = (seen: string, name: string) => proofs.has(seen) && !isOthers(name, decision);
    return headersOf(raw, decision, from, isProof);
  };
}

function headersOf(
  raw: RawHeaders,
  decision: Allowed,
  from: ForwardedFrom,
  isProof: (seen: string, name: string) => boolean,
): string[] {
  const listed = listedInConnection(raw);
  const headers: string[] = [];
  let host = '';
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const lower = name.toLowerCase();
    if (lower === 'host') host = raw[i + 1] as string;
    // As it looks to an upstream that takes `_` for `-`, as those behind CGI and WSGI do.
    const seen = lower.replaceAll('_', '-');
    if (HOP_BY_HOP.has(seen) || listed.has(lower) || FORWARDED.has(seen) || OURS.test(seen)) continue;
    if (OVERRIDES.has(seen)) continue;
    if (isProof(seen, lower)) continue;
    // The body is sent whole, so its length is known and set by the client library.
    if (seen === 'content-length') continue;
    headers.push(name, raw[i + 1] as string);
  }
  headers.push(
    'x-forwarded-for',
    from.ip ?? 'unknown',
    'x-forwarded-proto',
    from.scheme,
    'x-forwarded-host',
    host,
  );
  headers.push('x-countersign-request-id', decision.requestId);
  if (decision.credential !== null) {
    const { id, accountId, environment } = decision.credential;
    headers.push('x-countersign-account', accountId, 'x-countersign-credential', id);
    headers.push('x-countersign-environment', environment);
  }
  if (decision.permission !== null) headers.push('x-countersign-permission', decision.permission);
  return headers;
}

/** Headers of an upstream's answer that go on to the client. */
export function clientHeaders(raw: RawHeaders): string[] {
  const listed = listedInConnection(raw);
  const headers: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const lower = (raw[i] as string).toLowerCase();
    if (HOP_BY_HOP.has(lower) || listed.has(lower)) continue;
    headers.push(raw[i] as string, raw[i + 1] as string);
  }
  return headers;
}

/** The same headers with others that are ours: what is there of the same names is dropped. */
export function withOurs(
  given: readonly string[],
  ours: Readonly<Record<string, string>> | undefined,
): readonly string[] {
  if (ours === undefined) return given;
  const kept = given.filter((_, i) => ours[(given[i - (i % 2)] as string).toLowerCase()] === undefined);
  return [...kept, ...Object.entries(ours).flat()];
}

const NEVER_LISTED = new Set(['host', 'content-length', 'content-type', 'authorization']);

/** Names that a `Connection` header declares hop-by-hop; not those whose loss would change the request. */
function listedInConnection(raw: RawHeaders): ReadonlySet<string> {
  const listed = new Set<string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if ((raw[i] as string).toLowerCase() !== 'connection') continue;
    for (const token of (raw[i + 1] as string).split(',')) listed.add(token.trim().toLowerCase());
  }
  for (const name of NEVER_LISTED) listed.delete(name);
  return listed;
}
