import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BareItem, type InnerList, parseDictionary, serialiseInnerList } from './structured-fields.ts';

function members(text: string): [string, unknown][] {
  const parsed = parseDictionary(text);
  if (!parsed.ok) throw new Error(parsed.fault);
  return [...parsed.members];
}

function fault(text: string): string | undefined {
  const parsed = parseDictionary(text);
  return parsed.ok ? undefined : parsed.fault;
}

const none = new Map();

describe('parseDictionary', () => {
  it('reads every kind of value', () => {
    expect(members('a="x \\"y\\" \\\\", b=-42,c=?0,\td=*tok/en:1, e=:aGk=:')).toEqual([
      ['a', { value: 'x "y" \\', params: none }],
      ['b', { value: -42, params: none }],
      ['c', { value: false, params: none }],
      ['d', { value: { token: '*tok/en:1' }, params: none }],
      ['e', { value: { base64: 'aGk=' }, params: none }],
    ]);
  });

  it('reads a key alone as true, with its parameters', () => {
    expect(members('a;x;y=1')).toEqual([
      [
        'a',
        {
          value: true,
          params: new Map<string, BareItem>([
            ['x', true],
            ['y', 1],
          ]),
        },
      ],
    ]);
  });

  it('reads inner lists with parameters of their items and of their own', () => {
    expect(members('sig=( "a"  "b";k="v" );created=1')).toEqual([
      [
        'sig',
        {
          items: [
            { value: 'a', params: none },
            { value: 'b', params: new Map([['k', 'v']]) },
          ],
          params: new Map([['created', 1]]),
        },
      ],
    ]);
  });

  it('reads nothing as an empty dictionary', () => {
    expect(members('')).toEqual([]);
    expect(members('   ')).toEqual([]);
  });

  it.each([
    ['no key', '=1', 'no key'],
    ['an upper-case key', 'A=1', 'no key'],
    ['a tab before the first key', '\ta=1', 'no key'],
    ['a missing value', 'a=', 'no string'],
    ['a trailing comma', 'a=1, ', 'nothing follows the comma'],
    ['no comma', 'a=1 b=2', 'neither a comma'],
    ['the same key twice', 'a=1, a=2', 'second time'],
    ['the same parameter twice', 'a;x=1;x=1', 'second time'],
    ['a parameter without a name', 'a;', 'no parameter'],
    ['an open string', 'a="x', 'string'],
    ['a string with a line break', 'a="x\ny"', 'string'],
    ['a string with a letter beyond ASCII', 'a="\u00e9"', 'string'],
    ['an unknown escape', 'a="\\n"', 'string'],
    ['16 digits', 'a=1234567890123456', 'no string'],
    ['a decimal', 'a=1.5', 'no string'],
    ['a date', 'a=@1659578233', 'no string'],
    ['a display string', 'a=%"f%c3%bc"', 'no string'],
    ['a minus alone', 'a=-', 'no string'],
    ['a boolean that is neither', 'a=?2', 'boolean'],
    ['an open byte sequence', 'a=:aGk=', 'byte sequence'],
    ['base64 without padding', 'a=:aGk:', 'byte sequence'],
    ['base64 with too much padding', 'a=:aGk==:', 'byte sequence'],
    ['base64 with stray bits', 'a=:aGl=:', 'byte sequence'],
    ['base64 of URLs', 'a=:_-8=:', 'byte sequence'],
    ['a space in base64', 'a=:aG k=:', 'byte sequence'],
    ['an open list', 'a=("x"', 'not followed'],
    ['an open list after a space', 'a=("x" ', 'no string'],
    ['items without a space', 'a=("x""y")', 'not followed'],
    ['a comma in a list', 'a=("x", "y")', 'not followed'],
    ['a list in a list', 'a=(("x"))', 'no string'],
  ])('refuses %s', (_, text, expected) => {
    expect(fault(text)).toContain(expected);
  });

  it('keeps its limits', () => {
    const many = (count: number, one: (i: number) => string) =>
      Array.from({ length: count }, (_, i) => one(i));
    expect(fault(many(32, (i) => `k${i}`).join(','))).toBeUndefined();
    expect(fault(many(33, (i) => `k${i}`).join(','))).toContain('32 members');
    expect(fault(`a=(${many(64, () => '"x"').join(' ')})`)).toBeUndefined();
    expect(fault(`a=(${many(65, () => '"x"').join(' ')})`)).toContain('64 items');
    expect(fault(`a${many(16, (i) => `;p${i}`).join('')}`)).toBeUndefined();
    expect(fault(`a${many(17, (i) => `;p${i}`).join('')}`)).toContain('16 parameters');
    expect(fault(`a="${'x'.repeat(8192 - 4)}"`)).toBeUndefined();
    expect(fault(`a="${'x'.repeat(8192 - 3)}"`)).toContain('8192 characters');
  });

  it('says where a fault is, and quotes nothing of the text', () => {
    expect(fault('sig=("@method" "s3cret)')).toBe(
      'at position 15, a string does not end, or is not printable ASCII',
    );
  });
});

const key = fc.stringMatching(/^[a-z*][a-z0-9_\-.*]{0,10}$/);
const bareItem: fc.Arbitrary<BareItem> = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
  fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }),
  fc.boolean(),
  fc.stringMatching(/^[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]{0,10}$/).map((token) => ({ token })),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => ({ base64: Buffer.from(bytes).toString('base64') })),
);
const params = fc.array(fc.tuple(key, bareItem), { maxLength: 4 }).map((pairs) => new Map(pairs));
const innerList: fc.Arbitrary<InnerList> = fc.record({
  items: fc.array(fc.record({ value: bareItem, params }), { maxLength: 5 }),
  params,
});

describe('properties', () => {
  it('reads back every list that it writes', () => {
    fc.assert(
      fc.property(innerList, (list) => {
        expect(members(`a=${serialiseInnerList(list)}`)).toEqual([['a', list]]);
      }),
    );
  });

  it('writes the same list however it was spaced', () => {
    fc.assert(
      fc.property(innerList, fc.integer({ min: 0, max: 3 }), (list, width) => {
        const spaces = ' '.repeat(width);
        const inside = serialiseInnerList({ items: list.items, params: none }).slice(1, -1);
        const spaced = `${spaces}a=(${spaces}${inside}${spaces})${spaces}`;
        const [, parsed] = members(spaced)[0] as [string, InnerList];
        expect(serialiseInnerList(parsed)).toBe(`(${inside})`);
      }),
    );
  });

  it('never throws, on any text', () => {
    const fragment = fc.constantFrom(
      ...[
        'a',
        '=',
        '(',
        ')',
        ';',
        ',',
        ' ',
        '\t',
        '"',
        '\\',
        ':',
        '?',
        '1',
        '-',
        '.',
        'aGk=',
        '@',
        '\u00e9',
        '\0',
      ],
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (any) => {
        expect(typeof parseDictionary(any).ok).toBe('boolean');
      }),
      { numRuns: 2000 },
    );
  });
});
