import { singleHeader, type WireRequest } from '../message.ts';
import { faultInContentDigest, missingContentDigest } from './content-digest.ts';
import type { Dialect, SignedRequest, SigningContext, SigningKey } from './dialect.ts';
import { problemAnswer } from './problem.ts';
import { component, covers } from './signature-base.ts';
import { readClaim, type Terms, writeSignature } from './signature-fields.ts';
import type { InnerList } from './structured-fields.ts';

/**
 * HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530), for requests.
 *
 * What a signature must have here goes beyond the standard's baseline (section 3.2.1): one signature and no
 * more; `keyid`, `created` and `nonce`; and it covers the method, the whole target, and the digest of a body,
 * which is compared with the body. `@request-target`, `@path` and `@query` leave the host open: a client that
 * talks to more than one host covers `@target-uri` or `@authority`.
 *
 * Not supported, and refused: component parameters other than the `name` of `@query-param`, and trailers.
 * Signatures of answers are in `response-signature.ts`.
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

  read: (request) => readClaim(request, (covered, terms) => lackIn(request, covered, terms)),

  // No Accept-Signature: it names an exact set of components, and the right one depends on the next request.
  refuse: (refusal, context) => problemAnswer(refusal, context, 'Signature realm="countersign"'),

  sign,
};

/** Says what a signature has not and must have, or nothing. */
function lackIn(request: WireRequest, covered: InnerList, { nonce }: Terms): string | undefined {
  if (nonce === undefined) return 'Signature-Input has no nonce.';
  const gap = gapInCoverage(request, covered);
  return gap === undefined ? undefined : `The signature does not cover ${gap}.`;
}

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

/**
 * Signs a request: adds Signature-Input, Signature and, when there is a body, Content-Digest. The request must
 * carry the Host that it is sent to. A Content-Digest that it already has is covered as it is.
 */
function sign(request: WireRequest, key: SigningKey, context: SigningContext): SignedRequest {
  const use = rfc9421.schemes[key.kind];
  if (use === undefined) throw new TypeError(`rfc9421 has no scheme for kind ${key.kind}`);
  const digest = missingContentDigest(request);
  const signed = { ...request, headers: [...request.headers, ...Object.entries(digest).flat()] };
  const isDigested = singleHeader(signed.headers, 'content-digest') !== undefined;
  const components = ['@method', '@target-uri', ...(isDigested ? ['content-digest'] : [])];
  const fault = faultInContentDigest(signed, isDigested);
  if (fault !== undefined) throw new TypeError(fault.detail);
  const made = writeSignature(
    signed,
    components.map((name) => component(name)),
    key,
    use,
    context,
  );
  if (!made.ok) throw new TypeError(made.detail);
  return { target: request.target, headers: { ...digest, ...made.headers }, body: request.body };
}
