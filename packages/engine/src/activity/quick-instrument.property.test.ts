import { type FactPlace, type Rule, readFacts, type WireRequest } from '@countersign/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quickInstrument } from './quick-instrument.ts';

function ruleWith(place: FactPlace, type: 'string' | 'decimal' = 'string'): Rule {
  return { facts: [{ name: 'instrument', places: [place], type }] } as unknown as Rule;
}

const requestOf = (body: string, target = '/orders'): WireRequest => ({
  method: 'POST',
  target,
  headers: [],
  body: Buffer.from(body),
});

const quickly = (place: FactPlace, request: WireRequest) => quickInstrument(ruleWith(place))?.(request);
const inFull = (place: FactPlace, request: WireRequest) =>
  readFacts(ruleWith(place).facts, request).instrument;

const SYMBOL: FactPlace = { from: 'json', at: '/symbol' };

describe('the instrument at a glance', () => {
  it.each([
    ['first', '{"symbol":"BTCUSDT","side":"buy"}'],
    ['with blanks', '{"symbol": "BTCUSDT", "side": "buy"}'],
    ['late', `{"clientOid":"${'a'.repeat(300)}","symbol":"BTCUSDT"}`],
    ['where the beginning ends', `{"clientOid":"${'a'.repeat(160)}","symbol":"BTCUSDT"}`],
  ])('is seen in JSON: %s', (_, body) => {
    expect(quickly(SYMBOL, requestOf(body))).toBe('BTCUSDT');
  });

  it.each([
    ['within something', '{"order":{"symbol":"BTCUSDT"}}'],
    ['within a list', '{"orders":["symbol"],"symbol":"BTCUSDT"}'],
    ['as a value', '{"by":"symbol","symbol":"BTCUSDT"}'],
    ['as a number', '{"symbol":7}'],
    ['with an escape', '{"symbol":"BTC\\u0055SDT"}'],
    ['in other letters', '{"symbol":"\u00e4"}'],
    ['without an end', '{"symbol":"BTC'],
    ['not at all', '{"side":"buy"}'],
    ['beyond what is looked at', `{"a":"${'a'.repeat(5_000)}","symbol":"BTCUSDT"}`],
    ['in an empty body', ''],
  ])('is left to the full reading: %s', (_, body) => {
    expect(quickly(SYMBOL, requestOf(body))).toBeUndefined();
  });

  it('is seen in a query and in a form', () => {
    const query = { from: 'query', at: 'symbol' } as const;
    expect(quickly(query, requestOf('', '/o?symbol=BTCUSDT&t=1'))).toBe('BTCUSDT');
    expect(quickly(query, requestOf('', '/o?t=1&symbol=BTCUSDT'))).toBe('BTCUSDT');
    expect(quickly(query, requestOf('', '/o?mysymbol=BTCUSDT'))).toBeUndefined();
    expect(quickly(query, requestOf('', '/o?symbol=BTC&symbol=ETH'))).toBeUndefined();
    expect(quickly(query, requestOf('', '/o?symbol=BTC%2FUSDT'))).toBeUndefined();
    const parameter = { from: 'parameter', at: 'symbol' } as const;
    expect(quickly(parameter, requestOf('side=buy&symbol=BTCUSDT'))).toBe('BTCUSDT');
    expect(quickly(parameter, requestOf('symbol=BTCUSDT', '/o?symbol=ETHUSDT'))).toBeUndefined();
  });

  it('has no reader for what only a full reading can follow', () => {
    for (const at of ['/order/symbol', '/orders/*/symbol', '/a~1b']) {
      expect(quickInstrument(ruleWith({ from: 'json', at }))).toBeUndefined();
    }
    expect(quickInstrument(ruleWith(SYMBOL, 'decimal'))).toBeUndefined();
    expect(quickInstrument({ facts: [] } as unknown as Rule)).toBeUndefined();
  });

  it('is what the full reading gives, where both give something of a JSON object', () => {
    const name = fc.constantFrom('symbol', 'side', 'a', 'Symbol', 'orders');
    const text = fc.oneof(
      fc.constantFrom('BTCUSDT', 'symbol', '"symbol":"ETH"', '{', '\\'),
      fc.string({ maxLength: 250 }),
    );
    const value = fc.oneof(text, fc.integer(), fc.array(text), fc.dictionary(name, text));
    fc.assert(
      fc.property(fc.dictionary(name, value), (object) => {
        const request = requestOf(JSON.stringify(object));
        const full = inFull(SYMBOL, request);
        const quick = quickly(SYMBOL, request);
        if (quick !== undefined && full !== undefined) expect(quick).toBe(full);
      }),
      { numRuns: 2_000 },
    );
  });

  it('throws on no bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (body, target) => {
        for (const from of ['json', 'query', 'form', 'parameter'] as const) {
          const place = { from, at: from === 'json' ? '/a' : 'a' };
          quickly(place, { ...requestOf('', `/${target}`), body });
        }
      }),
    );
  });
});
