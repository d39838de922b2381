import { once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused, overWebSocket } = caseMakers('0');
const ORDER = {
  category: 'spot',
  symbol: 'BTCUSDT',
  side: 'Buy',
  orderType: 'Limit',
  qty: '0.01',
  price: '50000',
};

const ordersOf = (orderLinkId) => (client) => client.privateGetV5OrderRealtime({ orderLinkId });
const ordersByApi = (orderLinkId) => (client) => client.getPrivate('v5/order/realtime', { orderLinkId });
const order = (more) => (client) => client.privatePostV5OrderCreate({ ...ORDER, ...more });
const orderByApi = (more) => (client) => client.postPrivate('v5/order/create', { ...ORDER, ...more });
const gotLinkId = (text) => (answer) => answer.result.orderLinkId === text;

/** A value in a query: what the client signs is in `matched`. */
const value = (what, client, text, matched, arrived = text) => {
  const call = client === 'ccxt' ? ordersOf(text) : ordersByApi(text);
  const check = ({ result }) => result.list[0].orderLinkId === arrived;
  return allowed(`GET, ${what}`, client, call, { check, matched });
};

const MALFORMED = [200, '10001', 'BadRequest'];
const EXPIRED = [200, '10002', 'InvalidNonce'];
const INVALID_KEY = [200, '10003', 'AuthenticationError'];
const SIGNATURE = [200, '10004', 'AuthenticationError'];
const PERMISSION = [200, '10005', 'PermissionDenied'];
const ADDRESS = [200, '10010', 'PermissionDenied'];
const BANNED = [200, '10008', 'AccountSuspended'];
const asObject = ([status, code]) => [status, code, 'object'];

function twoReadsAtOnce(client) {
  const ms = Date.now();
  client.nonce = () => ms;
  return Promise.all([client.privateGetV5UserQueryApi(), client.privateGetV5AccountInfo()]);
}

const signOf = ({ headers }) => headers[headers.findIndex((name) => /^x-bapi-sign$/i.test(name)) + 1];

/** Sends a captured request, and then its parts as another one. */
const andThen = (change) => async (request, send) => {
  await send(request);
  return send({ ...request, ...change(request) });
};

const queryAsBody = ({ target }) => {
  const [, query] = target.split('?');
  return { method: 'POST', target: '/v5/order/cancel-all', body: Buffer.from(query) };
};

const bodyAsQuery = ({ body }) => ({
  method: 'GET',
  target: `/v5/order/realtime?${encodeURIComponent(body.toString('utf8'))}`,
  body: Buffer.alloc(0),
});

/** A digit of the recvWindow goes over to the parameters. */
const moveDigit = (into) => (request, send) => {
  const headers = request.headers.map((text) => (text === '5000' ? '500' : text));
  return send({ ...request, headers, ...into(request) });
};

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

