import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aCredential,
  aProof,
  aRequest,
  aSigningKey,
  ask,
  denialOf,
  keyRow,
  NOW,
  PASSPHRASE,
  signed,
} from '../../test/given.ts';
import type { Credential } from '../credential/credential.ts';
import type { Approval, Refusal } from '../decide/decide.ts';
import { faultInRequestLine, pathOf, queryOf, type WireRequest } from '../message.ts';
import { prehashBytes } from '../schemes/prehash.ts';
import { bitget } from './bitget.ts';
import { coinbaseExchange } from './coinbase-exchange.ts';
import type { Dialect, SigningKey } from './dialect.ts';
import { kucoin } from './kucoin.ts';
import { okx } from './okx.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaKey: SigningKey = {
  keyId: 'key-1',
  passphrase: PASSPHRASE,
  kind: 'rsa',
  sign: (_use, prehash) => sign('sha256', prehashBytes(prehash), privateKey).toString('base64'),
};
const rsaCredential = aCredential({
  proofs: [aProof({ key: keyRow(new Uint8Array(0)), publicKey })],
  profile: { kind: 'rsa' },
});

const BASE64_SECRET = Buffer.from('throwaway-secret').toString('base64');

const SIGNERS: { name: string; dialect: Dialect; key: SigningKey; credential: Credential; runs: number }[] = [
  { name: 'bitget, HMAC', dialect: bitget, key: aSigningKey(), credential: aCredential(), runs: 300 },
  { name: 'okx, HMAC', dialect: okx, key: aSigningKey(), credential: aCredential(), runs: 300 },
  { name: 'kucoin', dialect: kucoin, key: aSigningKey(), credential: aCredential(), runs: 300 },
  {
    name: 'coinbase-exchange',
    dialect: coinbaseExchange,
    key: aSigningKey(BASE64_SECRET),
    credential: aCredential({ proofs: [aProof({ key: keyRow(BASE64_SECRET) })] }),
    runs: 300,
  },
  { name: 'bitget, RSA', dialect: bitget, key: rsaKey, credential: rsaCredential, runs: 40 },
];

const part = fc.string({
  unit: fc.constantFrom('a', 'Z', '0', '-', '/', '.', '%20', '%C3%A9', '%26', '+', "'", ',', '~'),
});
const pair = fc.tuple(part, part).map(([name, value]) => `${name}=${value}`);
const target = fc
  .tuple(
    part,
    fc.option(
      fc.array(pair, { maxLength: 4 }).map((pairs) => pairs.join('&')),
      { nil: undefined },
    ),
  )
  .map(([path, query]) => (query === undefined ? `/${path}` : `/${path}?${query}`));
const nowMs = fc.integer({ min: 1_000, max: 4_102_444_800_000 });

