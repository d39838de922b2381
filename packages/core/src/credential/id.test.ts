import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../../../../vectors/ids.json' with { type: 'json' };
import { isBase64Secret } from '../schemes/mac-key.ts';
import { base62, randomBase62 } from './base62.ts';
import { crc32 } from './crc32.ts';
import {
  environmentOf,
  hasChecksum,
  hasIdForm,
  idInToken,
  isIssuedId,
  mintBase64Secret,
  mintBearerToken,
  mintHmacSecret,
  mintId,
} from './id.ts';

const tagKey = Buffer.from(vectors.tagKeyHex, 'hex');
const random = (bytes: number) => randomBytes(bytes);
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('crc32', () => {
  it.each(vectors.crc32)('of $text is $hex', ({ text, hex }) => {
    expect(crc32(text).toString(16).padStart(8, '0')).toBe(hex);
  });

  it('changes with any single bit', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'binary-ascii' }),
        fc.nat(),
        fc.nat({ max: 6 }),
        (text, at, bit) => {
          const i = at % text.length;
          const other = String.fromCharCode(text.charCodeAt(i) ^ (1 << bit));
          expect(crc32(text.slice(0, i) + other + text.slice(i + 1))).not.toBe(crc32(text));
        },
      ),
    );
  });
});

describe('base62', () => {
  it.each(vectors.base62)('of $value in $width characters is $text', ({ value, width, text }) => {
    expect(base62(BigInt(value), width)).toBe(text);
  });

  it('can be read back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (value) => {
        const read = [...base62(value, 11)].reduce((sum, c) => sum * 62n + BigInt(ALPHABET.indexOf(c)), 0n);
        expect(read).toBe(value);
      }),
    );
  });
});

describe('randomBase62', () => {
  it('maps bytes below 248 evenly, and skips the rest', () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const text = randomBase62(248, () => all);
    expect(text).toBe(ALPHABET.repeat(4));
  });

  it('asks again when too many bytes were skipped', () => {
    const answers = [
      new Uint8Array(5).fill(255),
      Uint8Array.of(250, 1, 251, 2, 252),
      Uint8Array.of(3, 4, 5, 6, 7),
    ];
    const asked: number[] = [];
    const text = randomBase62(5, (bytes) => {
      asked.push(bytes);
      return answers.shift() as Uint8Array;
    });
    expect(text).toBe('12345');
    expect(asked).toEqual([5, 5, 5]);
  });

  it('makes exactly as many characters as were asked for', () => {
    for (const length of [0, 1, 22, 43, 1000])
      expect(randomBase62(length, random)).toMatch(new RegExp(`^[0-9A-Za-z]{${length}}$`));
  });
});

describe('the checksum of a GitHub token', () => {
  const { prefix, random: randomPart, checksum } = vectors.github;

  it('is the base62 CRC-32 of its random part', () => {
    expect(base62(crc32(randomPart), 6)).toBe(checksum);
    expect(hasChecksum(randomPart + checksum)).toBe(true);
  });

  it('does not cover the prefix, where ours does', () =>
    expect(hasChecksum(prefix + randomPart + checksum)).toBe(false));
});

describe('ids', () => {
  it.each(vectors.ids)('$name', ({ text, form, checksum, issued, environment }) => {
    expect(hasIdForm(text)).toBe(form);
    expect(hasChecksum(text)).toBe(checksum);
    expect(isIssuedId(text, tagKey)).toBe(issued);
    expect(environmentOf(text)).toBe(environment ?? undefined);
  });

  it('are minted as the vectors say', () => {
    const live = vectors.ids.find(({ name }) => name === 'live')?.text as string;
    const bytes = [...live.slice(8, 30)].map((c) => ALPHABET.indexOf(c));
    expect(mintId('live', tagKey, () => Uint8Array.from(bytes))).toBe(live);
  });

  it.each(['live', 'test'] as const)('are recognised once minted: %s', (environment) => {
    const id = mintId(environment, tagKey, random);
    expect(id).toMatch(new RegExp(`^ck_${environment}_[0-9A-Za-z]{36}$`));
    expect(isIssuedId(id, tagKey)).toBe(true);
    expect(isIssuedId(id, randomBytes(32))).toBe(false);
    expect(environmentOf(id)).toBe(environment);
    expect(mintId(environment, tagKey, random)).not.toBe(id);
  });

  it('are not issued any more once any character is changed', () => {
    const id = mintId('live', tagKey, random);
    for (let i = 0; i < id.length; i++) {
      for (const c of ALPHABET) {
        if (c !== id[i]) expect(isIssuedId(id.slice(0, i) + c + id.slice(i + 1), tagKey)).toBe(false);
      }
    }
  });

  it('cannot be invented: a checksum is not a tag', () => {
    for (let i = 0; i < 2000; i++) {
      const head = `ck_live_${randomBase62(30, random)}`;
      expect(isIssuedId(head + base62(crc32(head), 6), tagKey)).toBe(false);
    }
  });
});

