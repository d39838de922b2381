import { once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers, TEXTS } from '../../stage/case.mjs';
import { ORDER } from './order.mjs';

const { overWebSocket } = caseMakers('0');
const balance = (c) => c.watchBalance();
const orderOverWs = (c) => c.createOrderWs('BTC/USDT', 'limit', 'buy', 0.01, 50_000);
const gotBalance = ({ USDT }) => USDT.free === 900;
/** ccxt loads its markets and asks what account it is with signed requests, and would fail before it opens a WebSocket. */
const UNSIGNED_START = {
  has: { fetchCurrencies: false },
  options: { enableUnifiedMargin: false, enableUnifiedAccount: true },
};

/** What an event of bybit-api says, once it comes. */
const eventOf = (name, act) => async (client) => {
  const event = once(client, name);
  await act(client);
  const [value] = await event;
  return value;
};
const walletStream = eventOf('update', (client) => Promise.all(client.subscribeV5('wallet', 'linear')));
const failedStream = eventOf('exception', (client) => {
  client.subscribeV5('wallet', 'linear');
});

/** What is answered to one message on a WebSocket of its own. */
async function answerTo({ tap }, path, message, line = {}) {
  const socket = new WebSocket(`${tap.url.replace('http', 'ws')}${path}`, line);
  await once(socket, 'open');
  socket.send(message);
  const [answer] = await once(socket, 'message');
  socket.close();
  return JSON.parse(answer.toString('utf8'));
}

const loginIn = ({ tap }) => tap.upgrades[0].sent.find((text) => text.includes('"auth"'));

/** Sends the client's login again, changed or not, on another WebSocket. */
const andLoginAgain =
  (call, path, change = (text) => text) =>
  async (client, stage) => {
    await call(client);
    return answerTo(stage, path, change(loginIn(stage)));
  };

/** Everything over a WebSocket, as one group of cases. */
export const WEB_SOCKETS = {
  title: 'Bybit: streams of the account, and orders over a WebSocket',
  cases: [
    overWebSocket('login, wallet', 'ccxt.pro', 1, balance, {
      check: (got, { tap, upstream }) =>
        gotBalance(got) &&
        tap.upgrades.at(-1).got[0].startsWith('{"success":true') &&
        upstream.upgrades.at(-1).headers['x-countersign-account'] === 'acct_trader',
      expect: { code: '0', upgrades: 1 },
    }),
    overWebSocket('login, wallet', 'bybit-api-streams', 1, walletStream, {
      check: ({ topic, id }) => topic === 'wallet' && id === 'acct_trader',
      expect: { code: '0', upgrades: 1 },
    }),
    overWebSocket('RSA: login, wallet', 'bybit-api-streams', 1, walletStream, {
      key: 'rsa',
      check: ({ id }) => id === 'acct_rsa',
    }),
    overWebSocket('login, an order', 'ccxt.pro', 1, orderOverWs, {
      check: ({ id }) => id !== undefined,
      expect: { code: '0' },
    }),
    overWebSocket(
      'login, an order with all of these',
      'bybit-api-orders',
      1,
      (c) => c.submitNewOrder({ ...ORDER, orderLinkId: TEXTS.mixed }),
      { check: ({ data }) => data.orderLinkId === TEXTS.mixed, expect: { code: '0' } },
    ),
    overWebSocket('RSA: login, an order', 'bybit-api-orders', 1, (c) => c.submitNewOrder(ORDER), {
      key: 'rsa',
      check: ({ retCode }) => retCode === 0,
    }),
    overWebSocket(
      'public, before any login',
      'ccxt.pro',
      1,
      (_, stage) => answerTo(stage, '/v5/private', '{"op":"ping"}'),
      {
        check: ({ ret_msg }, { upstream }) =>
          ret_msg === 'pong' && upstream.upgrades.at(-1).headers['x-countersign-account'] === undefined,
      },
    ),
    overWebSocket(
      'private, before any login',
      'ccxt.pro',
      0,
      (_, stage) => answerTo(stage, '/v5/private', '{"op":"subscribe","args":["wallet"]}'),
      { expect: { code: '10003' } },
    ),
    overWebSocket(
      'an order, before any login',
      'ccxt.pro',
      0,
      (_, stage) => answerTo(stage, '/v5/trade', '{"reqId":"1","op":"order.create","args":[{}]}'),
      { expect: { code: '10003' } },
    ),
    overWebSocket('login again, same address', 'ccxt.pro', 1, andLoginAgain(balance, '/v5/private'), {
      expect: { code: '0' },
    }),
    overWebSocket('login of the streams for orders', 'ccxt.pro', 1, andLoginAgain(balance, '/v5/trade'), {
      expect: { code: '0' },
    }),
    overWebSocket(
      'login with its end put off',
      'ccxt.pro',
      1,
      andLoginAgain(balance, '/v5/private', (text) =>
        text.replace(/"(\d{13})"/, (_, ms) => `"${Number(ms) + 1}"`),
      ),
      { expect: { code: '10004' } },
    ),
    overWebSocket(
      'login with op twice',
      'ccxt.pro',
      1,
      andLoginAgain(balance, '/v5/private', (text) => text.replace('{', '{"op":"ping",')),
      { expect: { code: '10001' } },
    ),
    overWebSocket(
      'login with another key',
      'ccxt.pro',
      1,
      async (client, { keys }) => {
        await client.createOrderWs('BTC/USDT', 'limit', 'buy', 0.01, 50_000);
        const [socket] = Object.values(client.clients);
        client.apiKey = keys.home.id;
        client.secret = keys.home.secret;
        delete socket.subscriptions.authenticated;
        delete socket.futures.authenticated;
        return client.authenticate(socket.url);
      },
      { expect: { code: '10005', thrown: 'PermissionDenied' } },
    ),
    overWebSocket('wrong secret', 'ccxt.pro', 0, balance, {
      key: 'wrongSecret',
      more: UNSIGNED_START,
      expect: { code: '10004', thrown: 'AuthenticationError', upgrades: 0 },
    }),
    overWebSocket('wrong secret', 'bybit-api-streams', 0, failedStream, {
      key: 'wrongSecret',
      check: ({ ret_code }) => ret_code === 10004,
      expect: { code: '10004', upgrades: 0 },
    }),
    overWebSocket('revoked key', 'ccxt.pro', 0, balance, {
      key: 'revoked',
      more: UNSIGNED_START,
      expect: { code: '10003', thrown: 'AuthenticationError' },
    }),
    overWebSocket('login 2 minutes ahead', 'ccxt.pro', 0, balance, {
      more: { ...UNSIGNED_START, milliseconds: () => Date.now() + 120_000 },
      expect: { code: '10002', thrown: 'InvalidNonce' },
    }),
    overWebSocket('another address', 'ccxt.pro', 0, balance, {
      key: 'fenced',
      more: UNSIGNED_START,
      expect: { code: '10010', thrown: 'PermissionDenied' },
    }),
    overWebSocket('orders without the permission', 'ccxt.pro', 0, orderOverWs, {
      key: 'reader',
      expect: { code: '10005', thrown: 'PermissionDenied' },
    }),
    overWebSocket('orders by a limited key', 'ccxt.pro', 0, orderOverWs, {
      key: 'limited',
      expect: { code: '10005', thrown: 'PermissionDenied' },
    }),
    overWebSocket("RSA: ccxt's login is HMAC", 'ccxt.pro', 0, balance, {
      key: 'rsa',
      expect: { code: '10004', thrown: 'AuthenticationError' },
    }),
  ],
};
