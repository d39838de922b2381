import { describe, expect, it } from 'vitest';
import { isPublicMessage, readFacts } from '../packages/core/dist/index.js';
import { parseManifest } from '../packages/engine/dist/index.js';
import { codeBlocks, page } from './pages.ts';

const text = page('docs/manifest.md');
const [example = '', facts = '', , streams = ''] = codeBlocks(text, 'yaml');

function parsed(manifest: string) {
  const result = parseManifest(manifest);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result;
}

describe('the page about the manifest', () => {
  it('has an example without faults', () => {
    const { manifest, routes } = parsed(example);
    expect(manifest.dialects).toEqual(['bitget', 'rfc9421']);
    expect([...manifest.permissions.keys()]).toEqual(['spot.read', 'spot.trade', 'wallet.withdraw']);
    expect(routes).toHaveLength(6);
  });

  it.each([
    ['GET', '/api/v2/public/time?x=1', undefined],
    ['GET', '/api/v2/spot/orders/42', 'spot.read'],
    ['POST', '/api/v2/spot/orders', 'spot.trade'],
    ['POST', '/api/v2/wallet/withdrawal', 'wallet.withdraw'],
  ])('has a rule for %s %s', (method, target, permission) => {
    const rule = parsed(example).manifest.ruleFor(method, target);
    expect(rule).toBeDefined();
    expect(rule?.permission?.name).toBe(permission);
  });

  it.each([
    ['HEAD', '/api/v2/spot/orders'],
    ['GET', '/api/v2/spot/orders/'],
    ['GET', '/api/v2/spot/market/../orders'],
    ['GET', '/api/v2/spot/market//x'],
    ['GET', '/api/v2/spot/market/%6frder'],
    ['GET', '/api/v2/spot/market/a%2Fb'],
    ['GET', '/api/v2/spot/market/a;b'],
  ])('is right that there is no rule for %s %s', (method, target) => {
    expect(parsed(example).manifest.ruleFor(method, target)).toBeUndefined();
  });

  it.each([
    [true, '{"op":"ping"}'],
    [true, 'ping'],
    [true, '{"op":"subscribe","args":["tickers.BTCUSDT","tickers.ETHUSDT"]}'],
    [false, '{"op":"subscribe","args":["tickers.BTCUSDT","order"]}'],
    [false, '{"op":"subscribe","args":[]}'],
    [false, '{"op":"ping","op":"order"}'],
    [false, 'pong'],
  ])('is right that it is %s that a message is public: %s', (isPublic, message) => {
    const rule = parsed(streams).manifest.ruleFor('GET', '/v5/private')?.webSocket;
    expect(rule?.login).toBe('bybit');
    expect(isPublicMessage(rule?.publicMessages ?? [], message)).toBe(isPublic);
  });

  it('is right about letter case', () => {
    const routes =
      '  - { route: GET /market/*, public: true }\n  - { route: GET /market/order, permission: a }\n';
    const { manifest } = parsed(`version: 1\npermissions: { a: { risk: low } }\nroutes:\n${routes}`);
    expect(manifest.ruleFor('GET', '/market/Order')).toBeUndefined();
    expect(manifest.ruleFor('GET', '/market/order')?.permission?.name).toBe('a');
    expect(manifest.ruleFor('GET', '/market/other')?.permission).toBeUndefined();
  });

  it.each([
    ['an unknown field', 'version: 1\npermissions: {}\nroutes: []\nroute: []\n'],
    ['another version', 'version: 2\npermissions: {}\nroutes: []\n'],
    ['the same route twice', `${example}  - { route: 'GET /api/v2/spot/orders/:other', public: true }\n`],
  ])('is right that %s is a fault', (_, manifest) => {
    expect(parseManifest(manifest).ok).toBe(false);
  });
});

describe('the facts of the page', () => {
  it.each([
    [
      '/orders/batch',
      { orders: [{ symbol: 'A', side: 'buy', price: '3', size: '0.5' }] },
      { instrument: ['A'], side: ['buy'], notional: ['1.5'] },
    ],
    ['/orders/batch', { orders: [] }, {}],
    ['/orders/cancel', { symbol: 'A' }, { instrument: 'A', side: 'cancel', notional: '0' }],
    ['/orders/cancel', {}, { side: 'cancel', notional: '0' }],
  ])('are read from a request to %s: %j', (target, body, expected) => {
    const rule = parsed(facts).manifest.ruleFor('POST', target);
    const request = { method: 'POST', target, headers: [], body: Buffer.from(JSON.stringify(body)) };
    expect({ ...readFacts(rule?.facts ?? [], request) }).toEqual(expected);
  });
});
