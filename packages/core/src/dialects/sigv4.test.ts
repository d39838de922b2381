import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import suite from '../../../../vectors/sigv4-suite.json' with { type: 'json' };
import {
  aCredential,
  aRequest,
  aSigningKey,
  ask,
  claimOf,
  denialOf,
  NOW,
  rawHeaders,
  signed,
} from '../../test/given.ts';
import { requestOf, type VectorRequest } from '../../test/vectors.ts';
import { type ClaimPart, DENIAL_CODES, type Denial, type DenialCode, denial } from '../denial.ts';
import type { WireRequest } from '../message.ts';
import { canonicalRequest } from './canonical-request.ts';
import { sigv4 } from './sigv4.ts';

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const HOST = ['Host', 'api.example.com'];
const canonical = (over: Partial<WireRequest>, service = 'service', signedHeaders: string[] = []) => {
  const request = aRequest(over);
  return canonicalRequest(request, sha256(request.body), { service, signedHeaders });
};

describe('the canonical request', () => {
  const taken = suite.cases.filter(({ outcome }) => outcome === 'ok');
  it('is taken in 20 cases of the suite', () => expect(taken).toHaveLength(20));

  it.each(taken)('is the published one: $name', ({ request, ...vector }) => {
    const wire = requestOf(request as unknown as VectorRequest);
    const [, list = ''] = vector.canonicalRequest.match(/\n\n(.*)\n[0-9a-f]{64}$/) ?? [];
    const form = { service: 'service', signedHeaders: list.split(';') };
    expect(canonicalRequest(wire, sha256(wire.body), form)).toBe(vector.canonicalRequest);
  });

  const line = (over: Partial<WireRequest>, at: number, service?: string) => {
    const text = canonical(over, service);
    return typeof text === 'string' ? text.split('\n')[at] : text.detail;
  };

  it.each([
    ['/', '/'],
    ['/a%20b/c', '/a%2520b/c'],
    ["/-._~!$&'()*+,;=:@", '/-._~%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40'],
    ['/a/?x', '/a/'],
    ['/.a/..b/c./d..', '/.a/..b/c./d..'],
    ['/...', '/...'],
    ['/%2e%2e/a', '/%252e%252e/a'],
  ])('has for the path %s: %s', (target, path) => expect(line({ target }, 1)).toBe(path));

  it.each(['//', '/a//b', '/a/', '/.', '/..', '/./a', '/../a', '/a/..', '/a/../b'])(
    'takes %s as it is for S3, and for other services when it is tidy',
    (target) => {
      expect(line({ target }, 1, 's3')).toBe(target);
      expect(line({ target }, 1)).toMatch(target === '/a/' ? /^\/a\/$/ : /empty segment, or one of dots/);
    },
  );

  it.each([
    ['', ''],
    ['?a', 'a='],
    ['?b=2&a=1', 'a=1&b=2'],
    ['?a-=1&a=2', 'a=2&a-=1'],
    ['?a=%e2%98%83&%62=%7E', 'a=%E2%98%83&b=~'],
    ["?a=/:,!'()*~", 'a=%2F%3A%2C%21%27%28%29%2A~'],
    ['?a=1=2&=3', '=3&a=1%3D2'],
    ['?a=%2B%20%26%3D%25', 'a=%2B%20%26%3D%25'],
    ['?a=1&a=10&b&a=2', 'a=1&a=10&a=2&b='],
  ])('has for the query %s: %s', (query, expected) =>
    expect(line({ target: `/${query}` }, 2)).toBe(expected),
  );

  it.each([
    ['?', 'an empty field'],
    ['?&', 'an empty field'],
    ['?a=1&', 'an empty field'],
    ['?a+b=1', 'a bare "+"'],
    ['?a=+', 'a bare "+"'],
    ['?a=2&a=1', 'not in ascending order'],
    ['?a=2&b=1&%61=10', 'not in ascending order'],
    ['?a=1&a', 'not in ascending order'],
  ])('refuses the query %s: %s', (query, detail) =>
    expect(line({ target: `/${query}` }, 2)).toContain(detail),
  );
});

const answerTo = (refusal: Denial) => sigv4.refuse(refusal, { nowMs: NOW, requestId: 'req-1' });
const UNKNOWN = 'UnrecognizedClientException';
const MISMATCH = 'InvalidSignatureException';