export const CASES = [
  {
    title: 'Bybit: what customers do',
    cases: [
      allowed('loadMarkets, fetchBalance', 'ccxt', (client) => client.fetchBalance(), {
        check: gotBalance,
        expect: { passed: undefined },
      }),
      allowed(
        'createOrder, cancelOrder',
        'ccxt',
        async (c) => {
          const { id } = await c.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 50_000);
          return c.cancelOrder(id, 'BTC/USDT');
        },
        { check: ({ id }) => id !== undefined, expect: { passed: undefined } },
      ),
      allowed('public, no credential', 'ccxt', (client) => client.fetchTime()),
      allowed('public', 'bybit-api', (client) => client.getServerTime()),
      value('an emoji', 'ccxt', TEXTS.emoji, 'decoded'),
      value("a '", 'ccxt', TEXTS.quote, 'decoded'),
      value('a "', 'ccxt', TEXTS.doubleQuote, 'decoded'),
      value('a space', 'ccxt', TEXTS.spaces, 'decoded'),
      value('a /', 'ccxt', TEXTS.slash, 'wire'),
      // ccxt neither encodes the plus nor means a space.
      value('a +', 'ccxt', TEXTS.plus, 'wire', '1 1'),
      value('all of these at once', 'ccxt', TEXTS.mixed, 'decoded', TEXTS.mixed.replace('+', ' ')),
      value('an emoji', 'bybit-api', TEXTS.emoji, 'wire'),
      value("a '", 'bybit-api', TEXTS.quote, 'decoded'),
      value('a "', 'bybit-api', TEXTS.doubleQuote, 'wire'),
      value('a space', 'bybit-api', TEXTS.spaces, 'wire'),
      value('a /', 'bybit-api', TEXTS.slash, 'wire'),
      value('a +', 'bybit-api', TEXTS.plus, 'wire'),
      value('a &', 'bybit-api', TEXTS.ampersand, 'wire'),
      value('all of these at once', 'bybit-api', TEXTS.mixed, 'encoded'),
      allowed('GET, no query but a ?', 'ccxt', (c) => c.privateGetV5AccountInfo(), { matched: 'wire' }),
      allowed('GET, no query', 'bybit-api', (c) => c.getPrivate('v5/account/info'), { matched: 'wire' }),
      allowed('POST, an order', 'ccxt', order(), { matched: 'wire' }),
      allowed('POST, an order', 'bybit-api', (c) => c.submitOrder(ORDER), { matched: 'wire' }),
      allowed('POST, all of these at once', 'ccxt', order({ orderLinkId: TEXTS.mixed }), {
        check: gotLinkId(TEXTS.mixed),
        matched: 'wire',
      }),
      allowed('POST, all of these at once', 'bybit-api', orderByApi({ orderLinkId: TEXTS.mixed }), {
        check: gotLinkId(TEXTS.mixed),
        matched: 'wire',
      }),
      allowed('POST, empty: {}', 'ccxt', (c) => c.privatePostV5OrderCancelAll(), { matched: 'wire' }),
      allowed('POST, empty: {}', 'bybit-api', (c) => c.postPrivate('v5/order/cancel-all'), {
        matched: 'wire',
      }),
      allowed('RSA, GET', 'ccxt', ordersOf(TEXTS.emoji), { key: 'rsa', matched: 'decoded' }),
      allowed('RSA, POST', 'ccxt', order(), { key: 'rsa', matched: 'wire' }),
      allowed('RSA, GET', 'bybit-api', ordersByApi(TEXTS.mixed), { key: 'rsa', matched: 'encoded' }),
      allowed('RSA, POST', 'bybit-api', orderByApi(), { key: 'rsa', matched: 'wire' }),
      allowed('old secret, in its grace', 'ccxt', ordersOf('1'), { key: 'rotatedInGrace' }),
      allowed('order within the limits', 'ccxt', order({ maxCost: '500' }), { key: 'limited' }),
      allowed('order within the limits', 'bybit-api', orderByApi({ maxCost: '500' }), { key: 'limited' }),
      allowed('40 s old, recvWindow 60 s', 'ccxt', order(), {
        more: { options: { timeDifference: 40_000, recvWindow: 60_000 } },
      }),
      allowed('spoofed X-Countersign-Account', 'ccxt', (c) => c.privateGetV5UserQueryApi(), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ result }) => result.userID === 'acct_trader',
      }),
      // Both have no parameter, and so one signature: it does not cover the route. fetchBalance sends them so.
      allowed('two reads in one millisecond', 'ccxt', twoReadsAtOnce, {
        check: ([{ result }], { tap }) =>
          result.userID === 'acct_trader' &&
          new Set(tap.exchanges.map(({ request }) => signOf(request))).size === 1,
        expect: { passed: 2 },
      }),
      allowed('GET sent again as it was', 'ccxt', ordersOf('1'), {
        theft: thefts.replay,
        expect: { passed: 2 },
      }),
    ],
  },
  {
    title: 'Bybit: what a thief does with captured requests',
    cases: [
      refused('order sent again', 'ccxt', EXPIRED, order(), { theft: thefts.replay, expect: { passed: 1 } }),
      refused('order sent again', 'bybit-api', asObject(EXPIRED), orderByApi(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('order sent to another route', 'ccxt', EXPIRED, order(), {
        theft: thefts.replayTo('/v5/order/cancel-all'),
        expect: { passed: 1 },
      }),
      refused('RSA: sent to another route', 'bybit-api', asObject(EXPIRED), orderByApi(), {
        key: 'rsa',
        theft: thefts.replayTo('/v5/order/cancel-all'),
        expect: { passed: 1 },
      }),
      // No route takes a PUT, and the signature is not what tells.
      refused('order made a PUT', 'ccxt', [404, '10017', 'BadRequest'], order(), {
        theft: andThen(() => ({ method: 'PUT' })),
        expect: { passed: 1 },
      }),
      refused('body of an order made a query', 'ccxt', MALFORMED, order(), {
        theft: andThen(bodyAsQuery),
        expect: { passed: 1 },
      }),
      refused('query of a read made a body', 'ccxt', EXPIRED, ordersOf('1'), {
        theft: andThen(queryAsBody),
        expect: { passed: 1 },
      }),
      refused(
        'a read that asked for nothing',
        'bybit-api',
        asObject(EXPIRED),
        (c) => c.getPrivate('v5/account/info'),
        {
          theft: andThen(() => ({ method: 'POST', target: '/v5/order/cancel-all' })),
          expect: { passed: 1 },
        },
      ),
      refused('changed body', 'ccxt', SIGNATURE, order(), { theft: thefts.changeBody('"0.01"', '"9.01"') }),
      refused('changed body', 'bybit-api', asObject(SIGNATURE), orderByApi(), {
        theft: thefts.changeBody('"0.01"', '"9.01"'),
      }),
      refused('changed query', 'ccxt', SIGNATURE, ordersOf('1'), { theft: thefts.changeTarget('=1', '=2') }),
      refused('a field more', 'bybit-api', asObject(SIGNATURE), ordersByApi('1'), {
        theft: thefts.changeTarget(/$/, '&limit=1'),
      }),
      refused('a query beside the body', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeTarget(/$/, '?qty=9'),
      }),
      refused('a body beside the query', 'bybit-api', asObject(MALFORMED), ordersByApi('1'), {
        theft: thefts.addBody('{}'),
      }),
      refused(
        'two values made one',
        'ccxt',
        SIGNATURE,
        (c) => c.privateGetV5OrderRealtime({ a: '1', b: '2' }),
        {
          theft: thefts.changeTarget('&b=', '%26b%3D'),
        },
      ),
      refused('old order, new timestamp', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeHeader('X-BAPI-TIMESTAMP', (text) => String(Number(text) + 1)),
      }),
      refused('a longer recvWindow', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeHeader('X-BAPI-RECV-WINDOW', '60000'),
      }),
      refused('a digit moved into the body', 'ccxt', MALFORMED, order(), {
        theft: moveDigit(({ body }) => ({ body: Buffer.concat([Buffer.from('0'), body]) })),
      }),
      refused('a digit moved into the query', 'ccxt', MALFORMED, ordersOf('1'), {
        theft: moveDigit(({ target }) => ({ target: target.replace('?', '?0') })),
      }),
      refused('a digit moved, and encoded', 'ccxt', MALFORMED, ordersOf('1'), {
        theft: moveDigit(({ target }) => ({ target: target.replace('?', '?%30') })),
      }),
      refused('without the signature', 'ccxt', SIGNATURE, order(), {
        theft: thefts.dropHeaders('X-BAPI-SIGN'),
      }),
      refused('without the timestamp', 'ccxt', EXPIRED, order(), {
        theft: thefts.dropHeaders('X-BAPI-TIMESTAMP'),
      }),
      refused('unsigned, private route', 'ccxt', [200, '10003', 'AuthenticationError'], order(), {
        theft: thefts.dropHeaders('X-BAPI-'),
      }),
      refused('a second X-BAPI-API-KEY', 'ccxt', MALFORMED, order(), {
        theft: thefts.repeatHeader('x-bapi-api-key', 'another'),
      }),
      refused('a second X-BAPI-RECV-WINDOW', 'ccxt', MALFORMED, order(), {
        theft: thefts.repeatHeader('x-bapi-recv-window', '60000'),
      }),
    ],
  },
  {
    title: 'Bybit: who is refused for what',
    cases: [
      refused('timestamp 6 s old', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: 6_000 } },
      }),
      refused('timestamp 2 s ahead', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: -2_000 } },
      }),
      refused('recvWindow over its limit', 'ccxt', MALFORMED, order(), {
        more: { options: { recvWindow: 60_001 } },
      }),
      refused('another address', 'ccxt', ADDRESS, order(), { key: 'fenced' }),
      refused('another address', 'bybit-api', asObject(ADDRESS), orderByApi(), { key: 'fenced' }),
      refused("GET, a ' next to a &", 'bybit-api', asObject(SIGNATURE), ordersByApi(`${TEXTS.quote}&`)),
      refused('wrong secret', 'ccxt', SIGNATURE, order(), { key: 'wrongSecret' }),
      refused('unknown key', 'ccxt', INVALID_KEY, order(), { key: 'invented' }),
      refused('revoked key', 'ccxt', INVALID_KEY, order(), { key: 'revoked' }),
      refused('revoked key', 'bybit-api', asObject(INVALID_KEY), orderByApi(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', INVALID_KEY, order(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', BANNED, order(), { key: 'quarantined' }),
      refused('key in quarantine', 'bybit-api', asObject(BANNED), orderByApi(), { key: 'quarantined' }),
      refused('expired key', 'ccxt', [200, '33004', 'AuthenticationError'], ordersOf('1'), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('key for the test environment', 'ccxt', INVALID_KEY, order(), { key: 'testing' }),
      refused('permission it lacks', 'ccxt', PERMISSION, order(), { key: 'reader' }),
      refused('permission it lacks', 'bybit-api', asObject(PERMISSION), orderByApi(), { key: 'reader' }),
      refused('instrument not allowed', 'ccxt', PERMISSION, order({ symbol: 'ETHUSDT', maxCost: '500' }), {
        key: 'limited',
      }),
      refused('amount over the limit', 'ccxt', PERMISSION, order({ maxCost: '1000.01' }), { key: 'limited' }),
      refused('amount that nobody can see', 'bybit-api', asObject(PERMISSION), orderByApi(), {
        key: 'limited',
      }),
      refused(
        'batch by a limited key',
        'ccxt',
        PERMISSION,
        (c) => c.privatePostV5OrderCreateBatch({ category: 'spot', request: [{ ...ORDER }] }),
        { key: 'limited' },
      ),
      refused('route that nobody declared', 'ccxt', [404, '10017', 'BadRequest'], (c) =>
        c.privateGetV5PositionList({ symbol: 'BTCUSDT' }),
      ),
      refused('rate limit used up', 'ccxt', [429, '10006', 'RateLimitExceeded'], threeTimes(ordersOf('1')), {
        key: 'metered',
        expect: { passed: 2 },
      }),
    ],
  },
  {
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
        expect: { code: '10002' },
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
  },
];
