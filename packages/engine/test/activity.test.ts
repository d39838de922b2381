import type { Facts } from '@countersign/core';
import type { ActivityRow } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, issue, manifestOf, said } from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest, type Sent } from './wire.ts';

const DAY_MS = 86_400_000;
const DAY = Math.floor(T0 / DAY_MS);

const MANIFEST = `version: 1
permissions:
  read: { risk: low }
  trade: { risk: high }
routes:
  - { route: GET /balance, permission: read }
  - { route: POST /orders, permission: trade, facts: { instrument: { json: /symbol } } }
  - { route: POST /batch, permission: trade, facts: { instrument: { json: /orders/*/symbol } } }
  - { route: GET /price, permission: read, facts: { instrument: { query: symbol } } }
`;

for (const adapter of STORES) {
  describe(`activity on ${adapter.name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await benchOn(adapter, { manifest: manifestOf(MANIFEST) });
    });
    afterEach(() => bench.close());

    const all = { permissions: ['read', 'trade'] };
    type Key = Awaited<ReturnType<typeof issue>>;
    async function send(key: Key, sent: Partial<Sent> = {}, facts?: Facts) {
      bench.nowMs += 1;
      const request = bitgetRequest(key, { nowMs: bench.nowMs, ...sent });
      return said(await bench.engine.verify(request, facts === undefined ? {} : { facts }));
    }
    const order = (symbol: string, more: Partial<Sent> = {}) => ({
      body: `{"symbol":"${symbol}","n":${bench.nowMs}}`,
      ...more,
    });
    async function saved(key: Key) {
      await bench.engine.keys.get(key.id);
      const rows = await bench.store.activityOf(key.id, 0);
      return rows
        .map(
          ({ permission, ip, instrument, wasDenied, requests }) =>
            `${wasDenied ? 'denied ' : ''}${permission} ${ip} ${instrument || '-'} ${requests}`,
        )
        .sort();
    }

    it('counts what was asked for, from where and about what', async () => {
      const key = await issue(bench, all);
      for (const symbol of ['BTC', 'BTC', 'ETH', 'BTC', 'ETH']) await send(key, order(symbol));
      await send(key, order('BTC', { ip: '2001:db8::1' }));
      await send(key, { method: 'GET', target: '/balance' });
      await send(key, { method: 'GET', target: '/price?symbol=SOL' });
      await send(key, { body: `{"n":${bench.nowMs}}` });
      expect(await saved(key)).toEqual([
        'read 192.0.2.7 - 1',
        'read 192.0.2.7 SOL 1',
        'trade 192.0.2.7 - 1',
        'trade 192.0.2.7 BTC 3',
        'trade 192.0.2.7 ETH 2',
        'trade 2001:db8::1 BTC 1',
      ]);
      for (const symbol of ['BTC', 'DOGE']) await send(key, order(symbol));
      expect(await saved(key)).toContain('trade 192.0.2.7 BTC 4');
    });

    it('spells one address one way', async () => {
      const key = await issue(bench, all);
      await send(key, order('BTC'));
      await send(key, order('BTC', { ip: '::ffff:192.0.2.7' }));
      await send(key, order('BTC', { ip: '2001:DB8:0::1' }));
      await send(key, order('BTC', { ip: '2001:db8::1' }));
      expect(await saved(key)).toEqual(['trade 192.0.2.7 BTC 2', 'trade 2001:db8::1 BTC 2']);
    });

    it('counts a request about several instruments once for each', async () => {
      const key = await issue(bench, all);
      const body = '{"orders":[{"symbol":"BTC"},{"symbol":"ETH"},{"symbol":"BTC"}]}';
      await send(key, { target: '/batch', body });
      expect(await saved(key)).toEqual(['trade 192.0.2.7 BTC 1', 'trade 192.0.2.7 ETH 1']);
    });

    it('takes the facts that a constraint has read, and those that the caller gives', async () => {
      const key = await issue(bench, { ...all, constraints: { instruments: ['BTC', 'ETH'] } });
      for (const symbol of ['BTC', 'ETH', 'BTC']) expect(await send(key, order(symbol))).toBe('allowed');
      expect(await send(key, order('DOGE'))).toBe('constraint_violated');
      await send(key, { body: '{"a":1}' }, { instrument: 'BTC' });
      await send(key, { body: '{"a":2}' }, { instrument: ['ETH', 'BTC'] });
      expect(await saved(key)).toEqual(['trade 192.0.2.7 BTC 4', 'trade 192.0.2.7 ETH 2']);
    });

    it('does not keep what is too long, or too much', async () => {
      const key = await issue(bench, all);
      const name = 'x'.repeat(64);
      await send(key, order(name));
      await send(key, order(`${name}x`));
      const orders = Array.from({ length: 101 }, (_, i) => ({ symbol: `I${i}` }));
      await send(key, { target: '/batch', body: JSON.stringify({ orders }) });
      expect(await saved(key)).toEqual([`trade 192.0.2.7 * 2`, `trade 192.0.2.7 ${name} 1`]);
    });

    it('begins a new day at midnight', async () => {
      const key = await issue(bench, all);
      bench.nowMs = (DAY + 1) * DAY_MS - 2;
      await send(key, order('BTC'));
      await send(key, order('BTC'));
      const rows = [DAY, DAY + 1].map((day) => bench.store.activityOf(key.id, day));
      await saved(key);
      expect((await Promise.all(rows)).flat()).toEqual([]);
      expect(await bench.store.activityOf(key.id, DAY)).toMatchObject([{ firstDay: DAY, requests: 2 }]);
      expect(await bench.store.activityOf(key.id, DAY + 1)).toMatchObject([{ requests: 1 }]);
    });

    it('keeps denials for lack of a permission in the test environment alone', async () => {
      const test = await issue(bench, { environment: 'test', permissions: ['read'] });
      const live = await issue(bench, { environment: 'live', permissions: ['read'] });
      for (const key of [test, live]) {
        expect(await send(key, order('BTC'))).toBe('permission_denied');
        expect(await send(key, order('BTC'))).toBe('permission_denied');
        expect(await send(key, { method: 'GET', target: '/nowhere' })).toBe('route_unknown');
        expect(await send({ ...key, secret: 'wrong' } as Key, order('BTC'))).toBe('signature_mismatch');
      }
      expect(await saved(test)).toEqual(['denied trade 192.0.2.7 BTC 2']);
      expect(await saved(live)).toEqual([]);
      expect((await bench.engine.keys.get(test.id))?.permissionUsage).toEqual([
        { permission: 'read', lastUsedAt: null },
      ]);
    });

    it('shows the last use of each permission of one key, and not in lists', async () => {
      const key = await issue(bench, all);
      expect(key.view.permissionUsage).toBeNull();
      await send(key, order('BTC'));
      const at = new Date(bench.nowMs).toISOString();
      expect((await bench.engine.keys.get(key.id))?.permissionUsage).toEqual([
        { permission: 'read', lastUsedAt: null },
        { permission: 'trade', lastUsedAt: at },
      ]);
      const [listed] = await bench.engine.keys.list({ afterId: '', limit: 10 });
      expect(listed?.permissionUsage).toBeNull();
    });

    it('is saved when the engine closes, and is there after a restart', async () => {
      const key = await issue(bench, all);
      await send(key, order('BTC'));
      await bench.restart();
      expect(await bench.store.activityOf(key.id, 0)).toMatchObject([{ requests: 1 }]);
    });

    it('keeps what could not be saved, and loses and doubles nothing', async () => {
      const key = await issue(bench, all);
      await send(key, order('BTC'));
      await send(key, order('ETH'));
      const { saveActivity } = bench.store;
      const failing = bench.store as { saveActivity: (rows: readonly ActivityRow[]) => unknown };
      failing.saveActivity = () => Promise.reject(new Error('the disk is full'));
      await bench.engine.keys.get(key.id);
      await send(key, order('BTC'));
      await bench.engine.keys.get(key.id);
      failing.saveActivity = saveActivity;
      expect(await saved(key)).toEqual(['trade 192.0.2.7 BTC 2', 'trade 192.0.2.7 ETH 1']);
    });
  });
}