/** What AWS answers: the status and the type of the error. */
const EXPECTED: Record<DenialCode, [status: number, type: string]> = {
  credential_missing: [403, 'MissingAuthenticationTokenException'],
  malformed_request: [403, 'IncompleteSignature'],
  dialect_unknown: [403, 'IncompleteSignature'],
  environment_mismatch: [403, UNKNOWN],
  timestamp_invalid: [403, 'IncompleteSignature'],
  timestamp_out_of_window: [403, MISMATCH],
  credential_unknown: [403, UNKNOWN],
  passphrase_mismatch: [403, MISMATCH],
  signature_mismatch: [403, MISMATCH],
  algorithm_not_allowed: [403, MISMATCH],
  dialect_not_allowed: [403, UNKNOWN],
  replayed: [403, MISMATCH],
  credential_disabled: [403, UNKNOWN],
  credential_revoked: [403, UNKNOWN],
  credential_expired: [403, 'ExpiredTokenException'],
  credential_quarantined: [403, UNKNOWN],
  account_frozen: [403, 'AccessDeniedException'],
  ip_not_allowed: [403, 'AccessDeniedException'],
  route_unknown: [404, 'UnknownOperationException'],
  permission_denied: [403, 'AccessDeniedException'],
  constraint_violated: [403, 'AccessDeniedException'],
  step_up_required: [403, 'AccessDeniedException'],
  rate_limited: [429, 'TooManyRequestsException'],
  too_many_failures: [429, 'TooManyRequestsException'],
  body_too_large: [413, 'RequestEntityTooLargeException'],
  unavailable: [503, 'ServiceUnavailable'],
};

describe('refuse', () => {
  it.each(DENIAL_CODES)('has an answer to %s', (code) => {
    const { status, headers, body } = answerTo(denial(code, 'A detail.'));
    const { __type: type, message, ...rest } = JSON.parse(body) as Record<string, string>;
    expect([status, type]).toEqual(EXPECTED[code]);
    expect(headers).toEqual({
      'content-type': 'application/json',
      'x-amzn-errortype': type,
      'x-amzn-requestid': 'req-1',
    });
    expect(message).toMatch(/^[A-Z]/);
    expect(message).not.toContain('A detail.');
    expect(rest).toEqual({});
  });

  it('tells no proof at all from half a proof', () => {
    const parts: ClaimPart[] = ['key', 'signature', 'timestamp'];
    const types = parts.map(
      (part) => answerTo(denial('credential_missing', '', { part })).headers['x-amzn-errortype'],
    );
    expect(types).toEqual([
      'MissingAuthenticationTokenException',
      'IncompleteSignature',
      'IncompleteSignature',
    ]);
  });

  it('says that a signature expired when a new one would help, and only then', () => {
    const saying = DENIAL_CODES.filter((code) =>
      answerTo(denial(code, '')).body.includes('Signature expired'),
    );
    expect(saying).toEqual(['timestamp_out_of_window']);
  });
});

describe('sign', () => {
  it('covers what must be covered, in order', () => {
    const headers = [
      ...HOST,
      'Content-Type',
      'text/plain',
      'X-Amz-Target',
      'A.B',
      'X-Amz-Cf-Id',
      'c',
      'Accept',
      '*/*',
    ];
    const { headers: added } = sigv4.sign(aRequest({ headers }), aSigningKey(), {
      nowMs: NOW + 999,
      nonce: '',
    });
    expect(added).toEqual({
      'X-Amz-Date': '20261124T060000Z',
      'X-Amz-Content-Sha256': sha256(''),
      Authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=key-1\/20261124\/us-east-1\/execute-api\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target, Signature=[0-9a-f]{64}$/,
      ),
    });
  });

  it.each<[string, Partial<WireRequest>, string]>([
    ['without Host', { headers: [] }, 'key-1'],
    ['that is signed already', { headers: [...HOST, 'Authorization', 'x'] }, 'key-1'],
    ['that is dated already', { headers: [...HOST, 'x-amz-date', 'x'] }, 'key-1'],
    ['whose path is not tidy', { headers: HOST, target: '/a//b' }, 'key-1'],
    ['with a key that cannot be sent', { headers: HOST }, 'a b'],
    ['with a key that would be two fields', { headers: HOST }, 'a,b'],
    ['without a key', { headers: HOST }, ''],
  ])('throws for a request %s', (_, over, keyId) => {
    const key = aSigningKey(undefined, { keyId });
    expect(() => sigv4.sign(aRequest(over), key, { nowMs: NOW, nonce: '' })).toThrow(TypeError);
  });
});

describe('read', () => {
  it('recognises a presigned URL, to refuse it', () => {
    for (const target of ['/a?X-Amz-Signature=1', '/a?b=1&x-amz-signature=', '/?X-AMZ-SIGNATURE=1']) {
      expect(sigv4.recognises(aRequest({ target }))).toBe(true);
      expect(denialOf(sigv4.read(aRequest({ target }))).detail).toContain('presigned');
    }
    for (const target of ['/X-Amz-Signature=1', '/a?b=X-Amz-Signature', '/a?X-Amz-Signatures=1'])
      expect(sigv4.recognises(aRequest({ target }))).toBe(false);
  });

  it('recognises its scheme in any Authorization header', () => {
    const of = (...values: string[]) =>
      sigv4.recognises(aRequest({ headers: values.flatMap((value) => ['authorization', value]) }));
    expect(of('AWS4-HMAC-SHA256 x')).toBe(true);
    expect(of('Bearer x', 'AWS4-ECDSA-P256-SHA256')).toBe(true);
    for (const value of ['Bearer AWS4-', 'aws4-hmac-sha256 x', 'AWS key:sig', ''])
      expect(of(value)).toBe(false);
  });

  it('hands on day, region and service, and the whole second', () => {
    const claim = claimOf(sigv4, signed(sigv4, aRequest({ headers: HOST })));
    expect(claim).toMatchObject({ keyId: 'key-1', timestampMs: NOW });
    expect(claim.derivation).toEqual(['20261124', 'us-east-1', 'execute-api']);
  });
});

