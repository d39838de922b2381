import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hmac } from './hmac.ts';
import { type KeyRow, KeySlab, MAX_PASSPHRASE_BYTES, MAX_SECRET_BYTES } from './key-slab.ts';

const SHAPES = [
  { name: 'narrow', secret: Buffer.alloc(64, 'S'), passphrase: 'P'.repeat(32), words: 24 },
  { name: 'wide', secret: Buffer.alloc(256, 'S'), passphrase: 'P'.repeat(64), words: 80 },
];

function wordsOf(row: KeyRow, count: number): Uint32Array {
  return row.words.subarray(row.firstWord, row.firstWord + count);
}

describe.each(SHAPES)('a $name row', ({ secret, passphrase, words }) => {
  it('keeps the secret and the passphrase', () => {
    const row = new KeySlab().store(secret, passphrase);
    expect(row.length).toBe(secret.length);
    expect(row.copyBytes()).toEqual(secret);
    expect(row.hasPassphrase).toBe(true);
    expect(row.passphraseEquals(passphrase)).toBe(true);
    expect(row.passphraseEquals(passphrase.slice(1))).toBe(false);
    expect(row.passphraseEquals(`${passphrase}P`)).toBe(false);
    expect(row.passphraseEquals(`${passphrase.slice(1)}p`)).toBe(false);
    expect(row.passphraseEquals('')).toBe(false);
  });

  it('is a copy: the caller may overwrite its own', () => {
    const own = Buffer.from(secret);
    const row = new KeySlab().store(own, passphrase);
    own.fill(0);
    expect(row.copyBytes()).toEqual(secret);
    row.copyBytes().fill(0);
    expect(row.copyBytes()).toEqual(secret);
  });

  it('is overwritten with zeros when it is released', () => {
    const row = new KeySlab().store(secret, passphrase);
    const memory = wordsOf(row, words);
    expect(memory.every((word) => word !== 0)).toBe(true);
    row.release();
    expect(memory.every((word) => word === 0)).toBe(true);
  });

  it('leaves its neighbours alone when it is released', () => {
    const slab = new KeySlab();
    const rows = ['A', 'B', 'C'].map((c) =>
      slab.store(Buffer.alloc(secret.length, c), c.repeat(passphrase.length)),
    );
    rows[1]?.release();
    expect(rows[0]?.copyBytes().toString()).toBe('A'.repeat(secret.length));
    expect(rows[2]?.copyBytes().toString()).toBe('C'.repeat(secret.length));
    expect(rows[0]?.passphraseEquals('A'.repeat(passphrase.length))).toBe(true);
    expect(rows[2]?.passphraseEquals('C'.repeat(passphrase.length))).toBe(true);
  });

  it('is given to the next, with nothing left of the one before', () => {
    const slab = new KeySlab();
    const first = slab.store(secret, passphrase);
    const place = first.firstWord;
    first.release();
    const sameShape = slab.store(Buffer.alloc(secret.length === 64 ? 1 : 65, 'n'), 'p');
    expect(sameShape.firstWord).toBe(place);
    const memory = wordsOf(sameShape, words);
    const text = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength).toString('latin1');
    expect(text.replace(/^n+/, '')).toMatch(/^\0+p\0+$/);
    expect(sameShape.copyBytes().every((byte) => byte === 'n'.charCodeAt(0))).toBe(true);
    expect(sameShape.passphraseEquals('p')).toBe(true);
    expect(sameShape.passphraseEquals(passphrase)).toBe(false);
  });

  it('throws at every use after its release, also when its place has a new tenant', () => {
    const slab = new KeySlab();
    const row = slab.store(secret, passphrase);
    row.release();
    slab.store(secret, passphrase);
    const uses = [
      () => row.length,
      () => row.firstWord,
      () => row.copyBytes(),
      () => row.hasPassphrase,
      () => row.passphraseEquals(passphrase),
      () => hmac('sha256', row, ['x'], 'hex'),
      () => hmac('sha512', row, ['x'.repeat(20_000)], 'hex'),
    ];
    for (const use of uses) expect(use).toThrow(new TypeError('key material was used after its release'));
  });

  it('can be released twice: the second time nothing happens to the new tenant', () => {
    const slab = new KeySlab();
    const row = slab.store(secret, passphrase);
    row.release();
    const tenant = slab.store(secret, passphrase);
    row.release();
    expect(tenant.copyBytes()).toEqual(secret);
    const another = slab.store(Buffer.from('another'));
    expect(tenant.copyBytes()).toEqual(secret);
    expect(another.copyBytes().toString()).toBe('another');
  });

  it('does not show itself', () => {
    const row = new KeySlab().store(secret, passphrase);
    const shown = [
      String(row),
      `${row}`,
      JSON.stringify({ row }),
      inspect({ row }, { depth: 9 }),
      inspect(row, { showHidden: true, customInspect: false, depth: 9, getters: true }),
      JSON.stringify(Object.entries(row)),
    ];
    for (const text of shown) expect(text).not.toMatch(/SS|PP|83, 83|53 53/);
    expect(String(row)).toBe('[redacted key]');
    expect(JSON.stringify(row)).toBe('"[redacted key]"');
    expect(inspect(row)).toBe('[redacted key]');
  });
});

