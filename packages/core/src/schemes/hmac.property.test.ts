import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DigestEncoding, type HashName, hmac, sha256Hex } from './hmac.ts';
import { KeySlab } from './key-slab.ts';
import { type Prehash, prehashBytes } from './prehash.ts';

const HASHES: HashName[] = ['sha256', 'sha384', 'sha512'];
const ENCODINGS: DigestEncoding[] = ['base64', 'hex'];
const slab = new KeySlab();

function expected(hash: HashName, key: Uint8Array, prehash: Prehash, encoding: DigestEncoding): string {
  return createHmac(hash, key).update(prehashBytes(prehash)).digest(encoding);
}

const hash = fc.constantFrom(...HASHES);
const encoding = fc.constantFrom(...ENCODINGS);
const key = fc.uint8Array({ maxLength: 256, size: 'max' });
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', 'é', '乌', '🐢', '\ud83d', '\udc22', '\0') }),
);
const part = fc.oneof(text, fc.uint8Array({ maxLength: 300, size: 'max' }));

describe('hmac', () => {
  it('is what createHmac computes, for any key, split and encoding', () => {
    fc.assert(
      fc.property(hash, encoding, key, fc.array(part, { maxLength: 6 }), (name, enc, bytes, prehash) => {
        const row = slab.store(bytes);
        expect(hmac(name, row, prehash, enc)).toBe(expected(name, bytes, prehash, enc));
        row.release();
      }),
      { numRuns: 1000 },
    );
  });

  it.each(HASHES)('%s: is right for every key length from 0 to 256, in narrow and wide rows', (name) => {
    for (let length = 0; length <= 256; length++) {
      const bytes = Buffer.alloc(length, length + 1);
      for (const passphrase of ['', 'p'.repeat(32), 'p'.repeat(33), 'p'.repeat(64)]) {
        const row = slab.store(bytes, passphrase);
        expect(hmac(name, row, ['ts', 'GET/'], 'hex')).toBe(expected(name, bytes, ['ts', 'GET/'], 'hex'));
        row.release();
      }
    }
  });

  it.each(HASHES)('%s: is right on both sides of the longest prehash that takes the fast way', (name) => {
    const bytes = Buffer.alloc(40, 7);
    const row = slab.store(bytes);
    for (const size of [16_382, 16_383, 16_384, 16_385, 16_447, 16_448, 16_449, 16_512, 16_513, 40_000]) {
      for (const prehash of [
        [Buffer.alloc(size, 'x')],
        ['x'.repeat(size)],
        ['head', Buffer.alloc(size - 4, 'x')],
        [Buffer.alloc(size - 4, 'x'), 'tail'],
        ['é'.repeat(size >> 1)],
        ['乌'.repeat(Math.ceil(size / 3))],
        ['a'.repeat(5461), '🐢'.repeat(2000), Buffer.alloc(3000)],
      ]) {
        expect(hmac(name, row, prehash, 'base64')).toBe(expected(name, bytes, prehash, 'base64'));
      }
    }
  });

  it('is right for long prehashes in random parts', () => {
    const long = fc.oneof(
      fc.nat({ max: 12_000 }).map((length) => Buffer.alloc(length, length)),
      fc.tuple(fc.nat({ max: 6000 }), fc.constantFrom('a', 'é', '乌', '\ud83d')).map(([n, c]) => c.repeat(n)),
    );
    fc.assert(
      fc.property(hash, encoding, key, fc.array(long, { maxLength: 5 }), (name, enc, bytes, prehash) => {
        const row = slab.store(bytes);
        expect(hmac(name, row, prehash, enc)).toBe(expected(name, bytes, prehash, enc));
        row.release();
      }),
    );
  });

  it('takes a lone surrogate for U+FFFD, as UTF-8 has no other way', () => {
    const row = slab.store(Buffer.from('k'));
    expect(hmac('sha256', row, ['a\ud83d'], 'hex')).toBe(hmac('sha256', row, ['a\ufffd'], 'hex'));
    expect(hmac('sha256', row, ['\ud83d', '\udc22'], 'hex')).toBe(
      hmac('sha256', row, ['\ufffd\ufffd'], 'hex'),
    );
    expect(hmac('sha256', row, ['\ud83d\udc22'], 'hex')).not.toBe(
      hmac('sha256', row, ['\ufffd\ufffd'], 'hex'),
    );
  });

  it('does not depend on what was computed before', () => {
    const calls = fc.array(fc.record({ name: hash, enc: encoding, bytes: key, prehash: fc.array(part) }), {
      minLength: 2,
    });
    fc.assert(
      fc.property(calls, (sequence) => {
        const rows = sequence.map(({ bytes }) => slab.store(bytes));
        sequence.forEach(({ name, enc, bytes, prehash }, i) => {
          expect(hmac(name, rows[i] as (typeof rows)[number], prehash, enc)).toBe(
            expected(name, bytes, prehash, enc),
          );
        });
        for (const row of rows) row.release();
      }),
    );
  });

  it('throws for a released key instead of signing with the next tenant', () => {
    const released = slab.store(Buffer.from('first'));
    released.release();
    slab.store(Buffer.from('second'));
    expect(() => hmac('sha256', released, ['x'], 'hex')).toThrow(/after its release/);
  });
});

describe('prehashBytes', () => {
  it('joins texts as UTF-8 and bytes as they are', () => {
    expect(prehashBytes(['é', Uint8Array.of(0xff, 0), '']).toString('hex')).toBe('c3a9ff00');
    expect(prehashBytes([])).toHaveLength(0);
  });
});

describe('sha256Hex', () => {
  it('is what createHash computes over UTF-8', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(sha256Hex(value)).toBe(createHash('sha256').update(Buffer.from(value, 'utf8')).digest('hex'));
      }),
    );
  });
});
