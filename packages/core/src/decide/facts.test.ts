import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/given.ts';
import { readFacts } from './facts.ts';
import type { FactSource } from './manifest.ts';

const source = (from: FactSource['from'], at: string, type: FactSource['type'] = 'string'): FactSource => ({
  name: 'instrument',
  from,
  at,
  type,
});
const json = (body: string | Uint8Array, at = '/symbol', type: FactSource['type'] = 'string') =>
  readFacts([source('json', at, type)], aRequest({ method: 'POST', body: Buffer.from(body) })).instrument;
const query = (text: string, at = 'symbol') =>
  readFacts([source('query', at)], aRequest({ target: `/a?${text}` })).instrument;
const form = (text: string, at = 'symbol') =>
  readFacts([source('form', at)], aRequest({ method: 'POST', body: Buffer.from(text) })).instrument;

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

  it('cope with a long text and many names', () => {
    const long = JSON.stringify({ text: '\\"x'.repeat(500_000), symbol: 'A' });
    expect(json(long)).toBe('A');
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, i]));
    expect(json(JSON.stringify({ ...many, symbol: 'A' }))).toBe('A');
  });

  it('are read from any JSON that has no name twice', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'grapheme' }), (value, symbol) => {
        fc.pre(!hasNamesAlike(value));
        expect(json(JSON.stringify({ value, symbol }))).toBe(symbol);
        expect(json(`{"value":${JSON.stringify(value)},"symbol":"A","value":1}`)).toBeUndefined();
      }),
    );
  });
});

function hasNamesAlike(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const names = Object.keys(value);
  const alike = new Set(names.map((name) => name.toUpperCase().toLowerCase()));
  return alike.size < names.length || Object.values(value).some(hasNamesAlike);
}

describe('facts in a query', () => {
  it('are decoded', () => {
    expect(query('symbol=BTC%2FUSDT&x=1')).toBe('BTC/USDT');
    expect(query('symbol=BTC+USDT')).toBe('BTC USDT');
    expect(query('%73ymbol=A')).toBe('A');
    expect(query('symbol=')).toBe('');
    expect(query('symbol')).toBe('');
  });

  it.each(['symbol=A&symbol=B', 'symbol=A&symbol=A', 'symbol=A&%73ymbol=B', 'symbol&symbol=A'])(
    'are left out when they stand twice: %s',
    (text) => expect(query(text)).toBeUndefined(),
  );

  it.each(['', 'x=1', 'Symbol=A', 'symbol2=A', 'x=symbol=A', '%2573ymbol=A'])('are missing: %j', (text) =>
    expect(query(text)).toBeUndefined(),
  );

  it.each([
    'symbol=A&Symbol=B',
    'SYMBOL=B&symbol=A',
    'symbol=A&+symbol=B',
    'symbol=A&%20%09symbol=B',
    'symbol=A&symbol[]=B',
    'symbol=A&symbol%5Bx%5D=B',
    'symbol=A&symbol%00x=B',
  ])('are missing where a parser may find another one: %j', (text) => expect(query(text)).toBeUndefined());

  it('are not missing for a name that is only near', () => {
    expect(query('symbol=A&symbols=B&my_symbol=C&symbol_2=D')).toBe('A');
    expect(query('a_b=A&a.b=B', 'a_b')).toBeUndefined();
    expect(query('o[0]=A&o[1]=B', 'o[0]')).toBe('A');
  });

  it('do not lose a mark that belongs to the name', () => {
    expect(query('?symbol=A')).toBeUndefined();
    expect(query('?symbol=A', '?symbol')).toBe('A');
    expect(query('?symbol=A&symbol=B')).toBe('B');
  });

  it('are missing where there is no query', () => {
    expect(
      readFacts([source('query', 'symbol')], aRequest({ target: '/symbol=A' })).instrument,
    ).toBeUndefined();
  });
});

