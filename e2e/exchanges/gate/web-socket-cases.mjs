import { once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers, TEXTS } from '../../stage/case.mjs';
import { different, ORDER, twice } from './order.mjs';

const { overWebSocket } = caseMakers('ok');
const balance = (c) => c.watchBalance();
const gotBalance = ({ USDT }) => USDT.free === 900;
const orderOverWs = (c) => c.createOrderWs('BTC/USDT', 'limit', 'buy', 0.01, 50_000);

/** What is answered to a message on a WebSocket of its own. */
async function answerTo({ tap }, path, message, line = {}) {
  const socket = new WebSocket(`${tap.url.replace('http', 'ws')}${path}`, line);
  await once(socket, 'open');
  socket.send(message);
  const [answer] = await once(socket, 'message');
  socket.close();
  return JSON.parse(answer.toString('utf8'));
}

/** Sends one of the client's messages again, changed or not, on another WebSocket. */
const andAgain =
  (call, { at = -1, path = '/ws/v4/', change = (text) => text, line } = {}) =>
  async (client, stage) => {
    await call(client);
    return answerTo(stage, path, change(stage.tap.upgrades[0].sent.at(at)), line);
  };

/** Of the client's messages, the first is its login. */
const FIRST = { at: 0 };
/** ccxt loads its markets with a signed request, and takes a refusal for an answer. */
const UNSIGNED_START = { options: { unifiedAccount: false } };

/** As many answers of the client of gateio-api as it subscribes to channels. */
const subscribed = (topics) => async (client) => {
  const answers = new Promise((resolve, reject) => {
    const got = [];
    client.on('response', (answer) => got.push(answer) === topics.length && resolve(got));
    client.on('exception', reject);
  });
  client.subscribe(topics, 'spotV4');
  return answers;
};

const orderBySocket = (more) => (client) =>
  client.sendWSAPIRequest('spotV4', 'spot.order_place', { ...ORDER, action_mode: different(), ...more });
const statusBySocket = (client) => client.sendWSAPIRequest('spotV4', 'spot.order_status', { order_id: '1' });

/** The login of gateio-api waits for an answer for ever: its refusal comes as an exception. */
const failedLogin = async (client) => {
  const exception = once(client, 'exception');
  orderBySocket()(client).catch(() => {});
  const [{ data }] = await exception;
  return data.errs;
};

