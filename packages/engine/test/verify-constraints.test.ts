import type { Constraints } from '@countersign/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, done, issue, manifestOf, SERVICE, said } from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest, type ClientKey } from './wire.ts';

const ROUTES = `
routes:
  - { route: GET /balance, permission: read, facts: { instrument: { query: symbol } } }
  - route: POST /orders
    permission: trade
    facts:
      instrument: { json: /symbol }
      side: { json: /side }
      orderType: { json: /type }
      notional: { product: [{ json: /price }, { json: /size }] }
      tag: { json: /tag }
  - route: POST /batch
    permission: trade
    facts:
      instrument: { json: /orders/*/symbol }
      side: { json: /orders/*/side }
      orderType: { json: /orders/*/type }
      notional: { product: [{ json: /orders/*/price }, { json: /orders/*/size }] }
      tag: { json: /tag }
  - { route: POST /cancel, permission: trade, facts: { notional: { constant: "0" }, instrument: { json: /symbol } } }
  - route: POST /withdrawals
    permission: withdraw
    facts:
      address: { json: /to }
      instrument: { json: /coin }
      notional: { json: /amount }
`;
const MANIFEST = `version: 1
permissions:
  read: { risk: low }
  trade: { risk: high }
  withdraw: { risk: critical }${ROUTES}`;
const COOLING = MANIFEST.replace('risk: critical', 'risk: critical, policy: { coolDown: 10s }');

/** T0 is a Friday, 08:00 in UTC, 09:00 in Berlin. */
const hours = {
  timeZone: 'Europe/Berlin',
  windows: [{ days: ['fri'], from: '08:30', to: '09:01' }],
} as const;
const ALL: Constraints = {
  instruments: ['BTCUSDT', 'ETHUSDT', 'BTC'],
  sides: ['buy'],
  orderTypes: ['limit'],
  maxNotionalPerOrder: '1000',
  maxNotionalPerDay: '1000000',
  maxNotionalPer30Days: '2000000',
  withdrawalAddresses: ['bc1qours', '0x52908400098527886E0F7030069857D2E4169EE7'],
  hours,
  expression: 'permission != "trade" || !has(facts.tag) || facts.tag != "manual"',
};
const ORDER = { symbol: 'BTCUSDT', side: 'buy', type: 'limit', price: '50000', size: '0.02' };

