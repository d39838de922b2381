import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/given.ts';
import type { FactPlace, FactSource } from './fact-source.ts';
import { readFacts } from './facts.ts';

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
