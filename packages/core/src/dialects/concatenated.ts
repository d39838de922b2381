import { type ClaimPart, type Denial, denial } from '../denial.ts';
import { hasHeader, headerName, isSafeMethod, singleHeaders, type WireRequest } from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import type { Alternative, Claim, Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { faultInProofHeaders, type ProofHeader } from './proof-headers.ts';
import { mayBeSpeltOtherwise, queryAlternatives } from './query-forms.ts';

/** What differs between the dialects that sign `timestamp + METHOD + path[?query] + body`. */
interface Concatenated
  extends Pick<Dialect, 'name' | 'schemes' | 'window' | 'timestampUnit' | 'webSocket' | 'refuse'> {
  /** Header names as documented; matched without regard to case. */
  readonly headers: Readonly<Record<ClaimPart, string>>;
  /** Ms since 1970, or undefined when the text is no timestamp of this dialect. */
  readonly readTimestamp: (text: string) => number | undefined;
  readonly writeTimestamp: (ms: number) => string;
}

/**
 * Makes a dialect of the family that began with Coinbase Exchange: four headers, and a signature over
 * timestamp, method, target and body put together without separators.
 *
 * Without separators, `?x=1` + `{"a":1}` reads like `?x=1{"a":1}` and an empty body. So a read-only request
 * with a body is refused, and the decoded spellings of a query are tried for read-only requests alone: no raw
 * target holds a `"`, so that a JSON object cannot be moved into the query of a POST.
 */
export function concatenated(differences: Concatenated): Dialect {
  const { headers, schemes, readTimestamp, writeTimestamp } = differences;
  const names = PARTS.map((part): ProofHeader => ({ ...headerName(headers[part]), part }));
  const [keyName, signatureName] = names as [ProofHeader, ProofHeader];

  function read(request: WireRequest): Claim | Denial {
    const values = singleHeaders(request.headers, names);
    const fault = faultInProofHeaders(names, values);
    if (fault !== undefined) return fault;
    const [keyId, signature, timestamp, passphrase] = values as [string, string, string, string];
    const timestampMs = readTimestamp(timestamp);
    if (timestampMs === undefined) {
      const unit = differences.timestampUnit;
      return denial('timestamp_invalid', `${headers.timestamp} is not a timestamp in ${unit}.`, {
        part: 'timestamp',
      });
    }
    if (request.body.length > 0 && isSafeMethod(request.method)) {
      return denial('malformed_request', `A ${request.method} request of this dialect has no body.`);
    }
    return {
      ok: true,
      keyId,
      signature,
      passphrase,
      timestampMs,
      prehash: prehash(timestamp, request.method, request.target, request.body),
      alternatives: mayBeSpeltOtherwise(request) ? spellings(request, timestamp) : undefined,
    };
  }

  function sign(request: WireRequest, key: SigningKey, context: SigningContext): SignedRequest {
    const use = schemes[key.kind];
    if (use === undefined) throw new TypeError(`${differences.name} has no scheme for kind ${key.kind}`);
    const { method, target, body } = request;
    const timestamp = writeTimestamp(context.nowMs);
    const added = {
      [headers.key]: key.keyId,
      [headers.signature]: key.sign(use, prehash(timestamp, method, target, body)),
      [headers.timestamp]: timestamp,
      [headers.passphrase]: key.passphrase ?? '',
    };
    return { target, headers: added, body };
  }

  return {
    ...differences,
    hasPassphrase: true,
    securityHeaders: names.map(({ lower }) => lower),
    replay: { kind: 'signature' },
    uncovered: ['host'],
    recognises: (request) => hasHeader(request.headers, keyName) || hasHeader(request.headers, signatureName),
    read,
    sign,
  };
}

/** Made apart from `read`, so that a request without a query pays for no closure. */
function spellings(request: WireRequest, timestamp: string): () => readonly Alternative[] {
  return () =>
    queryAlternatives(request, (target) => prehash(timestamp, request.method, target, request.body));
}

const PARTS: readonly ClaimPart[] = ['key', 'signature', 'timestamp', 'passphrase'];

function prehash(timestamp: string, method: string, target: string, body: Uint8Array): Prehash {
  const head = timestamp + method + target;
  return body.length === 0 ? [head] : [head, body];
}