describe('KeySlab', () => {
  it('does not show its keys', () => {
    const slab = new KeySlab();
    slab.store(Buffer.alloc(64, 'S'), 'PPPP');
    expect(inspect(slab, { showHidden: true, depth: 9 })).not.toMatch(/SS|PP|83/);
    expect(JSON.stringify(slab)).toBe('{}');
  });

  it('keeps a passphrase without a secret, and a secret without a passphrase', () => {
    const slab = new KeySlab();
    const passphraseOnly = slab.store(new Uint8Array(0), 'p');
    expect(passphraseOnly.length).toBe(0);
    expect(passphraseOnly.passphraseEquals('p')).toBe(true);
    const secretOnly = slab.store(Buffer.from('s'));
    expect(secretOnly.hasPassphrase).toBe(false);
    expect(secretOnly.passphraseEquals('')).toBe(false);
    expect(secretOnly.passphraseEquals('\0')).toBe(false);
  });

  it('keeps passphrases of one byte a character', () => {
    const row = new KeySlab().store(new Uint8Array(0), 'pässwörd\u00ff\0');
    expect(row.passphraseEquals('pässwörd\u00ff\0')).toBe(true);
    expect(row.passphraseEquals('password\u00ff\0')).toBe(false);
  });

  it.each(['\u0141BC', 'AB乌', '🐢'])('refuses a passphrase whose characters need more: %s', (passphrase) => {
    expect(() => new KeySlab().store(Buffer.from('s'), passphrase)).toThrow(RangeError);
  });

  it('refuses what is too long, and says no part of it', () => {
    const slab = new KeySlab();
    const secret = Buffer.alloc(MAX_SECRET_BYTES + 1, 'S');
    expect(() => slab.store(secret)).toThrow(new RangeError('a secret has at most 256 bytes'));
    const passphrase = 'P'.repeat(MAX_PASSPHRASE_BYTES + 1);
    expect(() => slab.store(Buffer.from('s'), passphrase)).toThrow(
      new RangeError('a passphrase has at most 64 characters'),
    );
  });

  it('takes the narrow row as long as both fit', () => {
    const slab = new KeySlab();
    const narrow = slab.store(Buffer.alloc(64), 'p'.repeat(32));
    const others = [slab.store(Buffer.alloc(65), ''), slab.store(Buffer.alloc(1), 'p'.repeat(33))];
    for (const wide of others) expect(wide.words).not.toBe(narrow.words);
    expect(slab.store(Buffer.alloc(0)).words).toBe(narrow.words);
  });

  it('costs a hundred bytes a key, not an object of its own memory', () => {
    const slab = new KeySlab();
    const rows = Array.from({ length: 4096 }, () => slab.store(randomBytes(32), 'passphrase'));
    const memory = new Set(rows.map((row) => row.words.buffer));
    expect(memory.size).toBe(1);
    expect((rows[0] as KeyRow).words.byteLength).toBe(4096 * 96);
    expect(slab.store(randomBytes(32)).words).not.toBe(rows[0]?.words);
  });

  it('uses freed rows again before it takes more memory', () => {
    const slab = new KeySlab();
    const rows = Array.from({ length: 3 * 4096 }, () => slab.store(randomBytes(16)));
    const memory = new Set(rows.map((row) => row.words));
    expect(memory.size).toBe(3);
    for (const row of rows) row.release();
    const again = Array.from({ length: 3 * 4096 }, () => slab.store(randomBytes(16)));
    expect(new Set([...memory, ...again.map((row) => row.words)]).size).toBe(3);
  });
});