/** Everything over a WebSocket, as one group of cases. */
export const WEB_SOCKETS = {
  title: 'Gate: channels of the account, and orders over a WebSocket',
  cases: [
    overWebSocket('spot.balances, signed by itself', 'ccxt.pro', 1, balance, {
      check: (got, { upstream }) =>
        gotBalance(got) && upstream.messages.at(-1).headers['x-countersign-account'] === 'acct_trader',
      expect: { code: 'ok', upgrades: 1 },
    }),
    overWebSocket(
      'futures.balances',
      'ccxt.pro',
      1,
      (c) => c.watchBalance({ type: 'swap', settle: 'usdt' }),
      {
        more: { uid: '1' },
        check: gotBalance,
        expect: { code: 'ok' },
      },
    ),
    overWebSocket('login, then an order', 'ccxt.pro', 1, orderOverWs, {
      check: ({ id }, { tap, upstream }) =>
        id !== undefined &&
        tap.upgrades.at(-1).got[0].includes('spot.login') &&
        upstream.messages.at(-1).headers['x-countersign-account'] === 'acct_trader',
      expect: { code: 'ok' },
    }),
    overWebSocket('login, then an order', 'gateio-api-websocket', 1, orderBySocket({ text: TEXTS.mixed }), {
      check: ({ data }) => data.result.text === TEXTS.mixed,
      expect: { code: 'ok' },
    }),
    overWebSocket('one order asked for twice', 'gateio-api-websocket', 2, twice(statusBySocket), {
      check: (answers) => answers.every(({ header }) => header.status === '200'),
    }),
    // Both have the same signature, but for the turn of a second.
    overWebSocket(
      'one channel, two instruments',
      'gateio-api-websocket',
      2,
      subscribed([
        { topic: 'spot.orders', payload: ['BTC_USDT'] },
        { topic: 'spot.orders', payload: ['ETH_USDT'] },
      ]),
      {
        check: (answers) => answers.every(({ result }) => result.status === 'success'),
        expect: { code: 'ok', upgrades: 1 },
      },
    ),
    overWebSocket(
      'login on two sockets in one second',
      'ccxt.pro',
      0,
      async (client, stage) => {
        await client.authenticate(client.urls.api.swap.usdt, 'futures');
        return answerTo(stage, '/v4/ws/btc', stage.tap.upgrades[0].sent[0].replace('"authenticated"', '"2"'));
      },
      { check: ({ header }) => header.status === '200', expect: { code: 'ok' } },
    ),
    overWebSocket(
      'public, before any login',
      'gateio-api-websocket',
      1,
      subscribed([{ topic: 'spot.tickers', payload: ['BTC_USDT'] }]),
      {
        check: (_, { upstream }) => upstream.messages.at(-1).headers['x-countersign-account'] === undefined,
      },
    ),
    overWebSocket(
      'private, not signed',
      'ccxt.pro',
      0,
      (_, stage) => answerTo(stage, '/ws/v4/', '{"time":1,"channel":"spot.balances","event":"subscribe"}'),
      { expect: { code: 'MISSING_REQUIRED_HEADER' } },
    ),
    overWebSocket('subscription sent again', 'ccxt.pro', 2, andAgain(balance), {
      check: ({ result }) => result.status === 'success',
    }),
    overWebSocket(
      'subscription to another channel',
      'ccxt.pro',
      1,
      andAgain(balance, { change: (text) => text.replace('spot.balances', 'spot.orders') }),
      { expect: { code: 'INVALID_SIGNATURE' } },
    ),
    overWebSocket(
      'subscription made an order',
      'ccxt.pro',
      1,
      andAgain(balance, { change: (text) => text.replace('"subscribe"', '"api"') }),
      { expect: { code: 'MISSING_REQUIRED_HEADER' } },
    ),
    overWebSocket(
      'subscription with an order beside',
      'ccxt.pro',
      1,
      andAgain(balance, {
        change: (text) => text.replace(/}$/, ',"Event":"api","Channel":"spot.order_place"}'),
      }),
      { expect: { code: 'INVALID_PROTOCOL' } },
    ),
    overWebSocket('order sent again', 'ccxt.pro', 1, andAgain(orderOverWs), {
      expect: { code: 'REQUEST_EXPIRED' },
    }),
    overWebSocket(
      'order sent again, of another number',
      'ccxt.pro',
      1,
      andAgain(orderOverWs, { change: (text) => text.replace(/"req_id":"\d+"/, '"req_id":"77"') }),
      { expect: { code: 'REQUEST_EXPIRED' } },
    ),
    overWebSocket(
      'order with another price',
      'ccxt.pro',
      1,
      andAgain(orderOverWs, { change: (text) => text.replace('50000', '49000') }),
      { expect: { code: 'INVALID_SIGNATURE' } },
    ),
    overWebSocket(
      'order with a second payload',
      'ccxt.pro',
      1,
      andAgain(orderOverWs, { change: (text) => text.replace(/}$/, ',"Payload":{"req_param":{}}}') }),
      { expect: { code: 'INVALID_PROTOCOL' } },
    ),
    overWebSocket('login sent again', 'ccxt.pro', 1, andAgain(orderOverWs, FIRST), {
      check: ({ header }) => header.status === '200',
    }),
    overWebSocket(
      'login made an order',
      'ccxt.pro',
      1,
      andAgain(orderOverWs, { ...FIRST, change: (text) => text.replace('spot.login', 'spot.order_place') }),
      { expect: { code: 'INVALID_SIGNATURE' } },
    ),
    overWebSocket(
      'order sent as a request',
      'ccxt.pro',
      1,
      async (client, { tap, key }) => {
        await orderOverWs(client);
        const { payload } = JSON.parse(tap.upgrades.at(-1).sent.at(-1));
        const headers = { KEY: key.id, SIGN: payload.signature, Timestamp: payload.timestamp };
        const body = JSON.stringify(payload.req_param);
        return (await fetch(`${tap.url}/api/v4/spot/orders`, { method: 'POST', headers, body })).json();
      },
      { expect: { status: 401, code: 'INVALID_SIGNATURE' } },
    ),
    overWebSocket('wrong secret', 'ccxt.pro', 0, balance, {
      key: 'wrongSecret',
      more: UNSIGNED_START,
      expect: { code: 'INVALID_SIGNATURE', thrown: 'AuthenticationError', upgrades: 0 },
    }),
    overWebSocket('wrong secret, an order', 'ccxt.pro', 0, orderOverWs, {
      key: 'wrongSecret',
      more: UNSIGNED_START,
      expect: { code: 'INVALID_SIGNATURE', thrown: 'AuthenticationError', upgrades: 0 },
    }),
    overWebSocket('wrong secret, an order', 'gateio-api-websocket', 0, failedLogin, {
      key: 'wrongSecret',
      check: ({ label }) => label === 'INVALID_SIGNATURE',
      expect: { code: 'INVALID_SIGNATURE', upgrades: 0 },
    }),
    overWebSocket('revoked key', 'ccxt.pro', 0, balance, {
      key: 'revoked',
      more: UNSIGNED_START,
      expect: { code: 'INVALID_KEY', thrown: 'AuthenticationError' },
    }),
    overWebSocket('62 s old', 'ccxt.pro', 0, balance, {
      more: { ...UNSIGNED_START, seconds: () => Math.floor(Date.now() / 1000) - 62 },
      expect: { code: 'REQUEST_EXPIRED', thrown: 'AuthenticationError' },
    }),
    overWebSocket('permission it lacks', 'ccxt.pro', 0, orderOverWs, {
      key: 'reader',
      expect: { code: 'FORBIDDEN', thrown: 'PermissionDenied' },
    }),
    overWebSocket('order by a limited key', 'ccxt.pro', 0, orderOverWs, {
      key: 'limited',
      expect: { code: 'FORBIDDEN', thrown: 'PermissionDenied' },
    }),
  ],
};