const component = fc.constantFrom(...['a', 'b', '1', '%20', '%2F', '%e2%98%83', '-', '~', "'", ':', '%2B']);
const word = fc.array(component, { maxLength: 4 }).map((parts) => parts.join(''));
const unsigned: fc.Arbitrary<WireRequest> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'DELETE'),
    path: fc.array(
      word.filter((text) => text !== ''),
      { maxLength: 3 },
    ),
    query: fc.uniqueArray(fc.tuple(word, word), {
      maxLength: 3,
      selector: ([name]) => decodeURIComponent(name),
    }),
    body: fc.uint8Array({ maxLength: 32 }),
    note: fc.constantFrom([], ['Content-Type', 'text/plain'], ['X-Amz-Meta-Note', ' a  b ']),
  })
  .map(({ path, query, note, ...rest }) => {
    const text = query.map((field) => field.join('=')).join('&');
    const target = `/${path.join('/')}${text === '' ? '' : `?${text}`}`;
    return { ...rest, target, headers: [...HOST, ...note] };
  });

describe('properties', () => {
  const credential = aCredential();
  const passes = (request: WireRequest) => {
    const claim = sigv4.read(request);
    return claim.ok && claim.keyId === credential.id && ask(sigv4, request, credential).ok;
  };
  /** What a request means, whatever its spelling. */
  const meaning = ({ method, target, body }: WireRequest) => {
    const [path, query = ''] = target.split('?');
    const fields = query.split('&').map((field) => field.split('=').map(decodeURIComponent).join('\0'));
    return JSON.stringify([method, path, fields.sort(), Buffer.from(body).toString('hex')]);
  };

  it('verifies what it signs, and nothing that means something else', () => {
    fc.assert(
      fc.property(unsigned, unsigned, (one, other) => {
        const { headers: proof } = sigv4.sign(one, aSigningKey(), { nowMs: NOW, nonce: '' });
        expect(passes({ ...one, headers: [...one.headers, ...rawHeaders(proof)] })).toBe(true);
        fc.pre(meaning(one) !== meaning(other));
        const moved = { ...other, headers: [...one.headers, ...rawHeaders(proof)] };
        expect(passes(moved)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a request with one bit of its proof flipped', () => {
    fc.assert(
      fc.property(unsigned, fc.nat(), fc.nat(), (request, which, at) => {
        const wire = signed(sigv4, request);
        const names = wire.headers.flatMap((text, i) =>
          i % 2 === 0 && (sigv4.securityHeaders.includes(text.toLowerCase()) || text === 'Host') ? [i] : [],
        );
        const index = (names[which % names.length] as number) + 1;
        const bytes = Buffer.from(wire.headers[index] as string, 'latin1');
        const byte = (at >> 3) % bytes.length;
        bytes[byte] = (bytes[byte] as number) ^ (1 << (at & 7));
        const headers = wire.headers.with(index, bytes.toString('latin1'));
        expect(passes({ ...wire, headers })).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws, on any bytes', () => {
    const name = fc.constantFrom('Authorization', 'x-amz-date', 'X-Amz-Content-Sha256', 'host', 'x', '');
    const fragment = fc.constantFrom(
      ...['AWS4-HMAC-SHA256', ' ', ',', 'Credential=', 'a/20261124/r/s/aws4_request', 'SignedHeaders='],
      ...['host;x-amz-date', 'Signature=', '0', '20261124T060000Z', '\n', '\u00e9', '\ud800', 'toString='],
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join('')),
    );
    const anyRequest = fc.record({
      method: fc.oneof(fc.constant('GET'), fc.string({ unit: 'binary', maxLength: 10 })),
      target: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.string({ unit: 'grapheme-ascii', maxLength: 30 }).map((text) => `/?${text}`),
      ),
      headers: fc.array(fc.tuple(name, value), { maxLength: 6 }).map((pairs) => pairs.flat()),
      body: fc.uint8Array({ maxLength: 8 }),
    });
    fc.assert(
      fc.property(anyRequest, (any) => {
        expect(typeof sigv4.read(any).ok).toBe('boolean');
        expect(typeof sigv4.recognises(any)).toBe('boolean');
      }),
      { numRuns: 2000 },
    );
  });
});
