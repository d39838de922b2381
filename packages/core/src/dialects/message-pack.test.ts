import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packJson } from './message-pack.ts';

const hex = (json: string) => packJson(json)?.toString('hex');

/** The tables of the MessagePack specification; the vectors of hyperliquid compare with two other writers. */
describe('packJson', () => {
  it.each([
    ['null', 'c0'],
    ['false', 'c2'],
    ['true', 'c3'],
    ['127', '7f'],
    ['128', 'cc80'],
    ['256', 'cd0100'],
    ['65536', 'ce00010000'],
    ['4294967296', 'cf0000000100000000'],
    ['18446744073709551615', 'cfffffffffffffffff'],
    ['-32', 'e0'],
    ['-33', 'd0df'],
    ['-129', 'd1ff7f'],
    ['-32769', 'd2ffff7fff'],
    ['-2147483649', 'd3ffffffff7fffffff'],
    ['-9223372036854775808', 'd38000000000000000'],
    ['""', 'a0'],
    ['"\\u00e9"', 'a2c3a9'],
    ['{}', '80'],
    ['[]', '90'],
    [' { "b" : [ 1 , "}" ] , "a" : { } } ', '82a1629201a17da16180'],
  ])('%s', (json, bytes) => expect(hex(json)).toBe(bytes));

  it.each([
    ['a text of 31', JSON.stringify('a'.repeat(31)), 'bf'],
    ['a text of 32', JSON.stringify('a'.repeat(32)), 'd920'],
    ['a text of 256', JSON.stringify('a'.repeat(256)), 'da0100'],
    ['a text of 65,536', JSON.stringify('a'.repeat(65_536)), 'db00010000'],
    ['a list of 15', JSON.stringify(Array(15).fill(1)), '9f'],
    ['a list of 16', JSON.stringify(Array(16).fill(1)), 'dc0010'],
    ['a list of 65,536', JSON.stringify(Array(65_536).fill(1)), 'dd00010000'],
    ['a map of 15', JSON.stringify(mapOf(15)), '8f'],
    ['a map of 16', JSON.stringify(mapOf(16)), 'de0010'],
    ['a map of 65,536', JSON.stringify(mapOf(65_536)), 'df00010000'],
  ])('%s', (_, json, head) => {
    expect(hex(json)?.slice(0, head.length)).toBe(head);
  });

  it.each([
    '1.0',
    '1e3',
    '-0',
    '0.5',
    '18446744073709551616',
    '-9223372036854775809',
    '"\\ud83d"',
    '{"\\udc00":1}',
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":1}',
    '[{"x":{"a":1,"a":2}}]',
    `${'['.repeat(17)}${']'.repeat(17)}`,
  ])('has no form for %s', (json) => expect(packJson(json)).toBeUndefined());

  it('takes the same name in two objects, and names that objects have anyway', () => {
    expect(hex('[{"a":1},{"a":1}]')).toBe('9281a1610181a16101');
    expect(hex('{"__proto__":1,"constructor":1}')).toBeDefined();
  });

  it('gives two values two forms, and never throws', () => {
    const value = fc.json({ noUnicodeString: false, maxDepth: 4 });
    fc.assert(
      fc.property(value, value, (one, other) => {
        const [a, b] = [hex(one), hex(other)];
        if (a !== undefined && JSON.stringify(JSON.parse(one)) !== JSON.stringify(JSON.parse(other)))
          expect(a).not.toBe(b);
      }),
    );
  });
});

function mapOf(size: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: size }, (_, i) => [`k${i}`, i]));
}
