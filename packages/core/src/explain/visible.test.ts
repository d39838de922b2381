import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { align } from './alignment.ts';
import { visible } from './visible.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8');

describe('visible', () => {
  it.each([
    ['a b', 'a b'],
    ['line\nend\r\n', 'line\\nend\\r\\n'],
    ['tab\there', 'tab\\there'],
    ['no-break\u00a0space', 'no-break\\u{a0}space'],
    ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
    ['right-to-left\u202e', 'right-to-left\\u{202e}'],
    ['back\\slash', 'back\\\\slash'],
    ['Zürich 🚀', 'Zürich 🚀'],
    ['\0', '\\0'],
    ['', ''],
  ])('writes %j', (text, expected) => expect(visible(bytes(text))).toBe(expected));

  it.each([
    ['ff', '\\xff'],
    ['61ff62', 'a\\xffb'],
    ['c3', '\\xc3'],
    ['c328', '\\xc3('],
    ['e282', '\\xe2\\x82'],
    ['eda080', '\\xed\\xa0\\x80'],
    ['c0af', '\\xc0\\xaf'],
    ['f0908d88', '𐍈'],
    ['efbfbd', '\ufffd'],
  ])('writes the bytes %s', (hex, expected) => expect(visible(Buffer.from(hex, 'hex'))).toBe(expected));

  it('shows everything: two different inputs never look alike', () => {
    const input = fc.uint8Array({ maxLength: 12 });
    fc.assert(
      fc.property(input, input, (one, other) => {
        const alike = visible(one) === visible(other);
        expect(alike).toBe(Buffer.from(one).equals(other));
        expect(visible(one)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
    );
  });
});

describe('align', () => {
  it('says that they are equal', () => {
    expect(align(bytes('abc'), bytes('abc'))).toEqual({ isEqual: true });
    expect(align(bytes(''), bytes(''))).toEqual({ isEqual: true });
  });

  it.each([
    [
      '1795GET/a?x=1',
      '1795get/a?x=1',
      { differsAt: 4, before: '1795', server: 'GET', client: 'get', after: '/a?x=1' },
    ],
    ['abc', 'abc\n', { differsAt: 3, before: 'abc', server: '', client: '\\n', after: '' }],
    ['', 'abc', { differsAt: 0, before: '', server: '', client: 'abc', after: '' }],
    ['aa', 'a', { differsAt: 1, before: 'a', server: 'a', client: '', after: '' }],
    ['x\u00fcy', 'x\u00f6y', { differsAt: 1, before: 'x', server: 'ü', client: 'ö', after: 'y' }],
  ])('lays %j beside %j', (server, client, expected) => {
    expect(align(bytes(server), bytes(client))).toEqual({ isEqual: false, ...expected });
  });

  it('shows the near surroundings only', () => {
    const { before, after, server } = align(
      bytes(`${'a'.repeat(500)}X${'b'.repeat(500)}`),
      bytes('a'.repeat(500) + 'b'.repeat(500)),
    );
    expect([before, server, after]).toEqual(['a'.repeat(24), 'X', 'b'.repeat(24)]);
  });

  it('never throws, and finds the first byte that differs', () => {
    const input = fc.uint8Array({ maxLength: 30 });
    fc.assert(
      fc.property(input, input, (one, other) => {
        const { isEqual, differsAt } = align(one, other);
        expect(isEqual).toBe(Buffer.from(one).equals(other));
        if (isEqual) return;
        const at = differsAt as number;
        expect(Buffer.from(one.subarray(0, at)).equals(other.subarray(0, at))).toBe(true);
        expect(Buffer.from(one.subarray(at, at + 4)).equals(other.subarray(at, at + 4))).toBe(false);
      }),
    );
  });
});
