import { createPublicKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import rfc4231 from '../../../../vectors/rfc4231-hmac.json' with { type: 'json' };
import rfc8032 from '../../../../vectors/rfc8032-ed25519.json' with { type: 'json' };
import { type HashName, hmac } from './hmac.ts';
import { KeySlab } from './key-slab.ts';
import type { Prehash } from './prehash.ts';
import { proves, type SchemeName } from './scheme.ts';

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const proof = { version: 1, retiresAt: Number.POSITIVE_INFINITY };

/** The same bytes in one part, in three, and as text where they are ASCII. */
function spellings(data: Buffer): Prehash[] {
  const isAscii = data.every((byte) => byte < 0x80);
  const third = Math.floor(data.length / 3);
  const parts = [data.subarray(0, third), data.subarray(third, 2 * third), data.subarray(2 * third)];
  return [[data], parts, ...(isAscii ? [[data.toString('latin1')]] : [])];
}

describe('RFC 4231: HMAC-SHA-256, -384 and -512', () => {
  const slab = new KeySlab();
  const run = rfc4231.cases.filter((vector) => vector.skip === undefined);

  it.each(run)('$name', ({ hash, keyHex, dataHex, macHex }) => {
    const key = slab.store(bytes(keyHex));
    const use = { scheme: `hmac-${hash}` as SchemeName, encoding: 'hex' } as const;
    for (const prehash of spellings(bytes(dataHex))) {
      expect(hmac(hash as HashName, key, prehash, 'hex')).toBe(macHex);
      expect(proves(use, { ...proof, key }, prehash, macHex)).toBe(true);
      expect(hmac(hash as HashName, key, prehash, 'base64')).toBe(bytes(macHex).toString('base64'));
    }
  });

  // Test case 5, three times: its MACs are truncated to 128 bits.
  it('skips three cases, and a truncated MAC does not prove', () => {
    const skipped = rfc4231.cases.filter((vector) => vector.skip !== undefined);
    expect(skipped).toHaveLength(3);
    expect(run).toHaveLength(18);
    for (const { hash, keyHex, dataHex, macHex } of skipped) {
      const key = slab.store(bytes(keyHex));
      const prehash = [bytes(dataHex)];
      expect(hmac(hash as HashName, key, prehash, 'hex').startsWith(macHex)).toBe(true);
      const use = { scheme: `hmac-${hash}` as SchemeName, encoding: 'hex' } as const;
      expect(proves(use, { ...proof, key }, prehash, macHex)).toBe(false);
    }
  });
});

describe('RFC 8032 section 7.1: Ed25519', () => {
  const use = { scheme: 'ed25519', encoding: 'hex' } as const;

  it('has all five cases', () => expect(rfc8032.cases).toHaveLength(5));

  it.each(rfc8032.cases)('$name', ({ publicKeyHex, messageHex, signatureHex }) => {
    const publicKey = ed25519PublicKey(publicKeyHex);
    for (const prehash of spellings(bytes(messageHex))) {
      expect(proves(use, { ...proof, publicKey }, prehash, signatureHex)).toBe(true);
    }
    const longer = Buffer.concat([bytes(messageHex), bytes('00')]);
    expect(proves(use, { ...proof, publicKey }, [longer], signatureHex)).toBe(false);
    const base64 = bytes(signatureHex).toString('base64');
    expect(proves({ ...use, encoding: 'base64' }, { ...proof, publicKey }, [bytes(messageHex)], base64)).toBe(
      true,
    );
  });

  it('refuses every signature with one bit flipped', () => {
    const { publicKeyHex, messageHex, signatureHex } = rfc8032.cases[2] as (typeof rfc8032.cases)[number];
    const publicKey = ed25519PublicKey(publicKeyHex);
    for (let bit = 0; bit < 512; bit++) {
      const signature = bytes(signatureHex);
      signature[bit >> 3] = (signature[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(proves(use, { ...proof, publicKey }, [bytes(messageHex)], signature.toString('hex'))).toBe(
        false,
      );
    }
  });
});

function ed25519PublicKey(hex: string): KeyObject {
  const x = bytes(hex).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
