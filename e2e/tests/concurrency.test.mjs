import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { makeClient } from '../stage/clients.mjs';
import { send } from '../stage/send.mjs';
import { setStage } from '../stage/stage.mjs';

const ORDER = {
  symbol: 'BTCUSDT',
  side: 'buy',
  orderType: 'limit',
  force: 'gtc',
  price: '50000',
  size: '0.01',
};
let stage;
let client;
beforeAll(async () => {
  stage = await setStage('bitget');
  client = await makeClient('ccxt', { exchange: 'bitget', url: stage.tap.url, key: stage.keys.trader });
});
beforeEach(() => {
  stage.tap.clear();
  stage.upstream.received.length = 0;
});
afterAll(() => stage?.close());

it('50 requests of one client at once each get their own answer', async () => {
  const calls = Array.from({ length: 50 }, async (_, i) => {
    if (i % 2 === 0) {
      const { data } = await client.privateSpotGetV2SpotAccountAssets({ coin: `coin 🚀 ${i}` });
      return data[0].coin === `coin 🚀 ${i}`;
    }
    const { data } = await client.privateSpotPostV2SpotTradePlaceOrder({ ...ORDER, clientOid: `order-${i}` });
    return data.clientOid === `order-${i}`;
  });
  expect(await Promise.all(calls)).toEqual(calls.map(() => true));
  expect(stage.upstream.received).toHaveLength(50);
});

it('of 50 copies of one order, sent at once, exactly one goes through', async () => {
  stage.tap.theft = async (request, sendOn) => {
    stage.tap.theft = undefined;
    const copies = await Promise.all(Array.from({ length: 50 }, () => sendOn(request)));
    const passed = copies.filter(({ status }) => status === 200);
    expect(passed).toHaveLength(1);
    const codes = new Set(
      copies.filter(({ status }) => status !== 200).map(({ body }) => JSON.parse(body).code),
    );
    expect([...codes]).toEqual(['40008']);
    return passed[0];
  };
  await client.privateSpotPostV2SpotTradePlaceOrder(ORDER);
  expect(stage.upstream.received).toHaveLength(1);
});

it('a limit holds however many come at once', async () => {
  const metered = await makeClient('ccxt', {
    exchange: 'bitget',
    url: stage.tap.url,
    key: stage.keys.metered,
  });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) =>
      metered.privateSpotPostV2SpotTradePlaceOrder({ ...ORDER, clientOid: `${i}` }),
    ),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
});

it('a key is dead for the very next request once it is revoked', async () => {
  const { service, upstream, keys } = stage;
  const home = await makeClient('ccxt', { exchange: 'bitget', url: stage.tap.url, key: keys.home });
  await home.privateSpotPostV2SpotTradePlaceOrder(ORDER);
  const { request } = stage.tap.exchanges.at(-1);
  await service.call('POST', `/v1/keys/${keys.home.id}/revoke`, { reason: 'stolen', wait: 'everywhere' });
  const { length: before } = upstream.received;
  await expect(home.privateSpotPostV2SpotTradePlaceOrder(ORDER)).rejects.toThrow(/40037/);
  expect(JSON.parse((await send(service.proxyUrl, request)).body).code).toBe('40037');
  expect(upstream.received).toHaveLength(before);
});
