import type { CredentialKind, Proof } from '../credential/credential.ts';
import { authenticate } from '../decide/authenticate.ts';
import { checkWindow } from '../decide/window.ts';
import { type Denial, type DenialCode, denial } from '../denial.ts';
import { singleHeader, type WireRequest, type WireResponse } from '../message.ts';
import { contentDigestOf, faultInContentDigest, missingContentDigest } from './content-digest.ts';
import type { SigningKey } from './dialect.ts';
import { rfc9421 } from './rfc9421.ts';
import { component, covers } from './signature-base.ts';
import { readClaim, writeSignature } from './signature-fields.ts';
import type { InnerList, Item } from './structured-fields.ts';

/** Headers to add to an answer. */
export interface SignedResponse {
  readonly ok: true;
  readonly headers: Readonly<Record<string, string>>;
}

/** Why an answer is not to be trusted, or cannot be signed. */
export interface ResponseFault {
  readonly ok: false;
  readonly code: ResponseFaultCode;
  readonly detail: string;
}

/**
 * - `unsigned`: there is no signature, or half of one.
 * - `malformed`: it cannot be read, or leaves open what it must cover.
 * - `stale`: it was made too long ago, or is to be made.
 * - `key_unknown`: nobody's key, as far as the verifier knows.
 * - `algorithm_not_allowed`: it names another algorithm than that of the key.
 * - `mismatch`: signature or digest are wrong, or the answer belongs to another request.
 */
export const RESPONSE_FAULTS = [
  'unsigned',
  'malformed',
  'stale',
  'key_unknown',
  'algorithm_not_allowed',
  'mismatch',
] as const;

export type ResponseFaultCode = (typeof RESPONSE_FAULTS)[number];

/** Whose signature an answer carries. */
export interface VerifiedResponse {
  readonly ok: true;
  readonly keyId: string;
  readonly secretVersion: number;
}

/** A key that answers are signed with, as its verifier knows it: the current version first. */
export interface ResponseSigner {
  readonly kind: CredentialKind;
  readonly proofs: readonly Proof[];
}

export interface ResponseSigningContext {
  readonly nowMs: number;
  /** Headers of the answer that are to be covered too, in lower case. Those that it lacks are left out. */
  readonly headers?: readonly string[] | undefined;
  /** Headers of the request that are to be covered too, in lower case. Those that it lacks are left out. */
  readonly ofRequest?: readonly string[] | undefined;
  /** Whether to bind the answer to the body of the request, by {@link REQUEST_DIGEST}. */
  readonly coversRequestBody?: boolean | undefined;
}

/**
 * A header of answers: the digest of the body that came with the request, also of none. Some dialects carry their proof
 * in the body, which RFC 9421 has no component for; and a Content-Digest of the request says what was sent, not what came.
 */
export const REQUEST_DIGEST = 'x-countersign-request-digest';

const SIGNATURE_FIELDS = ['signature-input', 'signature'];
/**
 * What of the request an answer is bound to, where the request has it. A signature of a signature alone would vouch
 * for nothing that it covers (RFC 9421 sections 2.4 and 7.3.7): so the digest and the parameters are there too.
 */
const OF_REQUEST = ['content-digest', ...SIGNATURE_FIELDS];
const OF_RESPONSE = ['content-digest', REQUEST_DIGEST];

/**
 * Signs an answer (RFC 9421 section 2.4): its status, its body by Content-Digest, and of the request the method, the
 * whole target and all proof that it carries, so that the answer fits no other request.
 *
 * Adds Signature-Input, Signature and, when there is a body without one, Content-Digest; {@link REQUEST_DIGEST} where it
 * is asked for. The request is the one that came, with its `Host`. Throws a TypeError for a kind of key that RFC 9421 has no algorithm for.
 */