describe('facts in a form that is something else, too', () => {
  const fact = (from: FactSource['from'], body: string, ...types: string[]) =>
    readFacts(
      [source(from, 'symbol')],
      aRequest({
        method: 'POST',
        target: '/a',
        headers: types.flatMap((type) => ['Content-Type', type]),
        body: Buffer.from(body),
      }),
    ).instrument;

  describe.each(['form', 'parameter'] as const)('%s', (from) => {
    it.each([
      '{"symbol":"B","note":"&symbol=A&"}',
      ' \n{"symbol":"B","note":"&symbol=A&"}',
      '\ufeff{"symbol":"B","note":"&symbol=A&"}',
      '["&symbol=A&"]',
    ])('are not read from what begins like JSON: %j', (body) => expect(fact(from, body)).toBeUndefined());

    it.each(['application/json', 'Application/JSON; charset=utf-8', 'multipart/form-data; boundary=x'])(
      'are not read from what says that it is %s',
      (type) => expect(fact(from, 'symbol=A', type)).toBeUndefined(),
    );

    it('are not read where two types are said', () => {
      const form = 'application/x-www-form-urlencoded';
      expect(fact(from, 'symbol=A', form, form)).toBeUndefined();
    });

    it.each([[], ['application/x-www-form-urlencoded'], ['text/plain;charset=UTF-8']])(
      'are read from a form that says %j',
      (...types) => expect(fact(from, 'symbol=A', ...types)).toBe('A'),
    );
  });

  it('stand in the query alone where there is no body, whatever its type', () => {
    const request = aRequest({
      method: 'POST',
      target: '/a?symbol=A',
      headers: ['Content-Type', 'application/json'],
    });
    expect(readFacts([source('parameter', 'symbol')], request).instrument).toBe('A');
  });
});

describe('facts in a form', () => {
  it('are read from the body, once each', () => {
    expect(form('symbol=A&size=1')).toBe('A');
    expect(form('symbol=A&symbol=B')).toBeUndefined();
    expect(form('?symbol=A')).toBeUndefined();
    expect(form('')).toBeUndefined();
  });
});

describe('facts that are a parameter', () => {
  const parameter = (query: string, body: string) =>
    readFacts(
      [source('parameter', 'symbol')],
      aRequest({ method: 'POST', target: `/o?${query}`, body: Buffer.from(body) }),
    ).instrument;

  it('are read from the query or from the body, once in both together', () => {
    expect(parameter('symbol=A&size=1', '')).toBe('A');
    expect(parameter('', 'size=1&symbol=A')).toBe('A');
    expect(parameter('size=1', 'symbol=A')).toBe('A');
    expect(parameter('symbol=A', 'symbol=A')).toBeUndefined();
    expect(parameter('symbol=A&symbol=B', '')).toBeUndefined();
    expect(parameter('?symbol=A', '')).toBeUndefined();
    expect(parameter('', '?symbol=A')).toBeUndefined();
    expect(parameter('', '')).toBeUndefined();
  });
});

describe('a body that an upstream reads otherwise than its bytes', () => {
  const given = { json: '{"symbol":"A"}', form: 'symbol=A' };
  const factOf = (from: 'json' | 'form', headers: string[]) =>
    readFacts(
      [source(from, from === 'json' ? '/symbol' : 'symbol')],
      aRequest({ method: 'POST', headers, body: Buffer.from(given[from]) }),
    ).instrument;
  const typeOf = (from: string) =>
    from === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';

  it.each(['json', 'form'] as const)('has no facts: %s', (from) => {
    for (const parameter of [
      'charset=utf-7',
      'charset="utf-16le"',
      'CHARSET = utf-7',
      'charset*=utf-7',
      'charset=utf-8; charset=utf-7',
      'charset="utf-8\\-7"',
      'charset=',
    ]) {
      expect(factOf(from, ['Content-Type', `${typeOf(from)}; ${parameter}`]), parameter).toBeUndefined();
    }
    for (const coding of ['gzip', 'deflate', 'br', 'identity, gzip', 'x-gzip', '']) {
      const headers = ['Content-Type', typeOf(from), 'Content-Encoding', coding];
      expect(factOf(from, headers), coding).toBeUndefined();
    }
    const twice = ['Content-Encoding', 'identity', 'content-encoding', 'gzip'];
    expect(factOf(from, twice)).toBeUndefined();
  });

  it.each(['json', 'form'] as const)('is none of a usual type: %s', (from) => {
    for (const type of [
      typeOf(from),
      `${typeOf(from)};charset=UTF-8`,
      `${typeOf(from)}; charset="utf-8"`,
      `${typeOf(from)}; charset=utf8`,
      `${typeOf(from)}; charset=ISO-8859-1; x=1`,
    ]) {
      const headers = ['Content-Type', type, 'Content-Encoding', 'identity'];
      expect(factOf(from, headers), type).toBe('A');
    }
  });
});

it('several facts are read from their own places', () => {
  const sources: FactSource[] = [
    { name: 'instrument', from: 'json', at: '/s', type: 'string' },
    { name: 'notional', from: 'json', at: '/v', type: 'decimal' },
    { name: 'account', from: 'query', at: 'acc', type: 'string' },
    { name: 'nothing', from: 'query', at: 'no', type: 'string' },
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
