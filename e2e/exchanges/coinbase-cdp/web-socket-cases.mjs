import { on, once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers } from '../../stage/case.mjs';
import { send } from '../../stage/send.mjs';

const { overWebSocket } = caseMakers('ok');
const SOCKET = 'coinbase-api-websocket';

/** Sends messages on a WebSocket of its own, and returns the first answer to them that `wanted` takes. */
async function answerTo({ tap }, messages, wanted = () => true) {
  const socket = new WebSocket(tap.url.replace('http', 'ws'), { rejectUnauthorized: false });
  await once(socket, 'open');
  for (const message of messages) socket.send(message);
  for await (const [answer] of on(socket, 'message')) {
    const read = JSON.parse(answer.toString('utf8'));
    if (!wanted(read)) continue;
    socket.close();
    return read;
  }
}
const isError = ({ type }) => type === 'error';

const lastSent = ({ tap }) => tap.upgrades.at(-1).sent.at(-1);

/** What the package emits for the first subscription: data, or what it takes for an error. */
const subscribed = (channel, more) => async (c) => {
  const came = new Promise((resolve, reject) => {
    c.on('update', resolve);
    c.on('exception', reject);
  });
  c.subscribe({ topic: channel, payload: { product_ids: ['BTC-USD'], ...more } }, 'advTradeUserData');
  return came;
};
const gotOwnOrders = ({ events }, { key }) => events[0].orders[0].client_order_id === key.accountId;

const watchOrders = (c) => c.watchOrders('BTC/USD');
/** ccxt loads its markets with a signed request, and would fail before it opens a WebSocket. */
async function watchOrdersUnsigned(c) {
  const { apiKey } = c;
  c.apiKey = undefined;
  await c.loadMarkets();
  c.apiKey = apiKey;
  return watchOrders(c);
}

export const WEB_SOCKETS = {
  title: 'Coinbase: the WebSocket',
  cases: [
    overWebSocket('own orders', 'ccxt.pro', 1, watchOrders, {
      check: ([first], { key }) => first.clientOrderId === key.accountId,
      expect: { code: 'user' },
    }),
    overWebSocket('own orders, imported key', 'ccxt.pro', 1, watchOrders, {
      key: 'imported',
      check: ([first], { key }) => first.clientOrderId === key.accountId,
      expect: { code: 'user' },
    }),
    overWebSocket(
      'one token for two messages',
      'ccxt.pro',
      2,
      async (c) => {
        await watchOrders(c);
        return c.watchOrders('ETH/USD');
      },
      {
        check: (_, { tap }) => {
          const [first, second] = tap.upgrades.at(-1).sent.map((text) => JSON.parse(text));
          return first.jwt === second.jwt && first.product_ids[0] !== second.product_ids[0];
        },
      },
    ),
    overWebSocket('public, with no token', 'ccxt.pro', 1, (c) => c.watchTicker('BTC/USD'), {
      check: (_, { upstream }) => upstream.messages.at(-1).headers['x-countersign-account'] === undefined,
      expect: { code: 'ticker' },
    }),
    ...['trader', 'ed25519', 'importedEd25519'].map((key) =>
      overWebSocket(`own orders, key ${key}`, SOCKET, 1, subscribed('user'), {
        key,
        check: gotOwnOrders,
        expect: { code: 'user' },
      }),
    ),
    overWebSocket(
      'the same message again',
      'ccxt.pro',
      2,
      async (c, stage) => {
        await watchOrders(c);
        return answerTo(stage, [lastSent(stage)]);
      },
      { check: ({ channel }) => channel === 'subscriptions' },
    ),
    overWebSocket(
      'its token on a path of another',
      'ccxt.pro',
      1,
      async (c, stage) => {
        await watchOrders(c);
        const { jwt } = JSON.parse(lastSent(stage));
        const headers = ['Host', new URL(stage.tap.url).host, 'Authorization', `Bearer ${jwt}`];
        const request = {
          method: 'GET',
          target: '/api/v3/brokerage/accounts',
          headers,
          body: Buffer.alloc(0),
        };
        return send(stage.service.proxyUrl, request);
      },
      { check: ({ status }) => status === 401 },
    ),
    overWebSocket(
      "a request's token in a message",
      'ccxt.pro',
      0,
      async (c, stage) => {
        await c.v3PrivateGetBrokerageAccounts();
        const { headers } = stage.tap.exchanges.at(-1).request;
        const at = headers.findIndex((name) => name.toLowerCase() === 'authorization');
        const jwt = headers[at + 1].slice('Bearer '.length);
        return answerTo(stage, [JSON.stringify({ type: 'subscribe', channel: 'user', jwt })]);
      },
      { check: isError, expect: { code: 'authentication failure' } },
    ),
    overWebSocket(
      'a message of another type',
      'ccxt.pro',
      1,
      async (c, stage) => {
        await watchOrders(c);
        return answerTo(stage, [lastSent(stage).replace('"subscribe"', '"place_order"')]);
      },
      { check: isError, expect: { code: 'The request cannot be read' } },
    ),
    overWebSocket(
      'private, without a token',
      'ccxt.pro',
      0,
      (_, stage) => answerTo(stage, ['{"type":"subscribe","channel":"user","product_ids":[]}']),
      {
        check: ({ message }) => message === 'authentication failure',
        expect: { code: 'authentication failure' },
      },
    ),
    overWebSocket(
      'private without a token, after one with',
      'ccxt.pro',
      2,
      async (c, stage) => {
        await watchOrders(c);
        const { jwt, ...without } = JSON.parse(lastSent(stage));
        return answerTo(stage, [lastSent(stage), JSON.stringify(without)], isError);
      },
      {
        // What the first message asked for may come before or after the refusal.
        check: ({ message }) => message === 'authentication failure',
      },
    ),
    overWebSocket('wrong private key', 'ccxt.pro', 0, watchOrdersUnsigned, {
      key: 'wrongSecret',
      expect: { code: 'authentication failure', thrown: 'ExchangeError', upgrades: 0 },
    }),
    overWebSocket('revoked key', 'ccxt.pro', 0, watchOrdersUnsigned, {
      key: 'revoked',
      expect: { code: 'authentication failure', thrown: 'ExchangeError', upgrades: 0 },
    }),
    overWebSocket('wrong private key', SOCKET, 0, subscribed('user'), {
      key: 'wrongSecret',
      expect: { code: 'authentication failure', thrown: 'object', upgrades: 0 },
    }),
    overWebSocket('another address', SOCKET, 0, subscribed('user'), {
      key: 'fenced',
      expect: { code: 'The key may not be used from this address', thrown: 'object' },
    }),
  ],
};
