import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KeyringError } from '../ports/keyring.ts';
import { unwrapKey, wrapKey } from './key-wrap.ts';

/** RFC 3394 section 4.6: 256 bits of key data with a 256-bit key. */
const KEK = Buffer.from('000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F', 'hex');
const KEY_DATA = Buffer.from('00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F', 'hex');
const CIPHERTEXT = '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21';

describe('AES key wrap', () => {
  it('gives the answer of RFC 3394 section 4.6, both ways', () => {
    const wrapped = wrapKey('kek', KEK, KEY_DATA);
    expect(wrapped).toMatchObject({ kekId: 'kek' });
    expect(Buffer.from(wrapped.bytes).toString('hex')).toBe(CIPHERTEXT);
    expect(Buffer.from(unwrapKey(KEK, wrapped)).equals(KEY_DATA)).toBe(true);
  });

  it('wraps keys of 32 bytes only', () => {
    for (const length of [0, 16, 24, 31, 33, 40, 64]) {
      expect(() => wrapKey('kek', KEK, randomBytes(length)), `${length} bytes`).toThrow(KeyringError);
    }
  });

  it('looks at the size before it unwraps', () => {
    const { bytes } = wrapKey('kek', KEK, KEY_DATA);
    for (const length of [0, 8, 16, 24, 32, 39, 41, 48, 1024]) {
      const wrong = Buffer.concat([bytes, Buffer.alloc(1024)]).subarray(0, length);
      expect(() => unwrapKey(KEK, { kekId: 'kek', bytes: wrong })).toThrow(`has 40 bytes, not ${length}`);
    }
  });

  it('refuses a wrapped key with any bit flipped, and another key', () => {
    const { bytes } = wrapKey('kek', KEK, KEY_DATA);
    for (let at = 0; at < bytes.length * 8; at++) {
      const changed = Buffer.from(bytes);
      changed[at >> 3] = (changed[at >> 3] as number) ^ (1 << (at & 7));
      expect(() => unwrapKey(KEK, { kekId: 'kek', bytes: changed }), `bit ${at}`).toThrow(KeyringError);
    }
    expect(() => unwrapKey(randomBytes(32), { kekId: 'kek', bytes })).toThrow('does not unwrap under kek');
  });
});
