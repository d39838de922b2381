import { type ClaimPart, type Denial, denial } from '../denial.ts';
import {
  hasHeader,
  headerName,
  isSafeMethod,
  pathOf,
  queryOf,
  REPEATED,
  singleHeader,
  type WireRequest,
} from '../message.ts';
import { faultInSize } from './body-size.ts';
import type { Claim, Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { coveredBy, findProof, hasParameter, parametersOf, plainSignature } from './proof-parameters.ts';
import { DEFAULT_WINDOW, readRecvWindow } from './recv-window.ts';

/** What differs between the dialects that sign their parameters, and nothing else. */
interface SignedParameters
  extends Pick<Dialect, 'name' | 'schemes' | 'refuse' | 'webSocket' | 'rateLimitHeaders'> {
  /** The header of the key, as documented; matched without regard to case. */
  readonly keyHeader: string;
  /** Ms since 1970, or undefined when the text is no timestamp of this dialect. */
  readonly readTimestamp: (text: string) => number | undefined;
  /**
   * A parameter that no request has, because the messages inside a WebSocket have it, and are signed alike: without
   * this, the one could be sent as the other.
   */
  readonly messageParameter?: string | undefined;
}

const MAX_KEY = 512;
const MAX_SIGNATURE = 2048;

/**
 * Makes a dialect of the family that began with Binance: the key in a header, and `timestamp`, `recvWindow` and
 * `signature` among the parameters, in the query or in a form in the body. What is signed is the query and the body,
 * one after the other without a separator, less the `signature` and the `&` that joins it to the others.
 *
 * Without a separator, `?a=1` and the body `&b=2` read like `?a=1&b=2`. The parameters therefore stand in one of the
 * two: once the signature is taken out, the other is empty. In which of them they stand is left open, as the method
 * and the path are. A read-only request has no body.
 *
 * A bot that asks for its balances and its orders at once signs both alike, when they have no parameters but the time.
 */
export function signedParameters(differences: SignedParameters): Dialect {
  const { name, schemes, readTimestamp, messageParameter } = differences;
  const keyHeader = headerName(differences.keyHeader);

  function read(request: WireRequest): Claim | Denial {
    const keyId = singleHeader(request.headers, keyHeader.lower);
    if (keyId === REPEATED) return malformed(`${keyHeader.usual} occurs twice.`, 'key');
    if (keyId === undefined || keyId === '') return missing(keyHeader.usual, 'key');
    if (keyId.length > MAX_KEY) return malformed(`${keyHeader.usual} is longer than ${MAX_KEY}.`, 'key');
    if (request.body.length > 0 && isSafeMethod(request.method)) {
      return malformed(`A ${request.method} request of this dialect has no body.`);
    }
    const tooLong = faultInSize(request);
    if (tooLong !== undefined) return tooLong;
    const sent = parametersOf(request);
    const proof = findProof(sent);
    if ('ok' in proof) return proof;
    const { signature, timestamp, recvWindow } = proof;
    if (signature === undefined || signature.value === '') return missing('signature', 'signature');
    if (timestamp === undefined || timestamp.value === '') return missing('timestamp', 'timestamp');
    if (messageParameter !== undefined && hasParameter(sent, messageParameter)) {
      return malformed(`${messageParameter} is no parameter of a request.`, 'key');
    }
    const signatureText = readSignature(signature.value);
    if (signatureText === undefined) return malformed('The signature cannot be decoded.', 'signature');
    const timestampMs = readTimestamp(timestamp.value);
    if (timestampMs === undefined) {
      return denial('timestamp_invalid', 'timestamp is not a timestamp in ms.', { part: 'timestamp' });
    }
    const window = recvWindow === undefined ? DEFAULT_WINDOW : readRecvWindow(recvWindow.value);
    if (window === undefined) return malformed('recvWindow is not a number of ms up to 60000.', 'timestamp');
    const covered = coveredBy(signature, sent);
    if (covered === undefined) return malformed('There are parameters in the query and in the body.');
    return { ok: true, keyId, signature: signatureText, timestampMs, window, ...covered };
  }

  function sign(request: WireRequest, key: SigningKey, { nowMs }: SigningContext): SignedRequest {
    const use = schemes[key.kind];
    if (use === undefined) throw new TypeError(`${name} has no scheme for kind ${key.kind}`);
    const { target, body } = request;
    const headers = { [keyHeader.usual]: key.keyId };
    const stamp = `timestamp=${nowMs}`;
    const proofOf = (...unsigned: (string | Uint8Array)[]) =>
      `&signature=${encodeURIComponent(key.sign(use, unsigned))}`;
    const query = queryOf(target);
    if (body.length === 0) {
      const unsigned = query === '' ? stamp : `${query}&${stamp}`;
      return { target: `${pathOf(target)}?${unsigned}${proofOf(unsigned)}`, headers, body };
    }
    if (query !== '') throw new TypeError(`${name} has parameters in the query or in the body, not in both`);
    const added = `&${stamp}${proofOf(body, `&${stamp}`)}`;
    return { target, headers, body: Buffer.concat([body, Buffer.from(added)]) };
  }

  return {
    ...differences,
    hasPassphrase: false,
    securityHeaders: [keyHeader.lower],
    window: DEFAULT_WINDOW,
    timestampUnit: 'ms',
    replay: { kind: 'signature', readsShare: true },
    uncovered: ['method', 'path', 'host'],
    recognises: ({ headers }) => hasHeader(headers, keyHeader),
    read,
    sign,
  };
}

/** Undoes the percent-encoding. A `+` is no space here: there is none in a signature. */
function readSignature(value: string): string | undefined {
  if (value.length > MAX_SIGNATURE) return undefined;
  try {
    return plainSignature(decodeURIComponent(value));
  } catch {
    return undefined;
  }
}

function malformed(detail: string, part?: ClaimPart): Denial {
  return denial('malformed_request', detail, { part });
}

function missing(name: string, part: ClaimPart): Denial {
  return denial('credential_missing', `${name} is missing or empty.`, { part });
}
