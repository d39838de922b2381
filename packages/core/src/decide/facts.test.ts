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
    expect(query(`symbol=${'x'.repeat(257)}`)).toBeUndefined();
    expect(form(`symbol=${'x'.repeat(257)}`)).toBeUndefined();
  });

  it('do not take long for numbers that are long', () => {
    const body = `{"symbol":"A","x":${'1'.repeat(300_000)},"y":0.${'0'.repeat(300_000)}1,"z":[${'1e9,'.repeat(50_000)}1]}`;
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

  it('cope with a long text and many names', () => {
    const long = JSON.stringify({ text: '\\"x'.repeat(500_000), symbol: 'A' });
    expect(json(long)).toBe('A');
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, i]));
    expect(json(JSON.stringify({ ...many, symbol: 'A' }))).toBe('A');
  });

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
  const alike = new Set(names.map((name) => name.toUpperCase().toLowerCase()));
  return (
    alike.size < names.length ||
    names.some((name) => name.includes('\0')) ||
    Object.values(value).some(hasOddNames)
  );
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

  it.each([
    'symbol=A&x=1;symbol=B',
    'x=1;symbol=B&symbol=A',
    'symbol=A;x=1',
    'symbol=A&x=1;Symbol=B',
    'x=1;symbol=A',
  ])('are missing where a parser that ends a field at a ";" finds another one: %j', (text) => {
    expect(query(text)).toBeUndefined();
    expect(form(text)).toBeUndefined();
  });

  it('are not missing for a ";" elsewhere, or an encoded one', () => {
    expect(query('symbol=A&note=a;b;symbols=c')).toBe('A');
    expect(query('symbol=A&note=1%3Bsymbol=B')).toBe('A');
    expect(query('symbol=A%3BB')).toBe('A;B');
  });

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
  const fact = (from: FactPlace['from'], body: string, ...types: string[]) =>
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

describe('facts in JSON that is a form, too', () => {
  const FORM = 'application/x-www-form-urlencoded';
  const fact = (body: string, type?: string) =>
    readFacts(
      [source('json', '/symbol')],
      aRequest({
        method: 'POST',
        headers: type === undefined ? [] : ['Content-Type', type],
        body: Buffer.from(body),
      }),
    ).instrument;

  it.each([FORM, 'Application/X-WWW-Form-Urlencoded; charset=utf-8'])(
    'are not read from what has fields for who goes by the type: %s',
    (type) => {
      expect(fact('{"symbol":"A","note":"&symbol=B&"}', type)).toBeUndefined();
      expect(fact('{"symbol":"A","note":";symbol=B;"}', type)).toBeUndefined();
      // Clients send JSON under this type, too: curl -d does, and axios with a text.
      expect(fact('{"symbol":"A","note":"symbol=B"}', type)).toBe('A');
    },
  );

  it('are not read from what says that it is in several parts', () => {
    expect(fact('{"symbol":"A"}', 'multipart/form-data; boundary=x')).toBeUndefined();
  });

  it.each([undefined, 'application/json', 'text/plain;charset=UTF-8'])(
    'are read whatever stands in a text, of the type %s',
    (type) => expect(fact('{"symbol":"A","note":"&symbol=B;"}', type)).toBe('A'),
  );
});

