import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allHeaders,
  faultInRequestLine,
  hasHeader,
  headerName,
  isSafeMethod,
  pathOf,
  queryOf,
  REPEATED,
  singleHeader,
  singleHeaders,
} from './message.ts';

describe('singleHeader', () => {
  it('finds a value whatever the case of the name on the wire', () => {
    for (const name of ['access-key', 'ACCESS-KEY', 'Access-Key', 'aCCESS-kEY']) {
      expect(singleHeader(['Host', 'a', name, 'v', 'Accept', 'b'], 'access-key')).toBe('v');
    }
  });

  it('answers undefined when the header is absent', () => {
    expect(singleHeader([], 'access-key')).toBeUndefined();
    expect(singleHeader(['Host', 'a'], 'access-key')).toBeUndefined();
  });

  it('does not take a longer or shorter name for it', () => {
    const headers = ['access-key2', 'a', 'xaccess-key', 'b', 'access-ke', 'c', 'access-key ', 'd', '', 'e'];
    expect(singleHeader(headers, 'access-key')).toBeUndefined();
  });

  it('does not take a value for a name', () => {
    expect(singleHeader(['X', 'access-key', 'Y', 'z'], 'access-key')).toBeUndefined();
  });

  it('keeps an empty value apart from an absent header', () => {
    expect(singleHeader(['access-key', ''], 'access-key')).toBe('');
  });

  it('answers REPEATED for a second one, with equal values or not, empty or not', () => {
    expect(singleHeader(['A', 'x', 'A', 'x'], 'a')).toBe(REPEATED);
    expect(singleHeader(['A', 'x', 'B', 'y', 'a', 'z'], 'a')).toBe(REPEATED);
    expect(singleHeader(['a', '', 'a', ''], 'a')).toBe(REPEATED);
    expect(singleHeader(['a', '', 'a', 'x', 'a', 'y'], 'a')).toBe(REPEATED);
  });

  it('ignores a name without a value at the end of the list', () => {
    expect(singleHeader(['a', 'x', 'a'], 'a')).toBe('x');
    expect(singleHeader(['a'], 'a')).toBeUndefined();
  });

  it('gives the value back as it is, white space included', () => {
    expect(singleHeader(['a', ' x\t'], 'a')).toBe(' x\t');
  });

  it('agrees with a list of all values', () => {
    const name = fc.constantFrom('a', 'A', 'b', 'aa', 'Aa', '');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string({ maxLength: 3 }))), (pairs) => {
        const values = allHeaders(pairs.flat(), 'a');
        expect(values).toEqual(pairs.filter(([n]) => n.toLowerCase() === 'a').map(([, v]) => v));
        const expected = values.length > 1 ? REPEATED : values[0];
        expect(singleHeader(pairs.flat(), 'a')).toBe(expected);
      }),
    );
  });
});

describe('singleHeaders', () => {
  it('answers as singleHeader does, in the order of the names', () => {
    const name = fc.constantFrom('a', 'A', 'b', 'B', 'aa', 'aA', 'c', '');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string({ maxLength: 3 }))), fc.boolean(), (pairs, isCut) => {
        const headers = isCut ? [...pairs.flat(), 'a'] : pairs.flat();
        for (const names of [['A', 'b', 'Aa'], ['aa', 'a'], ['d'], []]) {
          const expected = names.map((one) => singleHeader(headers, one.toLowerCase()));
          expect(singleHeaders(headers, names.map(headerName))).toEqual(expected);
          for (const [i, one] of names.entries()) {
            expect(hasHeader(headers, headerName(one))).toBe(expected[i] !== undefined);
          }
        }
      }),
    );
  });

  it('answers REPEATED for the one that occurs three times, and leaves the others alone', () => {
    const headers = ['a', '1', 'B', 'x', 'A', '1', 'a', '1'];
    expect(singleHeaders(headers, ['a', 'B', 'c'].map(headerName))).toEqual([REPEATED, 'x', undefined]);
  });
});

