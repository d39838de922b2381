import {
  type CredentialKind,
  type DescribedHeaders,
  DIALECTS,
  type Dialect,
  describedDialect,
  SCHEMES,
  type SchemeName,
  type SchemeUse,
  type TimestampUnit,
  type Window,
} from '@countersign/core';
import type { ManifestFields, Path } from './manifest-fields.ts';
import { checkPrehash, faultInHeaderName, readPrehash } from './own-prehash.ts';
import { readRefusal } from './own-refusal.ts';

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** What HTTP or an upstream gives a meaning of its own: as proof, it would not be passed on. */
const MEANINGFUL_HEADER = /^(?:accept|accept-.*|content-.*|cookie|date|origin|referer|user-agent)$/;
const NEEDED_HEADERS = ['key', 'signature', 'timestamp'] as const;
const UNITS = new Map<unknown, TimestampUnit>([
  ['ms', 'ms'],
  ['seconds', 'seconds'],
  ['iso', 'ISO 8601'],
]);
const KINDS: readonly CredentialKind[] = ['hmac', 'ed25519', 'rsa', 'p256'];
const ENCODINGS: readonly unknown[] = ['base64', 'base64url', 'hex'];
const KEY_FORMS: readonly unknown[] = ['utf8', 'base64'];
const MAX_WINDOW_SECONDS = 900;

export interface OwnDialects {
  /** Those with faults have a name too. */
  readonly names: readonly string[];
  readonly dialects: readonly Dialect[];
}

/**
 * Reads the dialects that an operator describes, and refuses descriptions that a forger could use. The form is in
 * `docs/dialects/described.md`.
 *
 * @param accepted names of the dialects that customers may speak; absent: all
 */
export function readOwnDialects(value: unknown, accepted: unknown, fields: ManifestFields): OwnDialects {
  const isAccepted = ({ name }: Dialect) => !Array.isArray(accepted) || accepted.includes(name);
  const dialects: Dialect[] = [];
  const described = value === undefined ? {} : fields.mapping(value, ['ownDialects']);
  for (const [name, given] of Object.entries(described)) {
    const at = ['ownDialects', name];
    if (!NAME.test(name))
      fields.fault(at, `${JSON.stringify(name)} is no name of a dialect (a-z, 0-9 and "-")`);
    if (DIALECTS.some((dialect) => dialect.name === name))
      fields.fault(at, `"${name}" is a dialect of Countersign already: take another name`);
    const others = [...DIALECTS, ...dialects].filter(isAccepted);
    dialects.push(readDialect(name, given, at, others, fields));
  }
  return { names: Object.keys(described), dialects };
}

function readDialect(
  name: string,
  value: unknown,
  at: Path,
  others: readonly Dialect[],
  fields: ManifestFields,
): Dialect {
  const known = ['headers', 'timestamp', 'prehash', 'schemes', 'uncovered', 'refusal'];
  const given = fields.mapping(value, at, known);
  const headers = readHeaders(given.headers, [...at, 'headers'], others, fields);
  const hasNonce = headers.nonce !== undefined;
  const { unit, window } = readTimestamp(given.timestamp, [...at, 'timestamp'], fields);
  const parts = readPrehash(given.prehash, [...at, 'prehash'], fields);
  const proof = Object.values(headers).map((header: string) => header.toLowerCase());
  checkPrehash({ parts, unit, hasNonce, proof, uncovered: given.uncovered, at }, fields);
  return describedDialect({
    name,
    headers,
    timestampUnit: unit,
    window,
    prehash: parts.filter((part) => part !== undefined),
    schemes: readSchemes(given.schemes, [...at, 'schemes'], hasNonce, fields),
    refusal: given.refusal === undefined ? undefined : readRefusal(given.refusal, [...at, 'refusal'], fields),
  });
}