describe('HMAC secrets', () => {
  it.each(vectors.secrets)('$text', ({ text, checksum, environment }) => {
    expect(hasChecksum(text)).toBe(checksum);
    expect(environmentOf(text)).toBe(environment);
  });

  it('have the documented form', () => {
    const secret = mintHmacSecret('test', random);
    expect(secret).toMatch(/^cs_test_[0-9A-Za-z]{49}$/);
    expect(hasChecksum(secret)).toBe(true);
    expect(hasIdForm(secret)).toBe(false);
    expect(idInToken(secret)).toBeUndefined();
  });
});

describe('HMAC secrets that are base64', () => {
  it.each(['live', 'test'] as const)('have the documented form: %s', (environment) => {
    const secret = mintBase64Secret(environment, random);
    expect(secret).toMatch(new RegExp(`^cs/${environment}/[0-9A-Za-z]{52}$`));
    expect(hasChecksum(secret)).toBe(true);
    expect(environmentOf(secret)).toBe(environment);
    expect(mintBase64Secret(environment, random)).not.toBe(secret);
  });

  it('are base64 of 45 bytes, in its one spelling', () => {
    const secret = mintBase64Secret('live', random);
    const bytes = Buffer.from(secret, 'base64');
    expect(bytes).toHaveLength(45);
    expect(bytes.toString('base64')).toBe(secret);
    expect(isBase64Secret(secret)).toBe(true);
    expect(isBase64Secret(mintHmacSecret('live', random))).toBe(false);
  });
});

describe('environmentOf', () => {
  it.each([
    ['ck_live_', 'live'],
    ['cs_test_x', 'test'],
    ['cb_live_', 'live'],
    ['cs/test/x', 'test'],
    ['ck/live/', undefined],
    ['cs_live', undefined],
    ['cs/live', undefined],
    ['cs_live/', undefined],
    ['cs/prod/', undefined],
    ['ca_live_', undefined],
    [' ck_live_', undefined],
    ['CK_LIVE_', undefined],
    ['', undefined],
  ])('of %j is %s', (text, environment) => expect(environmentOf(text)).toBe(environment));
});

describe('bearer tokens', () => {
  it.each(vectors.tokens)('$name', ({ text, id }) => expect(idInToken(text)).toBe(id ?? undefined));

  it('carry the id that they were minted for', () => {
    const id = mintId('live', tagKey, random);
    const token = mintBearerToken(id, random);
    expect(token).toMatch(/^cb_live_[0-9A-Za-z]{85}$/);
    expect(idInToken(token)).toBe(id);
    expect(environmentOf(token)).toBe('live');
    expect(mintBearerToken(id, random)).not.toBe(token);
  });

  it('name no id once any character is changed', () => {
    const token = mintBearerToken(mintId('test', tagKey, random), random);
    for (let i = 0; i < token.length; i++) {
      const changed = token.slice(0, i) + (token[i] === 'x' ? 'y' : 'x') + token.slice(i + 1);
      expect(idInToken(changed)).toBeUndefined();
    }
  });
});

it('no reader of ids throws on any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const candidate of [text, `ck_live_${text}`, `cb_test_${text}`]) {
        isIssuedId(candidate, tagKey);
        idInToken(candidate);
        environmentOf(candidate);
        hasChecksum(candidate);
      }
    }),
  );
});
