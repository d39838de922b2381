import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constantTimeEqual } from './constant-time.ts';

const latin1 = (options: { minLength?: number; maxLength?: number }) =>
  fc.uint8Array(options).map((bytes) => Buffer.from(bytes).toString('latin1'));

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

  it('compares long texts whole, to the last character', () => {
    const long = 'a'.repeat(5000);
    expect(constantTimeEqual(long, `${long.slice(1)}b`)).toBe(false);
    expect(constantTimeEqual(long, `b${long.slice(1)}`)).toBe(false);
  });

  it('looks at all characters of both, in order, whatever the first difference is', () => {
    const all = [...'expected'].map((_, i) => i);
    for (const presented of ['expected', 'Expected', 'expecteD', 'EXPECTED', '\u0141xpected']) {
      const [left, right] = [watched('expected'), watched(presented)];
      expect(constantTimeEqual(left.text, right.text)).toBe(presented === 'expected');
      expect(left.seen).toEqual(all);
      expect(right.seen).toEqual(all);
    }
  });

  it('looks at no character when the lengths differ', () => {
    const [left, right] = [watched('expected'), watched('expecte')];
    expect(constantTimeEqual(left.text, right.text)).toBe(false);
    expect([...left.seen, ...right.seen]).toEqual([]);
  });
});

/** Stands in for a text, and notes which of its characters are looked at. */
function watched(text: string): { text: string; seen: number[] } {
  const seen: number[] = [];
  const charCodeAt = (at: number) => {
    seen.push(at);
    return text.charCodeAt(at);
  };
  return { text: { length: text.length, charCodeAt } as unknown as string, seen };
}

describe('core', () => {
  const root = import.meta.dirname;
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );

  it('has one place that compares secret values', () => {
    expect(sources.length).toBeGreaterThan(20);
    const comparing =
      /timingSafeEqual|\b(signature|passphrase|tokenHash|secret|token) *[!=]=+(?!=| *(undefined|null|'|"))/;
    const users = sources.filter((file) => comparing.test(readFileSync(join(root, file), 'utf8')));
    expect(users.filter((file) => file !== 'constant-time.ts')).toEqual([]);
  });
});