const request: fc.Arbitrary<WireRequest> = fc.oneof(
  fc
    .tuple(fc.constantFrom('GET', 'HEAD', 'OPTIONS'), target)
    .map(([method, to]) => aRequest({ method, target: to })),
  fc
    .tuple(fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE'), target, fc.uint8Array({ maxLength: 200 }))
    .map(([method, to, body]) =>
      // Not every dialect has a DELETE with both.
      aRequest({
        method,
        target: to,
        body: method === 'DELETE' && to.includes('?') ? Buffer.alloc(0) : body,
      }),
    ),
);

function flipBit(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const i = (at >> 3) % copy.length;
  copy[i] = (copy[i] as number) ^ (1 << (at & 7));
  return copy;
}

function flipInText(text: string, at: number): string {
  return flipBit(Buffer.from(text, 'latin1'), at).toString('latin1');
}

/** The request with one bit of one header's value flipped. */
function withHeader(sent: WireRequest, name: string, change: (value: string) => string): WireRequest {
  const headers = sent.headers.map((text, i) =>
    sent.headers[i - 1] === name && i % 2 === 1 ? change(text) : text,
  );
  return { ...sent, headers };
}

describe.each(SIGNERS)('$name', ({ dialect, key, credential, runs }) => {
  const [keyName, signName, timeName, passName] = Object.keys(
    dialect.sign(aRequest(), key, { nowMs: NOW, nonce: '' }).headers,
  ) as [string, string, string, string];
  const verify = (sent: WireRequest, now: number): Approval | Refusal =>
    ask(dialect, sent, credential, { nowMs: now });

  it('what we sign, we verify, by the wire', () => {
    fc.assert(
      fc.property(request, nowMs, (unsigned, now) => {
        expect(verify(signed(dialect, unsigned, key, now), now)).toMatchObject({ ok: true, matched: 'wire' });
      }),
      { numRuns: runs },
    );
  });

  it('a flipped bit of the body is refused', () => {
    fc.assert(
      fc.property(request, fc.nat(), (unsigned, at) => {
        fc.pre(unsigned.body.length > 0);
        const sent = signed(dialect, unsigned, key);
        expect(denialOf(verify({ ...sent, body: flipBit(sent.body, at) }, NOW)).code).toBe(
          'signature_mismatch',
        );
      }),
      { numRuns: runs },
    );
  });

  it('a flipped bit of the method is refused', () => {
    fc.assert(
      fc.property(request, fc.nat(), (unsigned, at) => {
        const sent = signed(dialect, unsigned, key);
        const method = flipInText(sent.method, at);
        expect(denialOf(verify({ ...sent, method }, NOW)).code).toBe('signature_mismatch');
      }),
      { numRuns: runs },
    );
  });

  it('a flipped bit of the target is refused, or spells the same query', () => {
    const meaning = (text: string) => [pathOf(text), [...new URLSearchParams(`&${queryOf(text)}`)]];
    fc.assert(
      fc.property(request, fc.nat(), (unsigned, at) => {
        const sent = signed(dialect, unsigned, key);
        const changed = { ...sent, target: flipInText(sent.target, at) };
        const result = verify(changed, NOW);
        if (result.ok) {
          expect(result.matched).not.toBe('wire');
          expect(meaning(changed.target)).toEqual(meaning(sent.target));
        } else {
          // A `?` that comes out of it may make a form that the dialect does not have.
          expect(['signature_mismatch', 'malformed_request']).toContain(result.denial.code);
        }
      }),
      { numRuns: runs },
    );
  });

  it('a flipped bit of any header is refused', () => {
    const expected = {
      [keyName]: [],
      [signName]: ['signature_mismatch'],
      [timeName]: ['signature_mismatch', 'timestamp_invalid', 'timestamp_out_of_window'],
      [passName]: ['passphrase_mismatch'],
    };
    const sent = signed(dialect, aRequest(), key);
    for (const [name, codes] of Object.entries(expected)) {
      for (let at = 0; at < 8 * (sent.headers[sent.headers.indexOf(name) + 1] as string).length; at++) {
        const changed = withHeader(sent, name, (value) => flipInText(value, at));
        const claim = dialect.read(changed);
        if (name === keyName) expect(claim.ok && claim.keyId).not.toBe('key-1');
        else expect(codes).toContain(denialOf(verify(changed, NOW)).code);
      }
    }
  });

  it('a signature is good for its own request only', () => {
    fc.assert(
      fc.property(request, request, (one, other) => {
        fc.pre(
          one.method !== other.method ||
            !Buffer.from(one.body).equals(other.body) ||
            pathOf(one.target) !== pathOf(other.target),
        );
        const together = (r: WireRequest) =>
          r.method + r.target.replace(/\?$/, '') + Buffer.from(r.body).toString('latin1');
        fc.pre(together(one) !== together(other));
        const { headers } = signed(dialect, one, key);
        expect(denialOf(verify({ ...other, headers }, NOW)).code).toBe('signature_mismatch');
      }),
      { numRuns: runs },
    );
  });

  it('a JSON object cannot be moved over the end of the target', () => {
    const isObject = (text: string): boolean => {
      try {
        const value: unknown = JSON.parse(text);
        return typeof value === 'object' && value !== null;
      } catch {
        return false;
      }
    };
    const body = fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(fc.string(), fc.integer()), {
      minKeys: 1,
    });
    fc.assert(
      fc.property(target, body, (to, content) => {
        const text = JSON.stringify(content);
        const sent = signed(dialect, aRequest({ method: 'POST', target: to, body: Buffer.from(text) }), key);
        const both = to + text;
        for (let cut = 1; cut <= both.length; cut++) {
          if (cut === to.length || faultInRequestLine('POST', both.slice(0, cut)) !== undefined) continue;
          expect(isObject(both.slice(cut)) || cut === both.length).toBe(false);
        }
        for (const encode of [encodeURI, encodeURIComponent]) {
          const moved = { ...sent, target: to + encode(text), body: Buffer.alloc(0) };
          expect(denialOf(verify(moved, NOW)).code).toBe('signature_mismatch');
        }
      }),
      { numRuns: runs },
    );
  });
});

describe.each([bitget, okx, kucoin, coinbaseExchange])('$name: read', (dialect) => {
  const names = dialect.securityHeaders.flatMap((name) => [name, name.toUpperCase()]);
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  );
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('1795500000000', '1795500000.5', '2026-11-24T06:00:00.000Z', '3', 'key', ''),
  );
  const wire = fc.record({
    method: fc.oneof(fc.constantFrom('GET', 'POST'), fc.string({ unit: 'binary' })),
    target: fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `/a?${text}`),
    ),
    headers: fc.array(fc.tuple(name, value), { maxLength: 8 }).map((pairs) => pairs.flat()),
    body: fc.uint8Array({ maxLength: 50 }),
  });
  const complete = fc.tuple(wire, value, value, value, value, value).map(([request, ...values]) => ({
    ...request,
    headers: dialect.securityHeaders.flatMap((header, i) => [header, values[i] as string]),
  }));

  it('never throws, on any bytes, nor does anything that follows from it', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.oneof(wire, complete), (sent) => {
        dialect.recognises(sent);
        const claim = dialect.read(sent);
        seen.add(claim.ok ? 'ok' : claim.code);
        if (claim.ok) claim.alternatives?.();
        const result = ask(dialect, sent, aCredential());
        expect(result.ok).toBe(false);
        dialect.refuse(denialOf(result), { nowMs: NOW, requestId: '' });
      }),
      { numRuns: 2000 },
    );
    expect([...seen].sort()).toEqual(['credential_missing', 'malformed_request', 'ok', 'timestamp_invalid']);
  });
});