for (const adapter of STORES) {
  describe(`constraints, over ${adapter.name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await benchOn(adapter, { manifest: manifestOf(MANIFEST) });
    });
    afterEach(() => bench.close());

    /** Each request is decided one ms after the one before it. */
    const send = (key: ClientKey, target: string, body: unknown, method = 'POST') =>
      bench.engine.verify(
        bitgetRequest(key, {
          nowMs: bench.nowMs++,
          target,
          method,
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      );
    const keyWith = (constraints: Constraints) =>
      issue(bench, { permissions: ['read', 'trade', 'withdraw'], constraints });

    describe('all at once', () => {
      let key: ClientKey;
      beforeEach(async () => {
        key = await keyWith(ALL);
      });

      const PASS: readonly [string, string, object][] = [
        ['an order of the largest amount', '/orders', ORDER],
        ['one whose size is a number', '/orders', { ...ORDER, size: 0.02 }],
        ['an order with a tag', '/orders', { ...ORDER, tag: 'bot' }],
        ['a batch of two', '/batch', { orders: [ORDER, { ...ORDER, symbol: 'ETHUSDT' }] }],
      ];
      it('let a request pass that meets them', async () => {
        for (const [what, target, body] of PASS) {
          expect(said(await send(key, target, body)), what).toBe('allowed');
        }
      });

      const REFUSED: readonly [RegExp, string, string, unknown][] = [
        [/instrument is not among/, 'another instrument', '/orders', { ...ORDER, symbol: 'XRPUSDT' }],
        [/which instrument/, 'no instrument', '/orders', { ...ORDER, symbol: undefined }],
        [/which instrument/, 'an instrument that is no text', '/orders', { ...ORDER, symbol: ['BTCUSDT'] }],
        [
          /which instrument/,
          'two instruments',
          '/orders',
          JSON.stringify(ORDER).replace('{', '{"symbol":"XRPUSDT",'),
        ],
        [
          /which instrument/,
          'another spelling of the name',
          '/orders',
          JSON.stringify(ORDER).replace('{', '{"Symbol":"XRPUSDT",'),
        ],
        [/side is not among/, 'another side', '/orders', { ...ORDER, side: 'sell' }],
        [/order type is not among/, 'another type of order', '/orders', { ...ORDER, type: 'market' }],
        [
          /over the limit for one order/,
          'the next larger amount',
          '/orders',
          { ...ORDER, size: '0.020000000000001' },
        ],
        [/as a decimal/, 'no price', '/orders', { ...ORDER, price: undefined }],
        [/as a decimal/, 'a negative size', '/orders', { ...ORDER, size: '-0.02' }],
        [/as a decimal/, 'an exponent', '/orders', { ...ORDER, size: '2e-2' }],
        [
          /as a decimal/,
          'a number that is rounded in reading',
          '/orders',
          JSON.stringify({ ...ORDER, size: 0 }).replace('"size":0', '"size":0.0199999999999999999999'),
        ],
        [
          /expression does not allow/,
          'a tag that the expression forbids',
          '/orders',
          { ...ORDER, tag: 'manual' },
        ],
        [
          /instrument is not among/,
          'one bad order in a batch',
          '/batch',
          { orders: [ORDER, { ...ORDER, symbol: 'XRPUSDT' }] },
        ],
        [
          /over the limit for one order/,
          'one large order in a batch',
          '/batch',
          { orders: [ORDER, { ...ORDER, size: '0.03' }] },
        ],
        [/which instrument/, 'an empty batch', '/batch', { orders: [] }],
        [/which instrument/, 'a batch that is no list', '/batch', { orders: { 0: ORDER } }],
        [/which instrument/, 'no JSON', '/orders', 'symbol=BTCUSDT&side=buy'],
      ];
      it('refuse a request that does not meet one of them, and say which', async () => {
        for (const [detail, what, target, body] of REFUSED) {
          expect(await send(key, target, body), what).toMatchObject({
            code: 'constraint_violated',
            status: 403,
            detail: expect.stringMatching(detail),
          });
        }
      });

      it('hold a request for reading to its hours and what it says, and to nothing that it does not say', async () => {
        const free = await keyWith({ instruments: ['BTCUSDT'], maxNotionalPerDay: '1', sides: ['buy'] });
        expect(said(await send(free, '/balance', '', 'GET'))).toBe('allowed');
        expect(said(await send(free, '/balance?symbol=BTCUSDT', '', 'GET'))).toBe('allowed');
        expect(said(await send(free, '/balance?symbol=ETHUSDT', '', 'GET'))).toBe('constraint_violated');
      });

      it('are open to the last ms of their hours', async () => {
        bench.nowMs = T0 + 59_998;
        expect(said(await send(key, '/orders', ORDER))).toBe('allowed');
        expect(await send(key, '/orders', ORDER)).toMatchObject({
          code: 'constraint_violated',
          detail: expect.stringMatching(/at this time/),
        });
        expect(said(await send(key, '/balance', '', 'GET'))).toBe('constraint_violated');
      });

      it('hold after a restart as before', async () => {
        await bench.restart();
        expect(said(await send(key, '/orders', ORDER))).toBe('allowed');
        expect(said(await send(key, '/orders', { ...ORDER, side: 'sell' }))).toBe('constraint_violated');
      });
    });

    it('let a withdrawal pass to one of the addresses, in any spelling, and to no other', async () => {
      const key = await keyWith({ withdrawalAddresses: ALL.withdrawalAddresses });
      const withdraw = async (to?: string) => send(key, '/withdrawals', { coin: 'BTC', amount: '1', to });
      expect(said(await withdraw('bc1qours'))).toBe('allowed');
      expect(said(await withdraw('0x52908400098527886e0f7030069857d2e4169ee7'))).toBe('allowed');
      for (const to of ['bc1qtheirs', 'bc1qours ', 'BC1QOURS', '']) {
        expect(await withdraw(to)).toMatchObject({
          code: 'constraint_violated',
          detail: expect.stringMatching(/address is not among/),
        });
      }
      expect(await withdraw()).toMatchObject({ detail: expect.stringMatching(/to which address/) });
      expect(said(await send(key, '/orders', ORDER))).toBe('allowed');
    });

    it('want every fact of every request that does more than read: a withdrawal has no side', async () => {
      const key = await keyWith({ sides: ['buy'] });
      expect(await send(key, '/withdrawals', { coin: 'BTC', amount: '1', to: 'x' })).toMatchObject({
        code: 'constraint_violated',
        detail: expect.stringMatching(/which side/),
      });
    });

    it('let a key with amounts cancel, because a cancel has the constant amount 0', async () => {
      const key = await keyWith({ maxNotionalPerOrder: '1', maxNotionalPerDay: '1' });
      expect(said(await send(key, '/cancel', { symbol: 'BTCUSDT' }))).toBe('allowed');
      expect(said(await send(key, '/orders', ORDER))).toBe('constraint_violated');
    });

    it('follow an edit at once', async () => {
      const key = await keyWith({ sides: ['buy'] });
      expect(said(await send(key, '/orders', { ...ORDER, side: 'sell' }))).toBe('constraint_violated');
      done(await bench.engine.keys.edit(key.id, { constraints: {} }, key.view.revision, SERVICE));
      expect(said(await send(key, '/orders', { ...ORDER, side: 'sell' }))).toBe('allowed');
    });

    it('hold for facts that the caller gives, lists among them', async () => {
      const key = await keyWith({ instruments: ['A', 'B'], maxNotionalPerOrder: '5' });
      const ask = async (facts: Record<string, string | string[]>) =>
        said(
          await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs++ }), {
            permission: 'trade',
            facts,
          }),
        );
      expect(await ask({ instrument: ['A', 'B'], notional: ['5', '0.1'] })).toBe('allowed');
      expect(await ask({ instrument: ['A', 'C'], notional: '5' })).toBe('constraint_violated');
      expect(await ask({ instrument: 'A', notional: ['5', '5.1'] })).toBe('constraint_violated');
      expect(await ask({ instrument: [], notional: '1' })).toBe('constraint_violated');
      expect(await ask({ instrument: 'A' })).toBe('constraint_violated');
    });

    it('take a permission that no manifest declares for one that may withdraw', async () => {
      const key = await issue(bench, { permissions: ['trade'], constraints: { withdrawalAddresses: ['a'] } });
      await bench.restart({ manifest: undefined });
      const ask = async (facts: Record<string, string>) =>
        said(
          await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs++ }), {
            permission: 'trade',
            facts,
          }),
        );
      expect(await ask({})).toBe('constraint_violated');
      expect(await ask({ address: 'b' })).toBe('constraint_violated');
      expect(await ask({ address: 'a' })).toBe('allowed');
    });

    it('want a new address to have cooled down, to the second, and let the others go on', async () => {
      const key = await keyWith({ withdrawalAddresses: ['old', 'new'] });
      const stored = (await bench.store.loadCredential(key.id)) ?? expect.fail();
      await bench.store.commit({
        records: [{ ...stored, widenedAt: null, addressesSince: { new: T0 } }],
        entries: [],
      });
      await bench.restart({ manifest: manifestOf(COOLING) });
      const withdraw = async (to: string) => send(key, '/withdrawals', { coin: 'BTC', amount: '1', to });
      bench.nowMs = T0 + 9_998;
      expect(await withdraw('new')).toMatchObject({
        code: 'constraint_violated',
        detail: expect.stringMatching(/can be used in 1 s/),
      });
      expect(said(await withdraw('new'))).toBe('allowed');
      bench.nowMs = T0;
      expect(said(await withdraw('old'))).toBe('allowed');
    });

    it('are not left out with an expression that has no meaning any more: it allows nothing, and is reported', async () => {
      const key = await keyWith({ expression: '!has(facts.tag)' });
      expect(said(await send(key, '/orders', ORDER))).toBe('allowed');
      await bench.restart({ manifest: manifestOf(MANIFEST.replaceAll(/ +tag: .*\n/g, '')) });
      for (const target of ['/orders', '/cancel', '/balance']) {
        expect(await send(key, target, ORDER)).toMatchObject({
          code: target === '/balance' ? 'route_unknown' : 'constraint_violated',
        });
      }
      expect(said(await send(key, '/balance', '', 'GET'))).toBe('constraint_violated');
      expect(bench.errors).toHaveLength(1);
      expect(String(bench.errors[0])).toMatch(new RegExp(`expression of ${key.id} .*tag`));
    });

    it('hold withdrawals for which the caller names a permission of any risk, and no route', async () => {
      await bench.restart({ manifest: manifestOf(MANIFEST.replace('risk: critical', 'risk: high')) });
      const key = await issue(bench, {
        permissions: ['trade', 'withdraw'],
        constraints: { withdrawalAddresses: ['bc1qours'] },
      });
      const ask = (permission: string, facts?: Record<string, string>) =>
        bench.engine.verify(bitgetRequest(key, { nowMs: ++bench.nowMs }), { permission, facts });
      for (const facts of [undefined, {}, { notional: '1' }, { address: 'bc1qtheirs' }]) {
        expect(said(await ask('withdraw', facts))).toBe('constraint_violated');
      }
      expect(said(await ask('withdraw', { address: 'bc1qours' }))).toBe('allowed');
      expect(said(await ask('trade'))).toBe('allowed');
    });
  });
}