export function signResponse(
  response: WireResponse,
  request: WireRequest,
  key: SigningKey,
  { nowMs, headers = [], ofRequest = [], coversRequestBody = false }: ResponseSigningContext,
): SignedResponse | ResponseFault {
  const use = rfc9421.schemes[key.kind];
  if (use === undefined) throw new TypeError(`rfc9421 has no scheme for kind ${key.kind}`);
  if (SIGNATURE_FIELDS.some((name) => singleHeader(response.headers, name) !== undefined))
    return { ok: false, code: 'malformed', detail: 'The answer has a signature already.' };
  const digest = { ...missingContentDigest(response), ...(coversRequestBody ? requestDigest(request) : {}) };
  const digested = { ...response, headers: [...response.headers, ...Object.entries(digest).flat()] };
  const has = (name: string) => singleHeader(digested.headers, name) !== undefined;
  const fault = faultInContentDigest(digested, has('content-digest'));
  if (fault !== undefined) return faultOf(fault);
  const own = ['@status', ...new Set([...OF_RESPONSE, ...headers].filter(has))];
  const items = [...own.map((name) => component(name)), ...componentsOfRequest(request, ofRequest)];
  const made = writeSignature({ request, response: digested }, items, key, use, { nowMs });
  return made.ok ? { ok: true, headers: { ...digest, ...made.headers } } : faultOf(made);
}

function requestDigest({ body, bodyIsTruncated }: WireRequest): Readonly<Record<string, string>> {
  return bodyIsTruncated ? {} : { 'X-Countersign-Request-Digest': contentDigestOf(body) };
}

function componentsOfRequest({ headers }: WireRequest, more: readonly string[] = []): Item[] {
  const names = new Set([...OF_REQUEST, ...more]);
  const proof = [...names].filter((name) => singleHeader(headers, name) !== undefined);
  return ['@method', '@target-uri', ...proof].map((name) => component(name, true));
}

/**
 * Verifies the signature of an answer to a request that one has sent: with one of the signer's keys, within a minute
 * of its making, over all that {@link signResponse} covers. More may be covered: a {@link REQUEST_DIGEST} that is must
 * fit the request's body. Never throws, on any bytes.
 *
 * It says nothing about headers that are not covered, nor whether the same answer came before: two equal requests
 * without a nonce have answers that can be exchanged.
 *
 * @param request as it was sent, proof and `Host` included
 * @param signerNamed finds the key of a `keyid`
 */
export function verifyResponse(
  response: WireResponse,
  request: WireRequest,
  signerNamed: (keyId: string) => ResponseSigner | undefined,
  nowMs: number,
): VerifiedResponse | ResponseFault {
  let bindsBody = false;
  const claim = readClaim({ request, response }, (covered) => {
    bindsBody = covers(covered, REQUEST_DIGEST);
    return lackIn(response, request, covered);
  });
  if (!claim.ok) return faultOf(claim);
  if (bindsBody && singleHeader(response.headers, REQUEST_DIGEST) !== contentDigestOf(request.body))
    return { ok: false, code: 'mismatch', detail: 'The answer belongs to a request with another body.' };
  const late = checkWindow(claim, rfc9421, nowMs);
  if (late !== undefined) return faultOf(late);
  const { keyId } = claim;
  const signer = signerNamed(keyId);
  if (signer === undefined) return faultOf(denial('credential_unknown', 'No such key is known.'));
  const { kind, proofs } = signer;
  const proved = authenticate(claim, rfc9421, { profile: { kind, dialects: [rfc9421.name] }, proofs }, nowMs);
  return proved.ok ? { ok: true, keyId, secretVersion: proved.secretVersion } : faultOf(proved);
}

function lackIn({ body }: WireResponse, request: WireRequest, covered: InnerList): string | undefined {
  if (!covers(covered, '@status')) return 'The signature does not cover @status.';
  if (body.length > 0 && !covers(covered, 'content-digest'))
    return 'The signature does not cover content-digest, and there is a body.';
  const open = componentsOfRequest(request).find(({ value }) => !covers(covered, value as string, true));
  return open && `The signature does not cover "${open.value as string}";req.`;
}

const FAULTS: Partial<Record<DenialCode, ResponseFaultCode>> = {
  credential_missing: 'unsigned',
  timestamp_out_of_window: 'stale',
  credential_unknown: 'key_unknown',
  dialect_not_allowed: 'algorithm_not_allowed',
  algorithm_not_allowed: 'algorithm_not_allowed',
  signature_mismatch: 'mismatch',
};

function faultOf({ code, detail }: Denial): ResponseFault {
  return { ok: false, code: FAULTS[code] ?? 'malformed', detail };
}
