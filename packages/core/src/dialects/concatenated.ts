import { type ClaimPart, type Denial, denial } from '../denial.ts';
import {
  hasHeader,
  headerName,
  isSafeMethod,
  pathOf,
  queryOf,
  REPEATED,
  singleHeaders,
  type WireRequest,
} from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import type { Alternative, Claim, Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { faultInProofHeaders, type ProofHeader } from './proof-headers.ts';
import { mayBeSpeltOtherwise, queryAlternatives, spellingsWithoutPlus } from './query-forms.ts';

/** What differs between the dialects that sign `timestamp + METHOD + path[?query] + body`. */
interface Concatenated
  extends Pick<
    Dialect,
    'name' | 'schemes' | 'window' | 'timestampUnit' | 'webSocket' | 'rateLimitHeaders' | 'refuse'
  > {
  /** Header names as documented; matched without regard to case. */
  readonly headers: Readonly<Record<ClaimPart, string>>;
  /** Ms since 1970, or undefined when the text is no timestamp of this dialect. */
  readonly readTimestamp: (text: string) => number | undefined;
  readonly writeTimestamp: (ms: number) => string;
  /** The header that names the version of a key. Absent: there is none, and the passphrase is sent as it is. */
  readonly keyVersion?: KeyVersion | undefined;
  /** Whether a `?` at the end of a target, with nothing behind it, is sent and not signed. */
  readonly omitsBareMark?: boolean | undefined;
  /** A method that comes with a query or with a body, never with both. Its queries may be spelt otherwise, too. */
  readonly queryOrBody?: string | undefined;
}

/** The versions of a key, by what stands in their header: they differ in how the passphrase is sent. */
export interface KeyVersion {
  readonly header: string;
  /** Whether the passphrase is sent as base64 of its HMAC-SHA256 under the secret. */
  readonly signsPassphrase: ReadonlyMap<string, boolean>;
  /** That of a request without the header. */
  readonly absent: string;
  /** That which our own signer writes. */
  readonly written: string;
}

/**
 * Makes a dialect of the family that began with Coinbase Exchange: four headers, and a signature over
 * timestamp, method, target and body put together without separators.
 *
 * Without separators, `?x=1` + `{"a":1}` reads like `?x=1{"a":1}` and an empty body. So a read-only request
 * with a body is refused, and the decoded spellings of a query are tried for read-only requests alone: no raw
 * target holds a `"`, so that a JSON object cannot be moved into the query of a POST.
 *
 * The method `queryOrBody` has no such border: with a body there is no query to move it to, and with a query no body
 * to move it from. A decoded `+` is not tried there, as it is a plus in one spelling and a space in another.
 */
export function concatenated(differences: Concatenated): Dialect {
  const { headers, schemes, readTimestamp, writeTimestamp, keyVersion, omitsBareMark, queryOrBody } =
    differences;
  const proof = PARTS.map((part): ProofHeader => ({ ...headerName(headers[part]), part }));
  const [keyName, signatureName] = proof as [ProofHeader, ProofHeader];
  const names = keyVersion === undefined ? proof : [...proof, headerName(keyVersion.header)];

  function read(request: WireRequest): Claim | Denial {
    const values = singleHeaders(request.headers, names);
    const fault = faultInProofHeaders(proof, values);
    if (fault !== undefined) return fault;
    const [keyId, signature, timestamp, passphrase] = values as [string, string, string, string];
    const passphraseIsSigned = keyVersion && signsPassphrase(keyVersion, values[PARTS.length]);
    if (typeof passphraseIsSigned === 'object') return passphraseIsSigned;
    const timestampMs = readTimestamp(timestamp);
    if (timestampMs === undefined) {
      const unit = differences.timestampUnit;
      return denial('timestamp_invalid', `${headers.timestamp} is not a timestamp in ${unit}.`, {
        part: 'timestamp',
      });
    }
    const faultOfForm = faultInForm(request);
    if (faultOfForm !== undefined) return faultOfForm;
    return {
      ok: true,
      keyId,
      signature,
      passphrase,
      passphraseIsSigned,
      timestampMs,
      prehash: prehash(timestamp, request.method, signedTarget(request.target), request.body),
      alternatives: alternativesOf(request, timestamp),
    };
  }

  function faultInForm({ method, target, body }: WireRequest): Denial | undefined {
    if (body.length === 0) return undefined;
    if (isSafeMethod(method)) {
      return denial('malformed_request', `A ${method} request of this dialect has no body.`);
    }
    return method === queryOrBody && target.includes('?')
      ? denial('malformed_request', `A ${method} request of this dialect has a query or a body, not both.`)
      : undefined;
  }

  function signedTarget(target: string): string {
    return omitsBareMark && target.indexOf('?') === target.length - 1 ? target.slice(0, -1) : target;
  }

  /** The closures are made apart from `read`, so that a request without a query pays for none. */
  function alternativesOf(request: WireRequest, timestamp: string): Claim['alternatives'] {
    if (mayBeSpeltOtherwise(request)) return spellings(request, timestamp);
    return request.method === queryOrBody && request.target.includes('?')
      ? changingSpellings(request, timestamp)
      : undefined;
  }

  function sign(request: WireRequest, key: SigningKey, context: SigningContext): SignedRequest {
    const use = schemes[key.kind];
    if (use === undefined) throw new TypeError(`${differences.name} has no scheme for kind ${key.kind}`);
    const { method, target, body } = request;
    const timestamp = writeTimestamp(context.nowMs);
    const plain = key.passphrase ?? '';
    const isSigned = keyVersion?.signsPassphrase.get(keyVersion.written) === true;
    const added = {
      [headers.key]: key.keyId,
      [headers.signature]: key.sign(use, prehash(timestamp, method, signedTarget(target), body)),
      [headers.timestamp]: timestamp,
      [headers.passphrase]: isSigned ? key.sign(use, [plain]) : plain,
      ...(keyVersion === undefined ? {} : { [keyVersion.header]: keyVersion.written }),
    };
    return { target, headers: added, body };
  }

  return {
    ...differences,
    hasPassphrase: true,
    passphraseHeader: headers.passphrase.toLowerCase(),
    securityHeaders: names.map(({ lower }) => lower),
    replay: { kind: 'signature' },
    uncovered: ['host'],
    recognises: (request) => hasHeader(request.headers, keyName) || hasHeader(request.headers, signatureName),
    read,
    sign,
  };
}

function signsPassphrase(
  { header, signsPassphrase, absent }: KeyVersion,
  version: string | undefined | typeof REPEATED,
): boolean | Denial {
  if (version === REPEATED) return denial('malformed_request', `${header} occurs twice.`);
  return (
    signsPassphrase.get(version ?? absent) ??
    denial('malformed_request', `${header} names a version that does not exist.`)
  );
}

function spellings(request: WireRequest, timestamp: string): () => readonly Alternative[] {
  return () =>
    queryAlternatives(request, (target) => prehash(timestamp, request.method, target, request.body));
}

function changingSpellings(
  { method, target, body }: WireRequest,
  timestamp: string,
): () => readonly Alternative[] {
  return () =>
    spellingsWithoutPlus(queryOf(target)).map(({ form, text }) => ({
      form,
      prehash: prehash(timestamp, method, `${pathOf(target)}?${text}`, body),
    }));
}

const PARTS: readonly ClaimPart[] = ['key', 'signature', 'timestamp', 'passphrase'];

function prehash(timestamp: string, method: string, target: string, body: Uint8Array): Prehash {
  const head = timestamp + method + target;
  return body.length === 0 ? [head] : [head, body];
}
