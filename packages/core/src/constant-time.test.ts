import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { constantTimeEqual } from './constant-time.ts';

const { compared } = vi.hoisted(() => ({ compared: [] as [string, string][] }));

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  return {
    ...crypto,
    timingSafeEqual(a: Buffer, b: Buffer): boolean {
      compared.push([a.toString('latin1'), b.toString('latin1')]);
      return crypto.timingSafeEqual(a, b);
    },
  };
});

beforeEach(() => {
  compared.length = 0;
});

const latin1 = (options: { minLength?: number; maxLength?: number }) =>
  fc
    .uint8Array(options)
    .map((bytes) => Buffer.from(bytes).toString('latin1'));

describe('constantTimeEqual', () => {
  it('is equality, for texts of one byte a character', () => {
    fc.assert(
      fc.property(latin1({ maxLength: 100 }), latin1({ maxLength: 100 }), (a, b) => {
        expect(constantTimeEqual(a, a)).toBe(true);
        expect(constantTimeEqual(a, b)).toBe(a === b);
      }),
    );
  });

  it('sees every single character that differs', () => {
    const text = 'a'.repeat(88);
    for (let i = 0; i < text.length; i++) {
      expect(constantTimeEqual(text, `${text.slice(0, i)}b${text.slice(i + 1)}`)).toBe(false);
    }
  });

  it('compares whole values only: no prefix, no suffix, nothing behind', () => {
    for (const presented of ['', 'a', 'abc', 'bcd', 'abcde', 'abcd\0', '\0abcd', 'abcd ', 'abcdabcd']) {
      expect(constantTimeEqual('abcd', presented)).toBe(false);
      expect(constantTimeEqual(presented, 'abcd')).toBe(false);
    }
  });

  it('does not see what an earlier, longer comparison left behind', () => {
    expect(constantTimeEqual('abcdefgh', 'abcdefgh')).toBe(true);
    expect(constantTimeEqual('abc', 'abc')).toBe(true);
    expect(constantTimeEqual('abcd', 'abce')).toBe(false);
    expect(constantTimeEqual('', '')).toBe(true);
  });

  it('does not take a presented character for the one with the same low byte', () => {
    for (let high = 0x100; high < 0x10000; high += 0x100) {
      expect(constantTimeEqual('AAAA', `AAA${String.fromCharCode(high + 0x41)}`)).toBe(false);
    }
  });

  it('keeps characters from U+0080 to U+00FF apart', () => {
    expect(constantTimeEqual('é', 'é')).toBe(true);
    expect(constantTimeEqual('é', 'è')).toBe(false);
    expect(constantTimeEqual('\u00ff', '\u007f')).toBe(false);
  });

  it('compares up to 1,024 characters, and takes longer ones as unequal', () => {
    expect(constantTimeEqual('a'.repeat(1024), 'a'.repeat(1024))).toBe(true);
    expect(constantTimeEqual('a'.repeat(1025), 'a'.repeat(1025))).toBe(false);
  });

  it('looks at all bytes whatever the first difference is', () => {
    constantTimeEqual('expected', 'Expected');
    constantTimeEqual('expected', 'expecteD');
    constantTimeEqual('expected', 'expected');
    expect(compared).toEqual([
      ['expected', 'Expected'],
      ['expected', 'expecteD'],
      ['expected', 'expected'],
    ]);
  });

  it('looks at no byte when the lengths differ', () => {
    constantTimeEqual('expected', 'expecte');
    expect(compared).toEqual([]);
  });
});

describe('core', () => {
  const root = import.meta.dirname;
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );

  it('has one place that compares secret values', () => {
    expect(sources.length).toBeGreaterThan(20);
    const users = sources.filter((file) => readFileSync(join(root, file), 'utf8').includes('timingSafeEqual'));
    expect(users).toEqual(['constant-time.ts']);
  });
});
