import { type Denial, denial } from '../denial.ts';
import {
  type HeaderName,
  hasHeader,
  headerName,
  REPEATED,
  singleHeader,
  singleHeaders,
  type WireRequest,
} from '../message.ts';
import {
  isDenial,
  openParts,
  type PrehashPart,
  prehashMaker,
  type TimestampUnit,
} from './described-prehash.ts';
import { type DescribedRefusal, describedRefusal } from './described-refusal.ts';
import type {
  Claim,
  Dialect,
  ReadContext,
  SignedRequest,
  SigningContext,
  SigningKey,
  Window,
} from './dialect.ts';
import { problemAnswer } from './problem.ts';
import { faultInProofHeaders, type ProofHeader } from './proof-headers.ts';
import {
  readIsoInstant,
  readMilliseconds,
  readSeconds,
  writeIsoInstant,
  writeSeconds,
} from './timestamps.ts';

/** A dialect as data: what an operator says of their own. */
export interface DialectDescription {
  /** A token of HTTP: it is the scheme of the `WWW-Authenticate` challenge too. */
  readonly name: string;
  /** Header names, as clients usually write them. */
  readonly headers: DescribedHeaders;
  readonly timestampUnit: TimestampUnit;
  readonly window: Window;
  readonly prehash: readonly PrehashPart[];
  readonly schemes: Dialect['schemes'];
  /** Absent: problem details (RFC 9457). */
  readonly refusal?: DescribedRefusal | undefined;
}

export interface DescribedHeaders {
  readonly key: string;
  readonly signature: string;
  readonly timestamp: string;
  readonly passphrase?: string | undefined;
  readonly nonce?: string | undefined;
}

/**
 * Makes a dialect from a description: a proof in headers, over a prehash of known parts.
 *
 * With a nonce, each nonce is used once; without, each signature. It does not check that the description is a safe
 * one (`ambiguitiesIn` and `openParts` tell): who reads descriptions does, before any request is read with them.
 */
export function describedDialect(description: DialectDescription): Dialect {
  const { name, headers, schemes, timestampUnit, prehash, refusal } = description;
  const names = proofHeadersOf(headers);
  const nonceIndex = names.findIndex(({ part }) => part === undefined);
  const passphraseIndex = names.findIndex(({ part }) => part === 'passphrase');
  const [keyName, signatureName] = names as [HeaderName, HeaderName];
  const timestamps = TIMESTAMPS[timestampUnit];
  const makePrehash = prehashMaker(prehash);

  function read(request: WireRequest, context: ReadContext = {}): Claim | Denial {
    const values = singleHeaders(request.headers, names);
    const fault = faultInProofHeaders(names, values);
    if (fault !== undefined) return fault;
    const [keyId, signature, timestamp] = values as [string, string, string];
    const timestampMs = timestamps.read(timestamp);
    if (timestampMs === undefined) {
      return denial('timestamp_invalid', `${headers.timestamp} is not a timestamp in ${timestampUnit}.`, {
        part: 'timestamp',
      });
    }
    const nonce = values[nonceIndex] as string | undefined;
    const host = hostOf(request, context);
    const made = makePrehash(request, { timestamp, key: keyId, nonce, host });
    if (isDenial(made)) return made;
    const passphrase = values[passphraseIndex] as string | undefined;
    return { ok: true, keyId, signature, passphrase, timestampMs, nonce, prehash: made };
  }

  function sign(request: WireRequest, key: SigningKey, context: SigningContext): SignedRequest {
    const use = schemes[key.kind];
    if (use === undefined) throw new TypeError(`${name} has no scheme for kind ${key.kind}`);
    const timestamp = timestamps.write(context.nowMs);
    const { nonce } = context;
    const made = makePrehash(request, { timestamp, key: key.keyId, nonce, host: hostOf(request, context) });
    if (isDenial(made)) throw new TypeError(`${name} cannot sign this request: ${made.detail}`);
    const added: Record<string, string> = {
      [headers.key]: key.keyId,
      [headers.signature]: key.sign(use, made),
      [headers.timestamp]: timestamp,
    };
    if (headers.passphrase !== undefined) added[headers.passphrase] = key.passphrase ?? '';
    if (headers.nonce !== undefined) added[headers.nonce] = nonce;
    return { target: request.target, headers: added, body: request.body };
  }

  return {
    name,
    schemes,
    hasPassphrase: headers.passphrase !== undefined,
    passphraseHeader: headers.passphrase?.toLowerCase(),
    securityHeaders: names.map(({ lower }) => lower),
    window: description.window,
    timestampUnit,
    replay: { kind: headers.nonce === undefined ? 'signature' : 'nonce' },
    uncovered: openParts(prehash),
    recognises: (request) => hasHeader(request.headers, keyName) || hasHeader(request.headers, signatureName),
    read,
    sign,
    refuse: (denied, context) =>
      refusal === undefined
        ? problemAnswer(denied, context, `${name} realm="countersign"`)
        : describedRefusal(refusal, denied, context),
  };
}

/** The three that every description has, in this order, and those that it may have. */
function proofHeadersOf({ key, signature, timestamp, passphrase, nonce }: DescribedHeaders): ProofHeader[] {
  const names: ProofHeader[] = [
    { ...headerName(key), part: 'key' },
    { ...headerName(signature), part: 'signature' },
    { ...headerName(timestamp), part: 'timestamp' },
  ];
  if (passphrase !== undefined) names.push({ ...headerName(passphrase), part: 'passphrase' });
  if (nonce !== undefined) names.push(headerName(nonce));
  return names;
}

const TIMESTAMPS: Readonly<
  Record<TimestampUnit, { read: (text: string) => number | undefined; write: (ms: number) => string }>
> = {
  ms: { read: readMilliseconds, write: String },
  // Whole ones: a point is what many put behind a timestamp.
  seconds: { read: (text) => (text.includes('.') ? undefined : readSeconds(text)), write: writeSeconds },
  'ISO 8601': { read: readIsoInstant, write: writeIsoInstant },
};

function hostOf({ headers }: WireRequest, { publicHost }: ReadContext): string | undefined {
  if (publicHost !== undefined) return publicHost;
  const host = singleHeader(headers, 'host');
  return host === REPEATED ? undefined : host;
}
