import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../../../../vectors/secp256k1-recovery.json' with { type: 'json' };
import { addressOfPrivateKey, recoverAddress, signRecoverably } from './secp256k1.ts';

const bytesOf = (hex: string) => Buffer.from(hex.slice(2), 'hex');
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const word = (value: bigint) => value.toString(16).padStart(64, '0');
const signature = (r: bigint, s: bigint, v: number) => `0x${word(r)}${word(s)}${v.toString(16)}`;

describe('addressOfPrivateKey', () => {
  it.each([...vectors.addresses, ...vectors.signatures])('of $privateKey is $address', (vector) => {
    expect(addressOfPrivateKey(bytesOf(vector.privateKey))).toBe(vector.address);
  });

  it.each([0n, ORDER, 2n ** 256n - 1n])('throws for %i, which is no key', (number) => {
    expect(() => addressOfPrivateKey(Buffer.from(word(number), 'hex'))).toThrow();
  });
});

describe.each(vectors.signatures)('$name', ({ prehashHex, privateKey, address, ...vector }) => {
  const prehash = () => [Buffer.from(prehashHex, 'hex')];
  const [r, s] = [vector.signature.slice(2, 66), vector.signature.slice(66, 130)].map((hex) =>
    BigInt(`0x${hex}`),
  ) as [bigint, bigint];
  const v = Number.parseInt(vector.signature.slice(130), 16);

  it('is recovered, and made', () => {
    expect(recoverAddress(prehash(), vector.signature)).toBe(address);
    expect(signRecoverably(bytesOf(privateKey), prehash())).toBe(vector.signature);
  });

  it('has one spelling: the other s, and the other recovery value, prove nothing', () => {
    expect(recoverAddress(prehash(), signature(r, s, v))).toBe(address);
    expect(recoverAddress(prehash(), signature(r, ORDER - s, 55 - v))).toBeUndefined();
    expect(recoverAddress(prehash(), signature(r, s, 55 - v))).not.toBe(address);
    for (const other of [0, 1, v - 27, 29, 30, 35, 37, 255])
      expect(recoverAddress(prehash(), signature(r, s, other))).toBeUndefined();
    expect(recoverAddress(prehash(), vector.signature.toUpperCase().replace('0X', '0x'))).toBeUndefined();
  });

  it('proves another address, or none, for another prehash', () => {
    const text = [Buffer.from(prehashHex, 'hex'), ' '];
    expect(recoverAddress(text, vector.signature)).not.toBe(address);
  });

  it('keeps what it found by prehash and signature', () => {
    const same = prehash();
    expect(recoverAddress(same, vector.signature)).toBe(address);
    expect(recoverAddress(same, signature(r, ORDER - s, 55 - v))).toBeUndefined();
    expect(recoverAddress(same, vector.signature)).toBe(address);
    expect(recoverAddress(same, vector.signature)).toBe(address);
  });
});

describe('recoverAddress', () => {
  it.each([
    ['r of zero', signature(0n, 1n, 27)],
    ['s of zero', signature(1n, 0n, 27)],
    ['r of the order', signature(ORDER, 1n, 27)],
    ['r beyond the order', signature(2n ** 256n - 1n, 1n, 28)],
    ['s of half the order and more', signature(1n, ORDER / 2n + 1n, 27)],
    ['an r that is no point of the curve', signature(5n, 1n, 27)],
    ['nothing', ''],
    ['no prefix', '0'.repeat(132)],
    ['a digit too few', `0x${'1'.repeat(129)}`],
    ['a digit too many', `0x${'1'.repeat(131)}`],
    ['a line break', `${signature(1n, 1n, 27)}\n`],
  ])('refuses %s', (_, text) => expect(recoverAddress(['a'], text)).toBeUndefined());

  it('recovers what was signed, and never throws', () => {
    const key = fc.bigInt({ min: 1n, max: ORDER - 1n }).map((number) => Buffer.from(word(number), 'hex'));
    fc.assert(
      fc.property(key, fc.uint8Array({ maxLength: 40 }), (privateKey, bytes) => {
        const made = signRecoverably(privateKey, [bytes]);
        expect(made).toMatch(/^0x[0-9a-f]{128}1[bc]$/);
        expect(recoverAddress([bytes], made)).toBe(addressOfPrivateKey(privateKey));
      }),
      { numRuns: 25 },
    );
    const digits = fc.uint8Array({ minLength: 65, maxLength: 65 });
    fc.assert(
      fc.property(fc.oneof(digits, fc.string({ unit: 'binary' })), (any) => {
        const text = typeof any === 'string' ? any : `0x${Buffer.from(any).toString('hex')}`;
        expect(recoverAddress(['a'], text) ?? '0x').toMatch(/^0x/);
      }),
    );
  });
});
