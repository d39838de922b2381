import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/given.ts';
import type { FactPlace, FactSource } from './fact-source.ts';
import { readFacts } from './facts.ts';

const source = (from: FactPlace['from'], at: string, type: FactSource['type'] = 'string'): FactSource => ({
  name: 'instrument',
  places: [{ from, at }],
  type,
});
const json = (body: string | Uint8Array, at = '/symbol', type: FactSource['type'] = 'string') =>
  readFacts([source('json', at, type)], aRequest({ method: 'POST', body: Buffer.from(body) })).instrument;

describe('facts in JSON', () => {
  it('are read through a pointer', () => {
    expect(json('{"symbol":"BTCUSDT"}')).toBe('BTCUSDT');
    expect(json('{"order":{"legs":[{"symbol":"A"},{"symbol":"B"}]}}', '/order/legs/1/symbol')).toBe('B');
    expect(json('"A"', '')).toBe('A');
    expect(json('{"":{"":"A"}}', '//')).toBe('A');
    expect(json('{"a/b":{"m~n":"A"}}', '/a~1b/m~0n')).toBe('A');
    expect(json('{"~1":"A"}', '/~01')).toBe('A');
  });

  it('take a number as its decimal text, where it has one', () => {
    expect(json('{"symbol":1.50}', '/symbol', 'decimal')).toBe('1.5');
    expect(json('{"symbol":"1.50"}', '/symbol', 'decimal')).toBe('1.50');
    expect(json('{"symbol":1e21}', '/symbol', 'decimal')).toBeUndefined();
    expect(json('{"symbol":1e-7}', '/symbol', 'decimal')).toBeUndefined();
    expect(json('{"symbol":-1}', '/symbol', 'decimal')).toBeUndefined();
    expect(json('{"symbol":1e999}', '/symbol', 'decimal')).toBeUndefined();
    expect(json('{"symbol":12e2}', '/symbol', 'decimal')).toBe('1200');
    expect(json('{"symbol":1e-6}', '/symbol', 'decimal')).toBe('0.000001');
  });

  it.each([
    '0.1234567890123456789',
    '9007199254740993',
    '-0',
    '1e400',
    '100000000000000000000001',
    '0.30000000000000001',
  ])('leave a number out that we do not read as it stands, and nothing else: %s', (number) => {
    expect(json(`{"symbol":${number}}`)).toBeUndefined();
    expect(json(`{"symbol":${number}}`, '/symbol', 'decimal')).toBeUndefined();
    expect(json(`[1.5,${number},{"a":[${number}],"symbol":"${number}"}]`, '/2/symbol')).toBe(number);
    expect(json(`[1.5,${number},2]`, '/2')).toBe('2');
    expect(json(`[${number},7,${number}]`, '/1')).toBe('7');
  });

  it.each(['9007199254740992', '0.1', '123456789012345', '1.50000000000000000000', '0.30000000000000004'])(
    'read a number that is exactly what stands there: %s',
    (number) => expect(json(`{"symbol":${number}}`)).toBe(String(Number(number))),
  );

  it('are not longer than 256 characters', () => {
    expect(json(`{"symbol":"${'x'.repeat(256)}"}`)).toBe('x'.repeat(256));
    expect(json(`{"symbol":"${'x'.repeat(257)}"}`)).toBeUndefined();
  });

  it('do not take long for numbers that are long', () => {
    const body = `{"symbol":"A","x":${'1'.repeat(300_000)},"y":0.${'0'.repeat(300_000)}1,"z":[${'1e9,'.repeat(40_000)}1]}`;
    expect(json(body)).toBe('A');
  });

  it.each(['"-1"', '"1e3"', '""', '" 1"', '"1,5"', '"NaN"', 'true', 'null', '[1]', '{"a":1}'])(
    'are no decimal: %s',
    (value) => expect(json(`{"symbol":${value}}`, '/symbol', 'decimal')).toBeUndefined(),
  );

  it.each(['true', 'null', '["A"]', '{"a":"A"}'])('are no text: %s', (value) =>
    expect(json(`{"symbol":${value}}`)).toBeUndefined(),
  );

  it.each([
    '',
    '{',
    'symbol=A',
    '{"symbol":"A"',
    '{"symbol":"A"} x',
    "{'symbol':'A'}",
    '{"symbol":"A",}',
    'undefined',
    'NaN',
  ])('are not read from what is no JSON: %j', (body) => expect(json(body)).toBeUndefined());

  it('are not read from invalid UTF-8, wherever it stands', () => {
    const bad = Buffer.concat([Buffer.from('{"symbol":"A","x":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(json(bad)).toBeUndefined();
    const surrogate = Buffer.concat([
      Buffer.from('{"symbol":"'),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from('"}'),
    ]);
    expect(json(surrogate)).toBeUndefined();
  });

  it.each([
    '{"symbol":"A","symbol":"B"}',
    '{"symbol":"A","symbol":"A"}',
    '{"symbol":"A","\\u0073ymbol":"B"}',
    '{"symbol":"A","x":{"y":1,"y":2}}',
    '[{"symbol":"A"},{"a":1,"b":[1,2],"a":3}]',
    '{"a":{"b":[{"c":1,"d":{},"c":2}]},"symbol":"A"}',
    '{"a":"\\"","b":1,"a":2}',
    '{"symbol":"A","__proto__":1,"__proto__":2}',
    '{"symbol":"A","Symbol":"B"}',
    '{"SYMBOL":"B","symbol":"A"}',
    '{"symbol":"A","\u017fymbol":"B"}',
    '{"symbol":"A","x":{"key":1,"\u212aey":2}}',
    '{"symbol":"A","x":{"side":1,"s\u0130de":2}}',
  ])('are not read where a name stands twice: %s', (body) => {
    expect(json(body)).toBeUndefined();
    expect(json(body, '/0/symbol')).toBeUndefined();
  });

  it.each([
    '{"symbol":"A","other":{"symbol":"B"}}',
    '{"symbol":"A","list":["symbol","symbol",{"symbol":1},{"symbol":1}]}',
    '{"symbol":"A","x":"symbol","y":"{\\"symbol\\":1,\\"symbol\\":2}"}',
    '{"symbol":"A","a\\\\":1,"a\\"":2,"a":3}',
    ' {\r\n\t"symbol" : "A" , "b" : [ ] , "c" : { } , "d" : [ { } , [ "d" , "d" ] ] } ',
  ])('are read where equal names stand in different objects, or are values: %s', (body) => {
    expect(json(body)).toBe('A');
  });

  it.each([
    '/__proto__',
    '/constructor/name',
    '/toString',
    '/hasOwnProperty/name',
    '/__proto__/toString',
    '/__proto__/length',
    '/valueOf',
  ])('are not found on a prototype: %s', (at) => {
    expect(json('{"symbol":"A"}', at)).toBeUndefined();
    expect(json('[]', at)).toBeUndefined();
    expect(json('"text"', at)).toBeUndefined();
  });

  it('do not let a body reach the prototype', () => {
    expect(json('{"__proto__":{"symbol":"A"}}')).toBeUndefined();
    expect(json('{"__proto__":{"symbol":"A"}}', '/__proto__/symbol')).toBe('A');
    expect(({} as Record<string, unknown>).symbol).toBeUndefined();
  });

  it('may have the name of a property of all objects', () => {
    const facts = readFacts(
      [{ ...source('json', '/symbol'), name: '__proto__' }],
      aRequest({ body: Buffer.from('{"symbol":"A"}') }),
    );
    expect(Object.entries(facts)).toEqual([['__proto__', 'A']]);
    expect(readFacts([], aRequest()).toString).toBeUndefined();
  });

  it.each([
    '/symbol/0',
    '/symbol/length',
    '/list/9',
    '/list/-',
    '/list/01',
    '/list/length',
    '/list/ 0',
    '/a/b/c/d',
    '/symbol/',
    '/Symbol',
    '/symbol ',
  ])('are missing where the pointer leads nowhere: %s', (at) =>
    expect(json('{"symbol":"A","list":["x"]}', at)).toBeUndefined(),
  );

  it('cope with a body nested ten thousand deep, and with a pointer as deep', () => {
    const deep = 10_000;
    const body = `${'{"a":'.repeat(deep)}"A"${'}'.repeat(deep)}`;
    expect(json(body, '/a'.repeat(deep))).toBe('A');
    expect(json(body, '/a'.repeat(deep + 1))).toBeUndefined();
    expect(json('['.repeat(1_000_000))).toBeUndefined();
  });

  it('are not read where a name has a NUL, at which some end a text', () => {
    expect(json('{"symbol":"A","symbol\\u0000":"B"}')).toBeUndefined();
    expect(json('{"symbol":"A","x":{"\\u0000":1}}')).toBeUndefined();
    expect(json('{"symbol":"A","x":"\\u0000"}')).toBe('A');
  });

  it('cope with a long text, and with 1000 names of one object but not with more', () => {
    const long = JSON.stringify({ text: '\\"x'.repeat(500_000), symbol: 'A' });
    expect(json(long)).toBe('A');
    const many = Object.fromEntries(Array.from({ length: 999 }, (_, i) => [`k${i}`, i]));
    expect(json(JSON.stringify({ ...many, symbol: 'A' }))).toBe('A');
    expect(json(JSON.stringify({ symbol: 'A', ...many, other: {} }))).toBeUndefined();
    expect(json(JSON.stringify({ symbol: 'A', x: [many, many] }))).toBe('A');
  });

  it('are read from 100,000 parts, and none from more', () => {
    // Eight and the last element, beside those that have a comma.
    const parts = (count: number, last: string) =>
      json(`{"symbol":"A","x":[${'1,'.repeat((count - 8 - last.length) / 2)}${last}]}`);
    expect(parts(100_000, '[]')).toBe('A');
    expect(parts(100_001, '1')).toBeUndefined();
  });

  it.each([
    `"${'\\"'.repeat(500_000)}`,
    `"${'\\"'.repeat(500_000)}\\`,
    `{"symbol":"A","x":"${'\\"'.repeat(250_000)}\\\n${'\\"'.repeat(250_000)}"}`,
    '"'.repeat(1_000_000),
    '-'.repeat(1_000_000),
  ])('do not take long to be missed in what is no JSON: %#', (body) => expect(json(body)).toBeUndefined());

  it('are read from any JSON that has no name twice, and none with a NUL', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'grapheme' }), (value, symbol) => {
        fc.pre(!hasOddNames(value));
        expect(json(JSON.stringify({ value, symbol }))).toBe(symbol);
        expect(json(`{"value":${JSON.stringify(value)},"symbol":"A","value":1}`)).toBeUndefined();
      }),
    );
  });
});

