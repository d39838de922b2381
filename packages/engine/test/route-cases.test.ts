import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, type IssuedKey, issue, manifestOf, said } from './engine-setup.ts';
import { wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest } from './wire.ts';

const MANIFEST = `version: 1
permissions:
  trade: { risk: high }
  move: { risk: critical }
routes:
  - route: POST /exchange
    cases:
      - when: { /action/type: [order, cancel], /leverage: [1, 2] }
        permission: trade
        weight: 3
        facts: { instrument: { json: /action/orders/*/a } }
      - when: { /action/type: order }
        permission: move
  - route: POST /anything
    cases:
      - { when: { /type: order }, permission: trade }
      - { permission: move }
  - route: POST /close
    cases:
      - { when: { /reduceOnly: true, /mode: 1, /account: "7" }, permission: trade }
      - { permission: move }
`;

for (const adapter of STORES) {
  describe(`a route with cases, over ${adapter.name}`, () => {
    let bench: Bench;
    let trader: IssuedKey;
    let mover: IssuedKey;
    beforeEach(async () => {
      bench = await benchOn(adapter, { manifest: manifestOf(MANIFEST) });
      const rateLimits = [{ name: 'weight', quota: 100, windowSeconds: 60 }];
      trader = await issue(bench, { permissions: ['trade'], rateLimits });
      mover = await issue(bench, { permissions: ['move'], rateLimits });
    });
    afterEach(() => bench.close());
    const send = (key: IssuedKey, body: string, target = '/exchange', headers: string[] = []) => {
      bench.nowMs += 1;
      const request = bitgetRequest(key, { nowMs: bench.nowMs, body, target });
      return bench.engine.verify({ ...request, headers: [...request.headers, ...headers] });
    };

    it('needs the permission of the first case that fits, with its weight', async () => {
      const order = '{"action":{"type":"order"},"leverage":2}';
      expect(await send(trader, order)).toMatchObject({
        allowed: true,
        permission: 'trade',
        rateLimits: [{ remaining: 97 }],
      });
      expect(await send(mover, order)).toMatchObject({ code: 'permission_denied' });
      const leveraged = '{"action":{"type":"order"},"leverage":3}';
      expect(await send(mover, leveraged)).toMatchObject({
        allowed: true,
        permission: 'move',
        rateLimits: [{ remaining: 99 }],
      });
      expect(said(await send(trader, leveraged))).toBe('permission_denied');
    });

    it('reads the facts of that case', async () => {
      const key = await issue(bench, { permissions: ['trade'], constraints: { instruments: ['1', '2'] } });
      const order = (...assets: number[]) =>
        `{"action":{"type":"order","orders":[${assets.map((a) => `{"a":${a}}`)}]},"leverage":1}`;
      expect(said(await send(key, order(1, 2)))).toBe('allowed');
      expect(said(await send(key, order(1, 3)))).toBe('constraint_violated');
      expect(said(await send(key, order()))).toBe('constraint_violated');
    });

    it.each([
      '{"action":{"type":"cancel"},"leverage":9}',
      '{"action":{"type":"withdraw"}}',
      '{"action":{"type":["order"]}}',
      '{"action":{"type":"order","type":"order"}}',
      '{"action":{"type":"order","TYPE":"withdraw"}}',
      '[]',
      'null',
      'no JSON',
      '',
    ])('has no case for %s', async (body) => {
      for (const key of [trader, mover]) expect(said(await send(key, body))).toBe('route_unknown');
    });

    it('has no case for a body that an upstream may read in another way', async () => {
      const order = '{"action":{"type":"order"}}';
      expect(said(await send(mover, order))).toBe('allowed');
      expect(said(await send(mover, order, '/exchange', ['Content-Encoding', 'gzip']))).toBe('route_unknown');
      expect(said(await send(mover, order, '/exchange', ['Content-Type', 'text/json; charset=utf-7']))).toBe(
        'route_unknown',
      );
      const zipped = gzipSync('{"type":"withdraw"}').toString('latin1');
      expect(said(await send(mover, zipped, '/anything'))).toBe('route_unknown');
    });

    it('takes no text for a number or a truth value, nor the other way round', async () => {
      const close = (reduceOnly: unknown, mode: unknown, account: unknown) =>
        send(trader, JSON.stringify({ reduceOnly, mode, account }), '/close');
      expect(said(await close(true, 1, '7'))).toBe('allowed');
      // An API that asks for `=== true` opens a position for this one.
      expect(said(await close('true', 1, '7'))).toBe('permission_denied');
      expect(said(await close(1, 1, '7'))).toBe('permission_denied');
      expect(said(await close(true, '1', '7'))).toBe('permission_denied');
      expect(said(await close(true, true, '7'))).toBe('permission_denied');
      expect(said(await close(true, 1, 7))).toBe('permission_denied');
    });

    it('can end with a case for all the rest, but not for what cannot be read', async () => {
      expect(said(await send(trader, '{"type":"order"}', '/anything'))).toBe('allowed');
      expect(await send(mover, '{"type":"withdraw"}', '/anything')).toMatchObject({ permission: 'move' });
      expect(said(await send(trader, '{"type":"withdraw"}', '/anything'))).toBe('permission_denied');
      expect(said(await send(mover, '{"type":"order","type":"withdraw"}', '/anything'))).toBe(
        'route_unknown',
      );
    });

    it('puts the permission of the case into the log, before the answer where it is critical', async () => {
      await send(mover, '{"type":"withdraw"}', '/anything');
      const decisions = (await wholeLog(bench.store)).filter(({ type }) => type === 'decision');
      expect(decisions.map(({ data }) => data)).toMatchObject([{ allowed: true, permission: 'move' }]);
    });

    it('tells a stranger nothing of its cases', async () => {
      const wrong = { ...trader, secret: mover.secret };
      expect(said(await send(wrong, '{"action":{"type":"withdraw"}}'))).toBe('signature_mismatch');
    });
  });
}

describe('cases in a manifest', () => {
  const faultsOf = (route: string) => {
    try {
      manifestOf(`version: 1\npermissions: { trade: { risk: high } }\nroutes:\n  - ${route}\n`);
      return 'none';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each([
    ['{ route: POST /a, permission: trade, cases: [{ permission: trade }] }', 'either a'],
    ['{ route: POST /a, public: true, cases: [{ permission: trade }] }', 'either a'],
    ['{ route: POST /a, cases: [] }', 'at least one case'],
    ['{ route: POST /a, weight: 2, cases: [{ permission: trade }] }', 'in each of them'],
    ['{ route: POST /a, cases: [{ when: { /a: b } }] }', 'a case has a'],
    ['{ route: POST /a, cases: [{ when: { /a: b }, permission: nothing }] }', 'there is no permission'],
    ['{ route: POST /a, cases: [{ when: {}, permission: trade }] }', 'at least one condition'],
    ['{ route: POST /a, cases: [{ when: { a: b }, permission: trade }] }', 'no JSON pointer'],
    ['{ route: POST /a, cases: [{ permission: trade }, { permission: trade }] }', 'only the last case'],
    ['{ route: POST /a, cases: [{ permission: trade, colour: red }] }', 'no field'],
  ])('%s is a fault', (route, message) => {
    expect(faultsOf(route)).toContain(message);
  });
});
