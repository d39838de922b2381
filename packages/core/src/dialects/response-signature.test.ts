import { createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import b2 from '../../../../vectors/rfc9421-b2.json' with { type: 'json' };
import file from '../../../../vectors/rfc9421-responses.json' with { type: 'json' };
import { aProof, aRequest, aSigningKey, keyRow, NOW, SECRET, signed } from '../../test/given.ts';
import { listOf } from '../../test/rfc9421.ts';
import { credentialOf, requestOf, signingKeyOf, type VectorCredential } from '../../test/vectors.ts';
import type { WireRequest, WireResponse } from '../message.ts';
import { proves } from '../schemes/scheme.ts';
import { createSigningKey } from '../schemes/signer.ts';
import { type ResponseSigner, signResponse, verifyResponse } from './response-signature.ts';
import { rfc9421 } from './rfc9421.ts';
import { signatureBase } from './signature-base.ts';

type Wire = Omit<WireResponse, 'headers' | 'body'> & {
  readonly headers: readonly (readonly string[])[];
  readonly body: string;
};
interface Case {
  readonly name: string;
  readonly key: string;
  readonly nowMs: number;
  readonly request: Parameters<typeof requestOf>[0];
  readonly response: Wire;
  readonly signatureBase?: string;
  readonly outcome: string;
  readonly keyId?: string;
  readonly covering?: readonly string[];
  readonly sign?: false;
}

const keys = new Map(Object.entries(file.keys as Record<string, VectorCredential>));
const cases = file.cases as unknown as Case[];

function responseOf({ status, headers, body }: Wire): WireResponse {
  return { status, headers: headers.flat(), body: Buffer.from(body) };
}

function signerNamed(keyId: string): ResponseSigner | undefined {
  const row = [...keys.values()].find(({ id }) => id === keyId);
  return row && { kind: row.kind, proofs: credentialOf(row).proofs };
}

function withHeaders(response: WireResponse, headers: Readonly<Record<string, string>>): WireResponse {
  return { ...response, headers: [...response.headers, ...Object.entries(headers).flat()] };
}

const PROOF = ['signature', 'signature-input'];
function unsigned({ headers, ...response }: WireResponse): WireResponse {
  const isProof = (i: number) => PROOF.includes((headers[i - (i % 2)] as string).toLowerCase());
  return { ...response, headers: headers.filter((_, i) => !isProof(i)) };
}

describe('RFC 9421 section 2.4', () => {
  const request = requestOf(b2.messages['test-request'] as unknown as Case['request']);
  const answer = responseOf(file.standard.response);
  const { publicKeyPem } = b2.keys['test-key-ecc-p256'];
  const proof = aProof({ publicKey: createPublicKey(publicKeyPem) });
  const use = { scheme: 'ecdsa-p256-sha256', encoding: 'base64' } as const;

  it.each(file.standard.cases)('$name', ({ signatureInput, signature, ...vector }) => {
    const base = signatureBase({ request, response: answer }, listOf(signatureInput));
    expect(base).toBe(vector.signatureBase);
    const text = signature.slice(signature.indexOf(':') + 1, -1);
    expect(proves(use, proof, [vector.signatureBase], text)).toBe(true);
    expect(proves(use, proof, [`${vector.signatureBase} `], text)).toBe(false);
  });

  it.each(file.standard.cases)('$name, which binds too little here', ({ signatureInput, signature }) => {
    const signedAnswer = withHeaders(answer, { 'Signature-Input': signatureInput, Signature: signature });
    const signer: ResponseSigner = { kind: 'p256', proofs: [proof] };
    const verified = verifyResponse(signedAnswer, request, () => signer, 1_618_884_479_000);
    const detail = 'The signature does not cover "@target-uri";req.';
    expect(verified).toEqual({ ok: false, code: 'malformed', detail });
  });
});

describe('verifyResponse', () => {
  it.each(cases)('$outcome: $name', ({ request, response, nowMs, outcome, keyId }) => {
    const verified = verifyResponse(responseOf(response), requestOf(request), signerNamed, nowMs);
    if (outcome === 'ok') expect(verified).toEqual({ ok: true, keyId, secretVersion: 1 });
    else expect(verified).toMatchObject({ ok: false, code: outcome });
  });

  it('takes the previous version of a key until it retires, and says which it was', () => {
    const request = aRequest({ headers: ['Host', 'a'] });
    const response = { status: 200, headers: [], body: Buffer.alloc(0) };
    const made = signResponse(response, request, aSigningKey('the previous secret'), { nowMs: NOW });
    if (!made.ok) throw new Error(made.detail);
    const proofs = [
      aProof({ version: 2, key: keyRow() }),
      aProof({ version: 1, retiresAt: NOW + 1, key: keyRow('the previous secret') }),
    ];
    const at = (nowMs: number) =>
      verifyResponse(withHeaders(response, made.headers), request, () => ({ kind: 'hmac', proofs }), nowMs);
    expect(at(NOW)).toEqual({ ok: true, keyId: 'key-1', secretVersion: 1 });
    expect(at(NOW + 1)).toMatchObject({ ok: false, code: 'mismatch' });
  });
});

describe('signResponse', () => {
  const again = cases.filter(({ outcome, sign }) => outcome === 'ok' && sign !== false);

  it.each(again)('makes the answer: $name', ({ key, request, response, covering, ...vector }) => {
    const row = keys.get(key) as VectorCredential;
    const given = unsigned(responseOf(response));
    const made = signResponse(
      given,
      requestOf(request),
      signingKeyOf(row) as NonNullable<ReturnType<typeof signingKeyOf>>,
      { nowMs: NOW, headers: covering },
    );
    if (!made.ok) throw new Error(made.detail);
    const { 'Signature-Input': input, Signature: signature } = made.headers;
    const pairs = new Map(response.headers as [string, string][]);
    expect(input).toBe(pairs.get('Signature-Input'));
    // The others put chance into every signature.
    if (row.kind === 'hmac' || row.kind === 'ed25519') expect(signature).toBe(pairs.get('Signature'));
    const verified = verifyResponse(
      withHeaders(given, made.headers),
      requestOf(request),
      signerNamed,
      vector.nowMs,
    );
    expect(verified).toMatchObject({ ok: true, keyId: row.id });
  });

  const request = aRequest({ headers: ['Host', 'a'] });
  const response = { status: 200, headers: ['A', '1', 'B', '\u00e9'], body: Buffer.from('{}') };
  const sign = (over: Partial<WireResponse>, headers?: string[], from: WireRequest = request) =>
    signResponse({ ...response, ...over }, from, aSigningKey(), { nowMs: NOW, headers });

  it('covers the headers that it is told to, once, where they are there', () => {
    const made = sign({ headers: ['A', '1'] }, ['a', 'a', 'content-digest', 'absent']);
    expect(made).toMatchObject({
      ok: true,
      headers: {
        'Content-Digest': expect.any(String),
        'Signature-Input': expect.stringContaining('("@status" "content-digest" "a" "@method";req'),
      },
    });
  });

  it.each<[string, Partial<WireResponse>, string[], WireRequest, string]>([
    ['has a signature already', { headers: ['signature', 's=:aGk=:'] }, [], request, 'already'],
    ['has half a signature already', { headers: ['Signature-Input', 's=()'] }, [], request, 'already'],
    ['has a digest of another body', { headers: ['Content-Digest', 'sha-256=:aGk=:'] }, [], request, ''],
    ['has two digests', { headers: ['content-digest', 'a', 'content-digest', 'a'] }, [], request, 'twice'],
    ['is to cover what cannot be signed', {}, ['b'], request, 'cannot sign'],
    ['answers a request without Host', {}, [], aRequest(), 'Host is missing'],
  ])('refuses an answer that %s', (_, over, headers, from, detail) => {
    const made = sign(over, headers, from);
    expect(made).toMatchObject({ ok: false, detail: expect.stringContaining(detail) });
  });

  it('throws for a kind of key without an algorithm', () => {
    const key = aSigningKey(undefined, { kind: 'bearer' });
    expect(() => signResponse(response, request, key, { nowMs: NOW })).toThrow(TypeError);
  });
});

/** Put together and signed by Python's hashlib and hmac. */
describe('an answer that is bound to more of its request', () => {
  const body = Buffer.from('{"id":1,"sig":"abc"}');
  const request = aRequest({
    method: 'POST',
    target: '/v1/orders',
    headers: ['Host', 'api.example.com', 'ACCESS-SIGN', 'c2lnbg=='],
    body,
  });
  const bare = { status: 200, headers: [], body: Buffer.from('{"id":"17"}') };
  const proof = {
    'Content-Digest': 'sha-256=:9vsIo5nttYSmsqE1aVM90JV4DyfJOyBOtXeUSxnN//Q=:',
    'X-Countersign-Request-Digest': 'sha-256=:2A2GIgltzaKMl7k68OKyGlvmIWUPrTN10DIo2//nm9w=:',
    'Signature-Input':
      'sig1=("@status" "content-digest" "x-countersign-request-digest" "@method";req "@target-uri";req "access-sign";req);created=1795500000;keyid="answers-1"',
    Signature: 'sig1=:5DP1oRlH0HHm0uIONXlpDH5+NiTsGjqcqmLsDkto79g=:',
  };
  const key = createSigningKey({
    keyId: 'answers-1',
    kind: 'hmac',
    secret: 'throwaway-secret-of-a-test-vector',
  });
  const context = { nowMs: NOW, ofRequest: ['access-sign', 'access-key'], coversRequestBody: true };
  const verify = (over: Partial<WireRequest> = {}, headers: Readonly<Record<string, string>> = proof) =>
    verifyResponse(withHeaders(bare, headers), { ...request, ...over }, signerNamed, NOW);

  it('is made so', () => {
    expect(signResponse(bare, request, key, context)).toEqual({ ok: true, headers: proof });
  });

  it('belongs to that request alone', () => {
    expect(verify()).toMatchObject({ ok: true });
    const withProof = (sign: string) => ['Host', 'api.example.com', 'ACCESS-SIGN', sign];
    expect(verify({ headers: withProof('b3RoZXI=') })).toMatchObject({ code: 'mismatch' });
    expect(verify({ headers: ['Host', 'api.example.com'] })).toMatchObject({ code: 'malformed' });
    for (const other of ['', '{}', `${body} `])
      expect(verify({ body: Buffer.from(other) })).toMatchObject({ code: 'mismatch' });
  });

  it('cannot be freed of it', () => {
    const { 'X-Countersign-Request-Digest': digest, ...others } = proof;
    expect(verify({}, others)).toMatchObject({ code: 'malformed' });
    const twice = withHeaders(bare, { ...proof, 'x-countersign-request-digest': digest });
    expect(verifyResponse(twice, request, signerNamed, NOW)).toMatchObject({ code: 'mismatch' });
    const input = proof['Signature-Input'].replace(' "x-countersign-request-digest"', '');
    expect(verify({ body: Buffer.from('{}') }, { ...proof, 'Signature-Input': input })).toMatchObject({
      code: 'mismatch',
    });
  });

  it('names the body that came, also where there is none, or where the request says another digest', () => {
    const digest = [...request.headers, 'Content-Digest', proof['X-Countersign-Request-Digest']];
    const stripped = signResponse(bare, { ...request, headers: digest, body: Buffer.alloc(0) }, key, context);
    if (!stripped.ok) throw new Error(stripped.detail);
    expect(verify({ headers: digest, body: Buffer.alloc(0) }, stripped.headers)).toMatchObject({ ok: true });
    expect(verify({ headers: digest }, stripped.headers)).toMatchObject({ code: 'mismatch' });
  });

  it('says nothing of a body that was not read whole', () => {
    const made = signResponse(bare, { ...request, bodyIsTruncated: true }, key, context);
    expect(made).toMatchObject({ ok: true });
    expect(JSON.stringify(made)).not.toContain('equest-');
  });
});

describe('properties', () => {
  const signer = { kind: 'hmac', proofs: [aProof({ key: keyRow(SECRET) })] } as const;
  const verify = (response: WireResponse, request: WireRequest) =>
    verifyResponse(response, request, () => signer, NOW);
  const exchange = fc
    .record({
      status: fc.integer({ min: 100, max: 599 }),
      body: fc.uint8Array({ maxLength: 64 }),
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
      target: fc.stringMatching(/^\/[a-z0-9/?&=%.]{0,20}$/),
      sent: fc.uint8Array({ maxLength: 16 }),
      isSigned: fc.boolean(),
    })
    .map(({ status, body, method, target, sent, isSigned }) => {
      const bare = aRequest({ method, target, headers: ['Host', 'api.example'], body: Buffer.from(sent) });
      const request = isSigned ? signed(rfc9421, bare) : bare;
      const response = { status, headers: ['Content-Type', 'text/plain'], body };
      const made = signResponse(response, request, aSigningKey(), { nowMs: NOW, headers: ['content-type'] });
      if (!made.ok) throw new Error(made.detail);
      return { request, response: withHeaders(response, made.headers) };
    });

  it('verifies what it signs, for this request only', () => {
    fc.assert(
      fc.property(exchange, exchange, (one, other) => {
        expect(verify(one.response, one.request)).toMatchObject({ ok: true });
        fc.pre(JSON.stringify(one.request) !== JSON.stringify(other.request));
        const bound = (request: WireRequest) => [request.method, request.target, request.headers].join();
        fc.pre(bound(one.request) !== bound(other.request));
        expect(verify(one.response, other.request).ok).toBe(false);
      }),
    );
  });

  it('refuses an answer with one bit flipped, in status, body or any header', () => {
    fc.assert(
      fc.property(exchange, fc.nat(), fc.nat(), ({ request, response }, part, at) => {
        const flip = (text: string) => {
          const bytes = Buffer.from(text, 'latin1');
          const byte = (at >> 3) % Math.max(bytes.length, 1);
          bytes[byte] = (bytes[byte] as number) ^ (1 << (at & 7));
          return bytes.toString('latin1');
        };
        const { headers, body } = response;
        const which = part % (headers.length / 2 + 2);
        fc.pre(which !== 0 || body.length > 0);
        const changed =
          which === 0
            ? { body: Buffer.from(flip(Buffer.from(body).toString('latin1')), 'latin1') }
            : which === 1
              ? { status: response.status ^ (1 << (at & 7)) }
              : { headers: headers.with(which * 2 - 3, flip(headers[which * 2 - 3] as string)) };
        expect(verify({ ...response, ...changed }, request).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('never throws, on any bytes', () => {
    const name = fc.constantFrom('Signature', 'signature-input', 'Content-Digest', 'x', '');
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        's=:aGk=:',
        's=("@status" "@method";req "@target-uri";req);created=1795500000;keyid="k"',
        's=("@query-param";name="a";req "x";req;req=?0);created=1;keyid="k"',
      ),
    );
    const message = {
      headers: fc.array(fc.tuple(name, value), { maxLength: 5 }).map((pairs) => pairs.flat()),
      body: fc.uint8Array({ maxLength: 4 }),
    };
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(
        fc.record({ ...message, status: fc.double() }),
        fc.record({ ...message, method: text, target: text }),
        (response, request) => {
          expect(typeof verify(response, request).ok).toBe('boolean');
          expect(typeof signResponse(response, request, aSigningKey(), { nowMs: NOW }).ok).toBe('boolean');
        },
      ),
      { numRuns: 1000 },
    );
  });
});
