import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/given.ts';
import { queryAlternatives, spellingsWithoutPlus } from './query-forms.ts';

const PATH = '/api/v2/orders';

function formsOf(query: string, over: Parameters<typeof aRequest>[0] = {}): Record<string, string> {
  const request = aRequest({ target: `${PATH}?${query}`, ...over });
  const alternatives = queryAlternatives(request, (target) => [target]);
  return Object.fromEntries(
    alternatives.map(({ form, prehash }) => [form, String(prehash[0]).slice(PATH.length + 1)]),
  );
}

describe('queryAlternatives', () => {
  it.each<[string, Record<string, string>]>([
    ['a=1&b=2', {}],
    ['a=1%202', { decoded: 'a=1 2' }],
    ['a=1+2', { 'decoded-plus': 'a=1 2', encoded: 'a=1%202' }],
    ['a=1%2B2', { decoded: 'a=1+2' }],
    ['a=1%2B2+3', { decoded: 'a=1+2+3', 'decoded-plus': 'a=1+2 3', encoded: 'a=1%2B2%203' }],
    ['a=it%27s', { decoded: "a=it's" }],
    ['a=it%27s%20b', { decoded: "a=it's b", encoded: "a=it's%20b" }],
    ['a=x/y', { encoded: 'a=x%2Fy' }],
    ['a=x%2fy', { decoded: 'a=x/y', encoded: 'a=x%2Fy' }],
    ['%C3%A9=%F0%9F%90%A2', { decoded: 'é=🐢' }],
    ['a%20b', { decoded: 'a b' }],
    ['a%20=', { decoded: 'a =' }],
    ['a=1&&b=%20&', { decoded: 'a=1&&b= &' }],
    ['a=1%3F2', { decoded: 'a=1?2' }],
    ['%41=1', { decoded: 'A=1' }],
  ])('offers for %s', (query, expected) => expect(formsOf(query)).toEqual(expected));

  it.each([
    ['&', 'a=1%262'],
    ['=', 'a=1%3D2'],
    ['= in raw', 'a=1=2%20'],
    ['#', 'a=1%232'],
    ['%', 'a=1%252'],
    ['% before digits', 'a=%2541'],
    ['NUL', 'a=%00'],
    ['a line end', 'a=1%0A2'],
    ['a tab', 'a=1%092'],
    ['DEL', 'a=1%7F'],
    ['& in a name', 'a%26b=1'],
    ['= in a name', 'a%3Db=1'],
    ['& in another value', 'x=%20&a=1%262'],
  ])('offers nothing when a part holds %s once decoded', (_, query) => expect(formsOf(query)).toEqual({}));

  it.each(['a=%', 'a=%2', 'a=%zz', 'a=%ff', 'a=%C3%28', 'x=%20&a=%ED%A0%80'])(
    'offers nothing for what is no percent-encoded UTF-8: %s',
    (query) => expect(formsOf(query)).toEqual({}),
  );

  it('offers nothing for a query that is longer than clients write', () => {
    const long = (length: number) => 'a=%20&'.padEnd(length, 'b');
    expect(formsOf(long(8192))).toHaveProperty('decoded');
    expect(formsOf(long(8193))).toEqual({});
  });

  it('offers nothing without a query', () => {
    expect(formsOf('')).toEqual({});
    expect(queryAlternatives(aRequest({ target: '/a%20b' }), (target) => [target])).toEqual([]);
  });

  it('offers nothing beside a body', () => {
    expect(formsOf('a=%20', { body: Buffer.from('{}') })).toEqual({});
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'get'])(
    'offers nothing for %s, which could have had a body',
    (method) => {
      expect(formsOf('a=%20', { method })).toEqual({});
    },
  );

  it.each(['GET', 'HEAD', 'OPTIONS'])('offers other spellings for %s', (method) => {
    expect(formsOf('a=%20', { method })).toEqual({ decoded: 'a= ' });
  });

  it('leaves the path as it is, and a second mark in the query', () => {
    const request = aRequest({ target: '/a%20b?c=%20?' });
    expect(queryAlternatives(request, (target) => [target])).toEqual([
      { form: 'decoded', prehash: ['/a%20b?c= ?'] },
      { form: 'encoded', prehash: ['/a%20b?c=%20%3F'] },
    ]);
  });
});

describe('two queries that share a spelling', () => {
  const PIECES = [
    'a',
    'A',
    '&',
    '=',
    '+',
    "'",
    '/',
    '%20',
    '%26',
    '%3D',
    '%2B',
    '%25',
    '%23',
    '%27',
    '%41',
    '%3f',
  ];

  /** What an upstream makes of a query. A plus and a space are one: the spellings do not tell them apart. */
  function meaningOf(query: string): string {
    const pairs = [...new URLSearchParams(`&${query}`)];
    return JSON.stringify(pairs.map((pair) => pair.map((text) => text.replaceAll('+', ' '))));
  }

  function allQueries(pieces: number): string[] {
    if (pieces === 0) return [''];
    const shorter = allQueries(pieces - 1);
    return [...shorter, ...shorter.flatMap((query) => PIECES.map((piece) => query + piece))];
  }

  it('mean the same to an upstream, but for a plus sign and a space', () => {
    const meanings = new Map<string, string>();
    let shared = 0;
    for (const query of new Set(allQueries(4))) {
      if (query === '') continue;
      const meaning = meaningOf(query);
      for (const spelling of new Set([query, ...Object.values(formsOf(query))])) {
        const other = meanings.get(spelling);
        if (other !== undefined) shared++;
        if (other !== undefined && other !== meaning)
          expect.fail(`${spelling} means ${other} and ${meaning}`);
        meanings.set(spelling, meaning);
      }
    }
    expect(shared).toBeGreaterThan(10_000);
  });
});

it('never throws, on any target', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      queryAlternatives(aRequest({ target: `/a?${text}` }), (target) => [target]);
    }),
  );
});

describe('spellingsWithoutPlus', () => {
  it.each<[string, string[]]>([
    ['a=1%202', ['a=1 2']],
    ['a=1+2', ['a=1 2', 'a=1%202']],
    ['a=1%2B2', []],
    ['a=1%2B2%27', ["a=1%2B2'"]],
    ['a=1%262', []],
    ['a=\u00c3\u00a9%20', []],
    ['', []],
  ])('offers for %j', (text, expected) => {
    expect(spellingsWithoutPlus(text).map((spelling) => spelling.text)).toEqual(expected);
  });
});
