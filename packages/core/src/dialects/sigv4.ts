import { hash } from 'node:crypto';
import { type ClaimPart, type Denial, denial, malformed } from '../denial.ts';
import {
  allHeaders,
  faultInRequestLine,
  type RawHeaders,
  REPEATED,
  singleHeader,
  type WireRequest,
} from '../message.ts';
import { canonicalRequest } from './canonical-request.ts';
import type { Claim, Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { type ExchangeErrors, exchangeError, jsonAnswer } from './refusals.ts';
import { readBasicIsoInstant, writeBasicIsoInstant } from './timestamps.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_AUTHORIZATION = 4096;
const MAX_KEY_ID = 256;
/** What our signer signs for: AWS's own name of an API of one's own, in the region that it takes for the usual one. */
const REGION = 'us-east-1';
const SERVICE = 'execute-api';
/** CloudFront adds it to what it passes on, after the client signed. */
const OF_CLOUDFRONT = 'x-amz-cf-id';

const error = (code: string, message: string, status = 403) => ({ code, message, status });
const NOT_SIGNED = error('MissingAuthenticationTokenException', 'Missing Authentication Token');
const INCOMPLETE = error('IncompleteSignature', 'The request signature does not conform to AWS standards.');
const MISMATCH = error(
  'InvalidSignatureException',
  'The request signature we calculated does not match the signature you provided.',
);
const UNKNOWN = error(
  'UnrecognizedClientException',
  'The security token included in the request is invalid.',
);
const denied = (message: string) => error('AccessDeniedException', message);

/**
 * Codes and statuses of AWS's "Common Error Types", and what its services say where those have none: an expired
 * signature is `InvalidSignatureException`, upon which the SDKs set their clock by the `Date` of the answer.
 * AWS does not refuse replays, and has no key that is frozen or confined to addresses: the nearest is taken. A replay
 * must not read "Signature expired": the SDKs would sign the request anew, and an order would be placed twice.
 */
const ERRORS: ExchangeErrors = {
  missing: {
    key: NOT_SIGNED,
    signature: INCOMPLETE,
    timestamp: INCOMPLETE,
    passphrase: INCOMPLETE,
  },
  byCode: {
    credential_missing: NOT_SIGNED,
    malformed_request: INCOMPLETE,
    dialect_unknown: INCOMPLETE,
    environment_mismatch: UNKNOWN,
    timestamp_invalid: INCOMPLETE,
    timestamp_out_of_window: error('InvalidSignatureException', 'Signature expired'),
    credential_unknown: UNKNOWN,
    passphrase_mismatch: MISMATCH,
    signature_mismatch: MISMATCH,
    algorithm_not_allowed: MISMATCH,
    dialect_not_allowed: UNKNOWN,
    replayed: error('InvalidSignatureException', 'The signature was used before'),
    credential_disabled: UNKNOWN,
    credential_revoked: UNKNOWN,
    credential_expired: error(
      'ExpiredTokenException',
      'The security token included in the request is expired',
    ),
    credential_quarantined: UNKNOWN,
    account_frozen: denied('The account is frozen'),
    ip_not_allowed: denied('The key may not be used from this address'),
    route_unknown: error('UnknownOperationException', 'The action or operation requested is invalid.', 404),
    permission_denied: denied('You do not have sufficient access to perform this action.'),
    constraint_violated: denied('The request is outside of the limits of this key'),
    step_up_required: denied('A second factor is needed'),
    rate_limited: error('TooManyRequestsException', 'Rate exceeded', 429),
    too_many_failures: error('TooManyRequestsException', 'Rate exceeded', 429),
    body_too_large: error('RequestEntityTooLargeException', 'The request entity is too large.', 413),
    unavailable: error('ServiceUnavailable', 'The request has failed due to a temporary failure.', 503),
  },
};

/**
 * AWS Signature Version 4 in the `Authorization` header: HMAC-SHA256 over the canonical request, with a key that is
 * derived from the secret, the day, a region and a service. The timestamp is `X-Amz-Date` in UTC seconds, at most
 * five minutes off: "In most cases, a request must reach AWS within five minutes of the time stamp in the request"
 * (IAM User Guide, "AWS Signature Version 4 for API requests").
 *
 * `SignedHeaders` must name `host`, `x-amz-date`, and every other `x-amz-…` header and `content-type` that is there.
 * The body's hash is that of the body: `UNSIGNED-PAYLOAD` and chunked signatures are refused. So are presigned URLs,
 * which whoever sees them can use, and the asymmetric `AWS4-ECDSA-P256-SHA256`.
 *
 * Region and service may be any: the signature covers them, and they are compared with nothing. A session token is
 * covered and means nothing here.
 */
export const sigv4: Dialect = {
  name: 'sigv4',
  schemes: { hmac: { scheme: 'hmac-sha256', encoding: 'hex', key: 'aws4' } },
  hasPassphrase: false,
  securityHeaders: ['authorization', 'x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token'],
  window: { pastMs: 300_000, futureMs: 300_000 },
  timestampUnit: 'ISO 8601',
  replay: { kind: 'signature' },
  uncovered: [],

  recognises: ({ headers, target }) =>
    isPresigned(target) || allHeaders(headers, 'authorization').some((value) => value.startsWith('AWS4-')),

  read(request): Claim | Denial {
    const fault = faultInRequestLine(request.method, request.target);
    if (fault !== undefined) return malformed(fault);
    if (isPresigned(request.target))
      return malformed('A presigned URL can be used by whoever sees it: sign in the Authorization header.');
    const proof = readAuthorization(request.headers);
    if (!proof.ok) return proof;
    const { keyId, date, region, service, signedHeaders, signature } = proof;
    const instant = readDate(request.headers, date);
    if (!instant.ok) return instant;
    const payloadHash = hash('sha256', request.body, 'hex');
    const open = gapInCoverage(request.headers, signedHeaders) ?? faultInHash(request.headers, payloadHash);
    if (open !== undefined) return open;
    const canonical = canonicalRequest(request, payloadHash, { service, signedHeaders });
    if (typeof canonical !== 'string') return canonical;
    const derivation = [date, region, service];
    const prehash = [stringToSign(instant.text, derivation, canonical)];
    return { ok: true, keyId, signature, timestampMs: instant.ms, derivation, prehash };
  },

  refuse(refusal, { requestId }) {
    const { code, message, status } = exchangeError(ERRORS, refusal);
    const answer = jsonAnswer(status, { __type: code, message }, refusal);
    const headers = { ...answer.headers, 'x-amzn-errortype': code, 'x-amzn-requestid': requestId };
    return { ...answer, headers };
  },

  sign,
};

function isPresigned(target: string): boolean {
  return /[?&]x-amz-signature=/i.test(target);
}

/** What `Authorization` says. */
interface Authorization {
  readonly ok: true;
  readonly keyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const PARTS: Readonly<Record<string, ClaimPart>> = {
  Credential: 'key',
  SignedHeaders: 'signature',
  Signature: 'signature',
};
const CREDENTIAL = /^(\S+)\/(\d{8})\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/aws4_request$/;
const SIGNED_HEADERS = /^[a-z0-9!#$%&'*+\-.^_`|~]+(?:;[a-z0-9!#$%&'*+\-.^_`|~]+)*$/;

/** Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`. */
function readAuthorization(headers: RawHeaders): Authorization | Denial {
  const value = singleHeader(headers, 'authorization');
  const wrong = (detail: string) => denial('malformed_request', detail, { part: 'key' });
  if (value === REPEATED) return wrong('Authorization occurs twice.');
  if (value === undefined) return denial('credential_missing', 'Authorization is missing.', { part: 'key' });
  if (value.length > MAX_AUTHORIZATION) {
    return wrong(`Authorization is longer than ${MAX_AUTHORIZATION} characters.`);
  }
  if (!value.startsWith(`${ALGORITHM} `)) return wrong(`Authorization does not begin with ${ALGORITHM}.`);
  const fields = new Map<string, string>();
  for (const field of value.slice(ALGORITHM.length).split(',')) {
    const [, name, text] = /^ *([A-Za-z]+)=(\S*) *$/.exec(field) ?? [];
    if (name === undefined || text === undefined || !Object.hasOwn(PARTS, name) || fields.has(name)) {
      return wrong('Authorization is not Credential, SignedHeaders and Signature, once each.');
    }
    fields.set(name, text);
  }
  for (const [name, part] of Object.entries(PARTS)) {
    if ((fields.get(name) ?? '') === '') {
      return denial('credential_missing', `Authorization has no ${name}.`, { part });
    }
  }
  const [, keyId, date, region, service] = CREDENTIAL.exec(fields.get('Credential') as string) ?? [];
  if (keyId === undefined || date === undefined || region === undefined || service === undefined) {
    return wrong('Credential is not key, day, region and service, and aws4_request.');
  }
  if (keyId.length > MAX_KEY_ID) return wrong(`The key is longer than ${MAX_KEY_ID} characters.`);
  const list = fields.get('SignedHeaders') as string;
  const signedHeaders = list.split(';');
  const isSorted = signedHeaders.every((name, i) => i === 0 || (signedHeaders[i - 1] as string) < name);
  if (!SIGNED_HEADERS.test(list) || !isSorted) {
    return malformed('SignedHeaders are not names in lower case, in order, once each.');
  }
  const signature = fields.get('Signature') as string;
  return { ok: true, keyId, date, region, service, signedHeaders, signature };
}

/** Reads `X-Amz-Date`, which must fall on the day of the credential's scope. */
function readDate(
  headers: RawHeaders,
  day: string,
): { readonly ok: true; readonly text: string; readonly ms: number } | Denial {
  const text = singleHeader(headers, 'x-amz-date');
  const part = 'timestamp';
  if (text === REPEATED) return denial('malformed_request', 'X-Amz-Date occurs twice.', { part });
  if (text === undefined || text === '') {
    return denial('credential_missing', 'X-Amz-Date is missing or empty.', { part });
  }
  const ms = readBasicIsoInstant(text);
  if (ms === undefined) {
    return denial('timestamp_invalid', 'X-Amz-Date is not a timestamp like 20261124T060000Z.', { part });
  }
  if (text.startsWith(day)) return { ok: true, text, ms };
  return denial('malformed_request', 'The day of Credential is not that of X-Amz-Date.', { part });
}

/** Names what a signature leaves open and must not. */
function gapInCoverage(headers: RawHeaders, signed: readonly string[]): Denial | undefined {
  const open = mustBeSigned(headers).find((name) => !signed.includes(name));
  if (open !== undefined) return malformed(`SignedHeaders do not name ${open}.`);
  const repeated = ['host', 'content-type'].find((name) => singleHeader(headers, name) === REPEATED);
  return repeated === undefined ? undefined : malformed(`${repeated} occurs twice.`);
}

function mustBeSigned(headers: RawHeaders): string[] {
  const names = headers.flatMap((text, i) => (i % 2 === 0 ? [text.toLowerCase()] : []));
  const own = names.filter((name) => name === 'content-type' || name.startsWith('x-amz-'));
  return [...new Set(['host', 'x-amz-date', ...own.filter((name) => name !== OF_CLOUDFRONT)])];
}

/** Compares `X-Amz-Content-Sha256`, where it is there, with the body's. The hash is no secret. */
function faultInHash(headers: RawHeaders, payloadHash: string): Denial | undefined {
  const said = singleHeader(headers, 'x-amz-content-sha256');
  if (said === undefined || said === payloadHash) return undefined;
  if (said === REPEATED) return malformed('X-Amz-Content-Sha256 occurs twice.');
  return /^[0-9a-f]{64}$/.test(said)
    ? denial('signature_mismatch', 'The body does not match X-Amz-Content-Sha256.', { part: 'signature' })
    : malformed('X-Amz-Content-Sha256 must be the SHA-256 of the body: the body must be signed, and whole.');
}

function stringToSign(time: string, derivation: readonly string[], canonical: string): string {
  return [ALGORITHM, time, `${derivation.join('/')}/aws4_request`, hash('sha256', canonical, 'hex')].join(
    '\n',
  );
}

/**
 * Signs a request: adds X-Amz-Date, X-Amz-Content-Sha256 and Authorization. The request must carry the Host that it is
 * sent to. Headers that must be covered are, and no others.
 */
function sign(request: WireRequest, key: SigningKey, context: SigningContext): SignedRequest {
  const use = sigv4.schemes[key.kind];
  if (use === undefined) throw new TypeError(`sigv4 has no scheme for kind ${key.kind}`);
  const { target, body } = request;
  const time = writeBasicIsoInstant(context.nowMs);
  const added = { 'X-Amz-Date': time, 'X-Amz-Content-Sha256': hash('sha256', body, 'hex') };
  const dated = { ...request, headers: [...request.headers, ...Object.entries(added).flat()] };
  const derivation = [time.slice(0, 8), REGION, SERVICE];
  const signedHeaders = mustBeSigned(dated.headers).sort();
  const authorization = (signature: string) =>
    `${ALGORITHM} Credential=${key.keyId}/${derivation.join('/')}/aws4_request, ` +
    `SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  // Read as the verifier will, so that nothing is signed that it would refuse.
  const unsigned = { ...dated, headers: [...dated.headers, 'Authorization', authorization('?')] };
  const claim = sigv4.read(unsigned);
  if (!claim.ok) throw new TypeError(claim.detail);
  const signature = key.sign(use, claim.prehash, derivation);
  return { target, headers: { ...added, Authorization: authorization(signature) }, body };
}