describe('pathOf and queryOf', () => {
  it.each([
    ['/a', '/a', ''],
    ['/a?', '/a', ''],
    ['/a?b=c', '/a', 'b=c'],
    ['/a?b?c', '/a', 'b?c'],
    ['/?', '/', ''],
    ['/a%3Fb', '/a%3Fb', ''],
  ])('%s', (target, path, query) => {
    expect(pathOf(target)).toBe(path);
    expect(queryOf(target)).toBe(query);
  });
});

describe('isSafeMethod', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('%s changes nothing', (method) =>
    expect(isSafeMethod(method)).toBe(true),
  );

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT', 'QUERY', 'get', 'Get', ''])(
    '%s is not called safe',
    (method) => expect(isSafeMethod(method)).toBe(false),
  );
});

describe('faultInRequestLine', () => {
  it.each([
    '/',
    '/a/b',
    '/a?b=c&d=%20%C3%A9',
    "/!$&'()*+,-./:;<=>?@[\\]^_`{|}~",
    '//',
    '/..;/a',
    '/?',
    '/%00',
  ])('accepts %s', (target) => expect(faultInRequestLine('GET', target)).toBeUndefined());

  it.each(['get', 'Get', '', 'GET ', ' GET', 'GE T', 'G3T', 'GET\n', 'GÉT', 'M-SEARCH', 'A'.repeat(21)])(
    'refuses the method %j',
    (method) => expect(faultInRequestLine(method, '/')).toMatch(/^The method must be/),
  );

  it('accepts a method of 1 and of 20 letters', () => {
    expect(faultInRequestLine('A', '/')).toBeUndefined();
    expect(faultInRequestLine('A'.repeat(20), '/')).toBeUndefined();
  });

  it.each(['', 'a', '*', 'http://a/b', 'example.com:443', ' /', '?a', '\\a', '%2Fa'])(
    'refuses the form of the target %j',
    (target) => expect(faultInRequestLine('GET', target)).toMatch(/origin form/),
  );

  it.each([
    ['a space', '/a b', '0x20', 2],
    ['a quotation mark', '/"', '0x22', 1],
    ['a number sign', '/a#b', '0x23', 2],
    ['DEL', '/a\x7f', '0x7f', 2],
    ['NUL', '/\0', '0x00', 1],
    ['a line end', '/a\r\n', '0x0d', 2],
    ['a line end at the very end', '/a\n', '0x0a', 2],
    ['a tab in the query', '/?\t', '0x09', 2],
    ['a Latin-1 letter', '/é', '0xe9', 1],
    ['a letter of another script', '/a乌', '0x4e4c', 2],
    ['a lone surrogate', '/\ud800', '0xd800', 1],
  ])('names the character and its place: %s', (_, target, code, at) => {
    expect(faultInRequestLine('GET', target)).toBe(
      `The target holds the character ${code} at position ${at}, which must be percent-encoded.`,
    );
  });

  it.each([
    '/%',
    '/%2',
    '/%zz',
    '/%%',
    '/a?b=%',
    '/%ff',
    '/%C3',
    '/%C3%28',
    '/%ED%A0%80',
    '/%C0%AF',
    '/%u0041',
  ])('refuses the percent-encoding %s', (target) =>
    expect(faultInRequestLine('GET', target)).toMatch(/incomplete or not UTF-8/),
  );

  it('copes with a huge target, good or bad', () => {
    const huge = `/${'a%20'.repeat(500_000)}`;
    expect(faultInRequestLine('GET', huge)).toBeUndefined();
    expect(faultInRequestLine('GET', `${huge}%`)).toMatch(/incomplete/);
    expect(faultInRequestLine('GET', `${huge} `)).toMatch(/position 2000001/);
    expect(faultInRequestLine('A'.repeat(1_000_000), '/')).toMatch(/method/);
  });

  it('never throws, and accepts only what is printable ASCII from / on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (method, rest) => {
        for (const target of [rest, `/${rest}`]) {
          if (faultInRequestLine(method, target) === undefined)
            expect(target).toMatch(/^\/[\x21\x24-\x7e]*$/);
          if (faultInRequestLine('GET', target) === undefined)
            expect(() => decodeURIComponent(target)).not.toThrow();
        }
      }),
    );
  });
});
