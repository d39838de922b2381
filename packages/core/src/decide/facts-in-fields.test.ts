import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/given.ts';
import type { FactPlace, FactSource } from './fact-source.ts';
import { readFacts } from './facts.ts';

const source = (from: FactPlace['from'], at: string): FactSource => ({
  name: 'instrument',
  places: [{ from, at }],
  type: 'string',
});
const query = (text: string, at = 'symbol') =>
  readFacts([source('query', at)], aRequest({ target: `/a?${text}` })).instrument;
const form = (text: string, at = 'symbol') =>
  readFacts([source('form', at)], aRequest({ method: 'POST', body: Buffer.from(text) })).instrument;

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
    'symbol=A&[symbol]=B',
    '[symbol][]=B&symbol=A',
    'symbol=A&%5Bsymbol%5D=B',
    'symbol=A&.symbol=B',
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
    expect(query('?side=A&symbol=B')).toBe('B');
  });

  it('are missing where another one stands behind a second mark, at which some look for it', () => {
    for (const target of ['/a??symbol=A&symbol=B', '/a?note=1?symbol=A&symbol=B']) {
      expect(/[?&]symbol=([^&]*)/.exec(target)?.[1]).toBe('A');
      expect(query(target.slice(3))).toBeUndefined();
    }
    const cut = '/a??symbol=A&symbol=B';
    expect(new URLSearchParams(cut.slice(cut.indexOf('?') + 1)).get('symbol')).toBe('A');
    expect(query('?symbol=A', '?symbol')).toBeUndefined();
    expect(query('symbol=A?B')).toBeUndefined();
    expect(query('symbol=A%3FB&note=1?x')).toBe('A?B');
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

describe('facts among many fields', () => {
  // A parser that reads a thousand of them would not find the last one.
  const many = (count: number, mark = '&') => `${`x${mark}`.repeat(count - 1)}symbol=A`;

  it('are read from a thousand, and none from more', () => {
    for (const read of [query, form]) {
      expect(read(many(1000))).toBe('A');
      expect(read(many(1001))).toBeUndefined();
      expect(read(many(1001, ';'))).toBeUndefined();
      expect(read(`symbol=A&${'x&'.repeat(999)}`)).toBeUndefined();
    }
  });

  it('are counted in query and form together', () => {
    const parameter = (inQuery: number, inForm: number) =>
      readFacts(
        [source('parameter', 'symbol')],
        aRequest({
          method: 'POST',
          target: `/o?${'x&'.repeat(inQuery - 1)}x`,
          body: Buffer.from(many(inForm)),
        }),
      ).instrument;
    expect(parameter(400, 600)).toBe('A');
    expect(parameter(400, 601)).toBeUndefined();
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
