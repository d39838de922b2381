import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aCredential, aProof, aRequest, aSigningKey, ask, denialOf, NOW, signed } from '../../test/given.ts';
import { mintBearerToken, mintId } from '../credential/id.ts';
import { sha256Hex } from '../schemes/hmac.ts';
import { bearer, lookupOfForeignToken } from './bearer.ts';

const random = (bytes: number) => randomBytes(bytes);
const id = mintId('live', Buffer.from('tag key'), random);
const token = mintBearerToken(id, random);
const ours = aCredential({
  id,
  proofs: [aProof({ tokenHash: sha256Hex(token) })],
  profile: { kind: 'bearer' },
});
const withHeader = (value: string) => aRequest({ headers: ['Authorization', value] });
const keyOf = (presented: string) => aSigningKey(undefined, { kind: 'bearer', sign: () => presented });

const foreign = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'aZ09-._~+/'), minLength: 1, maxLength: 400 }),
    fc.nat({ max: 2 }),
  )
  .map(([text, padding]) => text + '='.repeat(padding));

describe('bearer', () => {
  it('what we sign, we verify', () => {
    expect(ask(bearer, signed(bearer, aRequest(), keyOf(token)), ours)).toMatchObject({
      ok: true,
      matched: 'wire',
    });
  });

  it('looks ours up by the id inside, and any other by its hash', () => {
    fc.assert(
      fc.property(foreign, (other) => {
        const claim = bearer.read(withHeader(`Bearer ${other}`));
        expect(claim).toMatchObject({
          ok: true,
          keyId: lookupOfForeignToken(other),
          signature: other,
          prehash: [],
        });
        expect(lookupOfForeignToken(other)).toBe(`sha256:${sha256Hex(other)}`);
      }),
    );
    expect(bearer.read(withHeader(`Bearer ${token}`))).toMatchObject({ ok: true, keyId: id });
  });

  it('refuses a token with any bit flipped', () => {
    const bytes = Buffer.from(token);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const other = Buffer.from(bytes);
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
      const result = ask(bearer, withHeader(`Bearer ${other.toString('latin1')}`), ours);
      expect(['signature_mismatch', 'malformed_request']).toContain(denialOf(result).code);
    }
  });

  it('refuses every other token', () => {
    fc.assert(
      fc.property(foreign, (other) => {
        expect(denialOf(ask(bearer, withHeader(`Bearer ${other}`), ours)).code).toBe('signature_mismatch');
      }),
    );
  });

  it('never throws, on any headers, nor does anything that follows from it', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `Bearer ${text}`),
      foreign,
    );
    const name = fc.constantFrom('authorization', 'Authorization', 'x');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 3 }), fc.uint8Array(), (pairs, body) => {
        const sent = aRequest({ headers: pairs.flat(), body });
        bearer.recognises(sent);
        const result = ask(bearer, sent, ours);
        bearer.refuse(denialOf(result), { nowMs: NOW, requestId: '' });
      }),
      { numRuns: 1000 },
    );
  });
});