describe('facts in a form', () => {
  it('are read from the body, once each', () => {
    expect(form('symbol=A&size=1')).toBe('A');
    expect(form('symbol=A&symbol=B')).toBeUndefined();
    expect(form('?symbol=A')).toBeUndefined();
    expect(form('?symbol=A&symbol=B')).toBeUndefined();
    expect(form('?size=1&symbol=B')).toBe('B');
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
    expect(parameter('symbol=A', '?symbol=B')).toBeUndefined();
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

describe('facts of a batch', () => {
  const read = (body: unknown, places: FactPlace[], type: FactSource['type'] = 'decimal') =>
    readFacts(
      [{ name: 'x', places, type }],
      aRequest({ method: 'POST', body: Buffer.from(JSON.stringify(body)) }),
    ).x;
  const at = (pointer: string): FactPlace => ({ from: 'json', at: pointer });

  it('are a list, in the order of the elements', () => {
    const body = { orders: [{ symbol: 'A' }, { symbol: 'B' }, { symbol: 'A' }] };
    expect(read(body, [at('/orders/*/symbol')], 'string')).toEqual(['A', 'B', 'A']);
    expect(read([['A'], ['B', 'C']], [at('/*/*')], 'string')).toEqual(['A', 'B', 'C']);
    expect(read({ orders: [{ symbol: 'A' }] }, [at('/orders/*/symbol')], 'string')).toEqual(['A']);
  });

  it.each([
    ['an empty list', { orders: [] }],
    ['no list', { orders: { symbol: 'A' } }],
    ['an object with a member named *', { orders: { '*': { symbol: 'A' } } }],
    ['a text', { orders: 'AB' }],
    ['one element without it', { orders: [{ symbol: 'A' }, {}] }],
    ['one element that is null', { orders: [{ symbol: 'A' }, null] }],
    ['one element of another type', { orders: [{ symbol: 'A' }, { symbol: true }] }],
    ['one element that is too long', { orders: [{ symbol: 'A' }, { symbol: 'x'.repeat(257) }] }],
    ['one element that is a list', { orders: [{ symbol: 'A' }, { symbol: ['A'] }] }],
  ])('are missing for %s', (_what, body) => {
    expect(read(body, [at('/orders/*/symbol')], 'string')).toBeUndefined();
  });

  it('are missing when an inner list is empty, or an element is no decimal', () => {
    expect(read([['1'], []], [at('/*/*')])).toBeUndefined();
    expect(read(['1', '1e3'], [at('/*')])).toBeUndefined();
    expect(read(['1', '2'], [at('/*')])).toEqual(['1', '2']);
  });

  it('have at most 1000 elements', () => {
    const list = Array.from({ length: 1000 }, () => '1');
    expect(read(list, [at('/*')])).toHaveLength(1000);
    expect(read([...list, '1'], [at('/*')])).toBeUndefined();
  });

  it('are missing when one number of the list is not read as it stands', () => {
    const body = Buffer.from('[1,9007199254740993]');
    const sources: FactSource[] = [{ name: 'x', places: [at('/*')], type: 'decimal' }];
    expect(readFacts(sources, aRequest({ body })).x).toBeUndefined();
  });
});

describe('facts that are a product', () => {
  const read = (body: unknown, ...places: FactPlace[]) =>
    readFacts(
      [{ name: 'notional', places, type: 'decimal' }],
      aRequest({ method: 'POST', target: '/a?lot=10', body: Buffer.from(JSON.stringify(body)) }),
    ).notional;
  const at = (pointer: string): FactPlace => ({ from: 'json', at: pointer });
  const tiny = `0.${'0'.repeat(29)}1`;

  it('are exact, and rounded up beyond 30 places', () => {
    expect(read({ p: '0.1', s: 0.2 }, at('/p'), at('/s'))).toBe('0.02');
    expect(read({ p: '30000.5', s: '2' }, at('/p'), at('/s'), { from: 'query', at: 'lot' })).toBe('600010');
    expect(read({ p: '3', s: '4' }, at('/p'), at('/s'), { from: 'constant', at: '0' })).toBe('0');
    expect(read({ p: tiny, s: tiny }, at('/p'), at('/s'))).toBe(tiny);
    expect(read({ p: tiny, s: '0' }, at('/p'), at('/s'))).toBe('0');
  });

  it.each([
    { p: '1' },
    { p: '1', s: null },
    { p: '1', s: '-1' },
    { p: '1', s: '1e3' },
    { p: '1', s: '' },
    { p: '1', s: ['1'] },
  ])('are missing where a factor is missing or no decimal: %j', (body) => {
    expect(read(body, at('/p'), at('/s'))).toBeUndefined();
    expect(read(body, at('/s'), at('/p'))).toBeUndefined();
  });

  it('are missing beyond 30 digits before the point', () => {
    const p = '9'.repeat(30);
    expect(read({ p, s: '1' }, at('/p'), at('/s'))).toBe(p);
    expect(read({ p, s: '1.1' }, at('/p'), at('/s'))).toBeUndefined();
    expect(read({ p: '1'.repeat(40), s: '0' }, at('/p'), at('/s'))).toBeUndefined();
  });

  it('pair the elements of lists, and take a single factor for each', () => {
    const orders = [
      { p: '2', s: '3' },
      { p: '5', s: '7' },
    ];
    expect(read({ orders }, at('/orders/*/p'), at('/orders/*/s'))).toEqual(['6', '35']);
    expect(read({ orders, lot: '10' }, at('/lot'), at('/orders/*/s'))).toEqual(['30', '70']);
    expect(read({ orders, lot: '10' }, at('/orders/*/s'), at('/lot'))).toEqual(['30', '70']);
    expect(read({ a: ['1', '2'], b: ['1'] }, at('/a/*'), at('/b/*'))).toBeUndefined();
    expect(read({ orders: [...orders, { p: '1' }] }, at('/orders/*/p'), at('/orders/*/s'))).toBeUndefined();
  });
});

it('a constant is a fact of every request', () => {
  const sources: FactSource[] = [
    { name: 'notional', places: [{ from: 'constant', at: '0' }], type: 'decimal' },
  ];
  expect(readFacts(sources, aRequest({ body: Buffer.from('no json') })).notional).toBe('0');
});