function hasOddNames(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const names = Object.keys(value);
  const alike = new Set(names.map((name) => name.toUpperCase().toLowerCase().replaceAll('\u0307', '')));
  return (
    alike.size < names.length ||
    names.some((name) => name.includes('\0')) ||
    Object.values(value).some(hasOddNames)
  );
}

it('several facts are read from their own places', () => {
  const sources: FactSource[] = [
    { name: 'instrument', places: [{ from: 'json', at: '/s' }], type: 'string' },
    { name: 'notional', places: [{ from: 'json', at: '/v' }], type: 'decimal' },
    { name: 'account', places: [{ from: 'query', at: 'acc' }], type: 'string' },
    { name: 'nothing', places: [{ from: 'query', at: 'no' }], type: 'string' },
  ];
  const request = aRequest({ method: 'POST', target: '/o?acc=7', body: Buffer.from('{"s":"A","v":"10"}') });
  expect({ ...readFacts(sources, request) }).toEqual({ instrument: 'A', notional: '10', account: '7' });
});

it('reading facts never throws, on any bytes', () => {
  const sources = [
    source('json', '/a/0/b'),
    source('query', 'a'),
    source('form', 'a'),
    source('parameter', 'a'),
  ];
  fc.assert(
    fc.property(fc.uint8Array(), fc.string({ unit: 'binary' }), (body, target) => {
      readFacts(sources, aRequest({ body, target }));
    }),
  );
});
