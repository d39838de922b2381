import { createHash, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accepts,
  current,
  hmacKey,
  listOf,
  nowMs,
  request,
  sha256,
  TERMS,
  withHeaders,
} from '../../test/rfc9421.ts';
import type { WireRequest } from '../message.ts';
import { prehashBytes } from '../schemes/prehash.ts';
import { SCHEMES, type SchemeUse } from '../schemes/scheme.ts';
import type { SigningKey } from './dialect.ts';
import { rfc9421 } from './rfc9421.ts';
import { signatureBase } from './signature-base.ts';

describe('sign', () => {
  const context = { nowMs, nonce: 'n1' };

  it('covers method, target and digest', () => {
    const { headers: added } = rfc9421.sign(
      request({ method: 'POST', body: Buffer.from('{}') }),
      hmacKey,
      context,
    );
    expect(Object.keys(added)).toEqual(['Content-Digest', 'Signature-Input', 'Signature']);
    expect(added['Content-Digest']).toBe(`sha-256=:${sha256('{}')}:`);
    expect(added['Signature-Input']).toBe(`sig1=("@method" "@target-uri" "content-digest")${TERMS}`);
  });

  it.each(['ed25519', 'p256', 'rsa'] as const)('signs with %s what it verifies', (kind) => {
    const { publicKey, privateKey } =
      kind === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : kind === 'p256'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : generateKeyPairSync('ed25519');
    const sign: SigningKey['sign'] = (use, prehash) => {
      const { hash, ...how } = SCHEMES[use.scheme] as { hash: string | null };
      return signBytes(hash, prehashBytes(prehash), { key: privateKey, ...how }).toString('base64');
    };
    const unsigned = request({ method: 'POST', body: Buffer.from('{}') });
    const signed = withHeaders(unsigned, rfc9421.sign(unsigned, { keyId: 'k', kind, sign }, context).headers);
    const use = rfc9421.schemes[kind] as SchemeUse;
    expect(accepts(signed, { ...current, publicKey }, use)).toBe(true);
    expect(accepts({ ...signed, method: 'PUT' }, { ...current, publicKey }, use)).toBe(false);
  });

  it('covers a digest that is there already', () => {
    const digest = `sha-512=:${createHash('sha512').update('x').digest('base64')}:`;
    const unsigned = request({ headers: ['Host', 'a', 'Content-Digest', digest], body: Buffer.from('x') });
    const { headers: added } = rfc9421.sign(unsigned, hmacKey, context);
    expect(Object.keys(added)).toEqual(['Signature-Input', 'Signature']);
    expect(accepts(withHeaders(unsigned, added))).toBe(true);
  });

  it.each<[string, Partial<WireRequest>, Partial<SigningKey>, string]>([
    ['without Host', { headers: [] }, {}, 'n'],
    ['with two digests', { headers: ['Host', 'a', 'Content-Digest', 'a', 'content-digest', 'b'] }, {}, 'n'],
    ['with a bearer token', {}, { kind: 'bearer' }, 'n'],
    ['without a nonce', {}, {}, ''],
    ['with a nonce that cannot be sent', {}, {}, 'n\n'],
    ['with an id that cannot be sent', {}, { keyId: '\u00e9' }, 'n'],
  ])('throws %s', (_, over, key, nonce) => {
    expect(() => rfc9421.sign(request(over), { ...hmacKey, ...key }, { nowMs, nonce })).toThrow(TypeError);
  });
});

const ascii = (maxLength: number) => fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength });
const unsignedRequest: fc.Arbitrary<WireRequest> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  target: fc.stringMatching(
    /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/]{0,20}(\?[A-Za-z0-9\-._~!$&'()*+,;=:@/?]{0,20})?$/,
  ),
  headers: fc.domain().map((host) => ['Accept', '*/*', 'Host', host]),
  body: fc.uint8Array({ maxLength: 64 }),
  scheme: fc.constantFrom('http', 'https', undefined),
});
const signedRequest = fc
  .record({ unsigned: unsignedRequest, keyId: ascii(256), nonce: ascii(128), second: fc.nat({ max: 4e9 }) })
  .map(({ unsigned, keyId, nonce, second }) => {
    const { headers: added } = rfc9421.sign(unsigned, { ...hmacKey, keyId }, { nowMs: second * 1000, nonce });
    return { signed: withHeaders(unsigned, added), keyId, nonce, second };
  });