function readHeaders(
  value: unknown,
  at: Path,
  others: readonly Dialect[],
  fields: ManifestFields,
): DescribedHeaders {
  const given = fields.mapping(value, at, [...NEEDED_HEADERS, 'passphrase', 'nonce']);
  const headers = { key: '', signature: '', timestamp: '' };
  for (const part of NEEDED_HEADERS) {
    if (given[part] === undefined) fields.fault(at, `"headers" must name the one that carries the ${part}`);
  }
  const parts = new Map<string, string>();
  for (const [part, name] of Object.entries(given)) {
    const fault = faultInHeaderName(name) ?? faultInProofHeader(name as string, parts, others);
    if (fault !== undefined) fields.fault([...at, part], fault);
    if (typeof name !== 'string') continue;
    parts.set(name.toLowerCase(), part);
    Object.assign(headers, { [part]: name });
  }
  return headers;
}

function faultInProofHeader(
  name: string,
  parts: ReadonlyMap<string, string>,
  others: readonly Dialect[],
): string | undefined {
  const lower = name.toLowerCase();
  if (MEANINGFUL_HEADER.test(lower))
    return `"${name}" has a meaning of its own, and would not reach the upstream`;
  if (parts.has(lower)) return `"${name}" carries the ${parts.get(lower)} already`;
  const other = others.find(({ securityHeaders }) => securityHeaders.includes(lower));
  if (other === undefined) return undefined;
  return `"${name}" is a header of the dialect ${other.name} too: whose request it is could not be told. Take another name, or leave ${other.name} out of "dialects"`;
}

function readTimestamp(
  value: unknown,
  at: Path,
  fields: ManifestFields,
): { unit: TimestampUnit; window: Window } {
  const given = fields.mapping(value, at, ['unit', 'pastSeconds', 'futureSeconds']);
  const unit = UNITS.get(given.unit);
  if (unit === undefined)
    fields.fault([...at, 'unit'], `"unit" must be one of ${[...UNITS.keys()].join(', ')}`);
  const [pastMs, futureMs] = ['pastSeconds', 'futureSeconds'].map((name) => {
    const seconds = given[name];
    if (Number.isInteger(seconds) && (seconds as number) >= 1 && (seconds as number) <= MAX_WINDOW_SECONDS)
      return (seconds as number) * 1000;
    fields.fault([...at, name], `"${name}" must be a whole number from 1 to ${MAX_WINDOW_SECONDS}`);
    return 0;
  }) as [number, number];
  return { unit: unit ?? 'ms', window: { pastMs, futureMs } };
}

function readSchemes(
  value: unknown,
  at: Path,
  hasNonce: boolean,
  fields: ManifestFields,
): Dialect['schemes'] {
  const given = fields.mapping(value, at, KINDS);
  const schemes: Partial<Record<CredentialKind, SchemeUse>> = {};
  for (const kind of KINDS) {
    if (given[kind] === undefined) continue;
    schemes[kind] = readSchemeUse(kind, given[kind], [...at, kind], fields);
    if (kind === 'p256' && !hasNonce) {
      fields.fault(
        [...at, kind],
        'anyone can turn one ECDSA signature into a second that fits as well, so it is no mark of a request that was used: a dialect with p256 needs a "nonce"',
      );
    }
  }
  if (Object.keys(given).length === 0) fields.fault(at, '"schemes" must name at least one kind of key');
  return schemes;
}

function readSchemeUse(kind: CredentialKind, value: unknown, at: Path, fields: ManifestFields): SchemeUse {
  const given = fields.mapping(value, at, ['scheme', 'encoding', ...(kind === 'hmac' ? ['secret'] : [])]);
  const { scheme, encoding, secret = 'utf8' } = given;
  const possible = Object.keys(SCHEMES).filter((name) => SCHEMES[name as SchemeName].kind === kind);
  if (!possible.includes(scheme as string))
    fields.fault([...at, 'scheme'], `"scheme" must be one of ${possible.join(', ')}`);
  if (!ENCODINGS.includes(encoding))
    fields.fault([...at, 'encoding'], `"encoding" must be one of ${ENCODINGS.join(', ')}`);
  if (!KEY_FORMS.includes(secret))
    fields.fault([...at, 'secret'], `"secret" must be one of ${KEY_FORMS.join(', ')}`);
  return { scheme, encoding, ...(kind === 'hmac' ? { key: secret } : {}) } as SchemeUse;
}