/** Where a bit can be flipped: the name of each part that the signature covers, or that carries it. */
const COVERED = [
  'method',
  'target',
  'body',
  'host',
  'content-digest',
  'signature-input',
  'signature',
] as const;

function flip(signed: WireRequest, part: (typeof COVERED)[number], at: number): WireRequest | undefined {
  const flipText = (text: string) => {
    const bytes = Buffer.from(text, 'latin1');
    if (bytes.length === 0) return text;
    const byte = (at >> 3) % bytes.length;
    bytes[byte] = (bytes[byte] as number) ^ (1 << (at & 7));
    return bytes.toString('latin1');
  };
  if (part === 'method' || part === 'target') return { ...signed, [part]: flipText(signed[part]) };
  if (part === 'body') {
    const body = Buffer.from(flipText(Buffer.from(signed.body).toString('latin1')), 'latin1');
    return body.length === 0 ? undefined : { ...signed, body };
  }
  const index = signed.headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === part) + 1;
  if (index === 0) return undefined;
  const value = signed.headers[index] as string;
  const flipped = flipText(value);
  // A host is the same in either case, and signed in lower case.
  if (part === 'host' && flipped.toLowerCase() === value.toLowerCase()) return undefined;
  return { ...signed, headers: signed.headers.with(index, flipped) };
}

describe('properties', () => {
  it('verifies what it signs', () => {
    fc.assert(
      fc.property(signedRequest, ({ signed, keyId, nonce, second }) => {
        expect(accepts(signed)).toBe(true);
        expect(rfc9421.read(signed)).toMatchObject({ keyId, nonce, timestampMs: second * 1000 });
        expect(rfc9421.recognises(signed)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a request with one covered bit flipped', () => {
    fc.assert(
      fc.property(signedRequest, fc.constantFrom(...COVERED), fc.nat(), ({ signed }, part, at) => {
        const flipped = flip(signed, part, at);
        fc.pre(flipped !== undefined);
        expect(accepts(flipped)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses a body that was added, cut or extended', () => {
    fc.assert(
      fc.property(signedRequest, fc.uint8Array({ maxLength: 64 }), ({ signed }, body) => {
        fc.pre(Buffer.compare(body, signed.body) !== 0);
        expect(accepts({ ...signed, body })).toBe(false);
      }),
    );
  });

  it('never throws, on any bytes', () => {
    const name = fc.constantFrom('Signature', 'signature-input', 'Content-Digest', 'host', 'x', '');
    const fragment = fc.constantFrom(
      ...[
        'sig1=',
        '(',
        ')',
        '"@method"',
        '"@target-uri"',
        '"@query-param"',
        ';name="a"',
        ';',
        ' ',
        '"x"',
        ', ',
        '"',
      ],
      ...[
        ':aGk=:',
        'sha-256=',
        ';created=1',
        ';nonce="n"',
        ';keyid="k"',
        '\r\n ',
        '\u00e9',
        '\ud800',
        '"content-digest"',
      ],
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join('')),
    );
    const anyRequest = fc.record({
      method: fc.string({ unit: 'binary', maxLength: 10 }),
      target: fc.string({ unit: 'binary', maxLength: 30 }),
      headers: fc.array(fc.tuple(name, value), { maxLength: 6 }).map((pairs) => pairs.flat()),
      body: fc.uint8Array({ maxLength: 8 }),
    });
    fc.assert(
      fc.property(anyRequest, (any) => {
        expect(typeof rfc9421.read(any).ok).toBe('boolean');
        expect(typeof rfc9421.recognises(any)).toBe('boolean');
      }),
      { numRuns: 2000 },
    );
  });

  it('builds a base or says why not, for any list', () => {
    const component = fc.constantFrom(
      ...[
        '"@method"',
        '"@path"',
        '"@query-param";name="a"',
        '"@authority"',
        '"@target-uri"',
        '"host"',
        '"x"',
        't',
        '1',
      ],
    );
    const target = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => `/?a=${text}`);
    fc.assert(
      fc.property(
        fc.array(component, { maxLength: 6 }),
        target,
        fc.string({ unit: 'binary' }),
        (list, target, x) => {
          const base = signatureBase(
            request({ target, headers: ['x', x, 'Host', 'a'] }),
            listOf(`s=(${list.join(' ')})`),
          );
          if (typeof base === 'string') expect(base.split('\n')).toHaveLength(list.length + 1);
          else expect(base.code).toBe('malformed_request');
        },
      ),
      { numRuns: 1000 },
    );
  });
});
