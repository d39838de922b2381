import { answerTo } from '../../stage/answer-to.mjs';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused, overWebSocket } = caseMakers('ok');
const WS_API = '/ws-api/v3';
const ORDER = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  price: '50000',
  quantity: '0.01',
};

const openOrdersOf = (symbol) => (client) => client.privateGetOpenOrders({ symbol });
const openOrdersByApi = (symbol) => (client) => client.getPrivate('api/v3/openOrders', { symbol });
const order = (more) => (client) => client.privatePostOrder({ ...ORDER, ...more });
const orderByApi = (more) => (client) => client.postPrivate('api/v3/order', { ...ORDER, ...more });
const gotClientOrderId = (text) => (answer) => answer.clientOrderId === text;

/** A value in a query: what the client signs is in `matched`. */
const value = (what, client, text, matched) => {
  const call = client === 'ccxt' ? openOrdersOf(text) : openOrdersByApi(text);
  return allowed(`GET, ${what}`, client, call, { check: ([first]) => first.symbol === text, matched });
};

const SIGNATURE = [400, '-1022', 'AuthenticationError'];
const EXPIRED = [400, '-1021', 'InvalidNonce'];
const UNKNOWN = [401, '-2015', 'AuthenticationError'];
const PERMISSION = [401, '-1002', 'PermissionDenied'];
const MALFORMED = [400, '-1100', 'BadRequest'];
const NO_SIGNATURE = [400, '-1102', 'BadRequest'];
const asObject = ([status, code]) => [status, code, 'object'];

/** The client takes the time when it is called. */
function twoReadsAtOnce(client) {
  const { now } = Date;
  const ms = now();
  Date.now = () => ms;
  try {
    return Promise.all([client.getPrivate('api/v3/account'), client.getPrivate('api/v3/openOrders')]);
  } finally {
    Date.now = now;
  }
}

const signaturesOf = (requests) => new Set(requests.map(({ query }) => query.get('signature')));

/** By this text ccxt tells the error, and throws it without its code. */
const byText = { thrownNamesCode: false };

/** The parameters of a captured request go from the form to the query. */
const intoQuery = (request, send) =>
  send({ ...request, target: `${request.target}?${request.body}`, body: Buffer.alloc(0) });

/** Has ccxt load its markets without a signed request. */
const ONLY_SPOT = { fetchMarkets: ['spot'], fetchCurrencies: false, fetchMargins: false };
const orderOverWs = (c) => c.createOrderWs('BTC/USDT', 'limit', 'buy', 0.01, 50_000);
const balanceOverWs = (c) => c.fetchBalanceWs();
const gotAccount = ({ info }, { key }) => info.uid === key.accountId;

/** Two messages; the package leaves the time to its caller. */
const accountAndOrder = (newClientOrderId) => async (client) => {
  await client.getSpotAccountInformation({ timestamp: Date.now() });
  return client.submitNewSpotOrder({ ...ORDER, newClientOrderId, timestamp: Date.now() });
};

/** Sends the client's last message again, changed or not, on another WebSocket. */
const andAgain =
  (call, change = (text) => text) =>
  async (client, stage) => {
    await call(client);
    return answerTo(stage, WS_API, change(stage.tap.upgrades.at(-1).sent.at(-1)));
  };

export const CASES = [
  {
    title: 'Binance: what customers do',
    cases: [
      allowed('loadMarkets, fetchBalance', 'ccxt', (client) => client.fetchBalance(), {
        check: (balance) => balance.USDT.free === 900,
        expect: { passed: undefined },
      }),
      allowed(
        'createOrder, cancelOrder',
        'ccxt',
        async (c) => {
          const { id } = await c.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 50_000);
          return c.cancelOrder(id, 'BTC/USDT');
        },
        { check: ({ status }) => status === 'canceled', expect: { passed: undefined } },
      ),
      allowed('public, no credential', 'ccxt', (client) => client.fetchTime()),
      allowed('public', 'binance', (client) => client.testConnectivity()),
      value('an emoji', 'ccxt', TEXTS.emoji, 'wire'),
      value('all of these at once', 'ccxt', TEXTS.mixed, 'wire'),
      value('a &', 'ccxt', TEXTS.ampersand, 'wire'),
      value('an emoji', 'binance', TEXTS.emoji, 'wire'),
      value("a '", 'binance', TEXTS.quote, 'decoded'),
      value('all of these at once', 'binance', TEXTS.mixed, 'encoded'),
      value('a &', 'binance', TEXTS.ampersand, 'wire'),
      allowed('POST, an order in a form', 'ccxt', order(), { matched: 'wire' }),
      allowed('POST, all of these at once', 'ccxt', order({ newClientOrderId: TEXTS.mixed }), {
        check: gotClientOrderId(TEXTS.mixed),
        matched: 'wire',
      }),
      allowed('POST, an order in the query', 'binance', orderByApi(), { matched: 'wire' }),
      allowed('POST, all of these at once', 'binance', orderByApi({ newClientOrderId: TEXTS.mixed }), {
        check: gotClientOrderId(TEXTS.mixed),
        matched: 'encoded',
      }),
      allowed('futures, an order', 'ccxt', (c) => c.fapiPrivatePostOrder({ ...ORDER }), { matched: 'wire' }),
      allowed(
        'futures, a batch in raw JSON',
        'ccxt',
        (c) => c.fapiPrivatePostBatchOrders({ batchOrders: [{ ...ORDER }] }),
        { check: ([first]) => first.symbol === 'BTCUSDT', matched: 'wire' },
      ),
      allowed('margin, an order', 'ccxt', (c) => c.sapiPostMarginOrder({ ...ORDER }), { matched: 'wire' }),
      allowed('Ed25519, a form', 'ccxt', order(), { key: 'ed25519', matched: 'wire' }),
      allowed('Ed25519, the query', 'binance', orderByApi(), { key: 'ed25519', matched: 'wire' }),
      allowed('RSA, a form', 'ccxt', order(), { key: 'rsa', matched: 'wire' }),
      allowed('RSA, the query', 'binance', orderByApi(), { key: 'rsa', matched: 'wire' }),
      allowed('old secret, in its grace', 'ccxt', openOrdersOf('BTCUSDT'), { key: 'rotatedInGrace' }),
      allowed('order within the limits', 'ccxt', order({ maxCost: '500' }), { key: 'limited' }),
      allowed('order within the limits', 'binance', orderByApi({ maxCost: '500' }), { key: 'limited' }),
      allowed('40 s old, recvWindow 60 s', 'ccxt', order({ recvWindow: 60_000 }), {
        more: { options: { timeDifference: 40_000 } },
      }),
      allowed('spoofed X-Countersign-Account', 'ccxt', (client) => client.privateGetAccount(), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ uid }) => uid === 'acct_trader',
      }),
      // Both have no parameter but the time, and so one signature: it does not cover the route.
      allowed('two reads in one millisecond', 'binance', twoReadsAtOnce, {
        check: ([account, orders], { upstream }) =>
          account.uid === 'acct_trader' &&
          orders.length === 1 &&
          signaturesOf(upstream.received.slice(-2)).size === 1,
        expect: { passed: 2 },
      }),
      allowed('GET sent again as it was', 'ccxt', openOrdersOf('BTCUSDT'), {
        theft: thefts.replay,
        expect: { passed: 2 },
      }),
    ],
  },
  {
    title: 'Binance: what a thief does with captured requests',
    cases: [
      refused('order sent again', 'ccxt', EXPIRED, order(), { theft: thefts.replay, expect: { passed: 1 } }),
      refused('order sent again', 'binance', asObject(EXPIRED), orderByApi(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('order sent to another route', 'ccxt', EXPIRED, order(), {
        theft: thefts.replayTo('/api/v3/order/test'),
        expect: { passed: 1 },
      }),
      refused('order sent again, in the query', 'ccxt', EXPIRED, order(), {
        theft: async (request, send) => {
          await send(request);
          return intoQuery(request, send);
        },
        expect: { passed: 1 },
      }),
      refused(
        'query of an order made its end',
        'ccxt',
        EXPIRED,
        (c) => c.privateGetOrder({ symbol: 'BTCUSDT', orderId: '1' }),
        {
          theft: async (request, send) => {
            await send(request);
            return send({ ...request, method: 'DELETE' });
          },
          expect: { passed: 1 },
        },
      ),
      refused('changed body', 'ccxt', SIGNATURE, order(), { theft: thefts.changeBody('0.01', '9.01') }),
      refused('changed query', 'binance', asObject(SIGNATURE), orderByApi(), {
        theft: thefts.changeTarget('0.01', '9.01'),
      }),
      refused('a field more', 'binance', asObject(SIGNATURE), orderByApi(), {
        theft: thefts.changeTarget(/$/, '&price=1'),
      }),
      refused('a form behind the query', 'binance', asObject(MALFORMED), orderByApi(), {
        theft: thefts.addBody('price=1'),
      }),
      refused('two values made one', 'binance', asObject(SIGNATURE), orderByApi(), {
        theft: thefts.changeTarget('&side=', '%26side%3D'),
      }),
      refused('old order, a second timestamp', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeBody(/$/, `&timestamp=${Date.now()}`),
      }),
      refused('a longer recvWindow', 'ccxt', SIGNATURE, order({ recvWindow: 5000 }), {
        theft: thefts.changeBody('recvWindow=5000', 'recvWindow=60000'),
      }),
      refused('without the signature', 'ccxt', NO_SIGNATURE, order(), {
        theft: thefts.changeBody(/&signature=.*/, ''),
      }),
      refused('without the key', 'ccxt', [401, '-2014', 'AuthenticationError'], order(), {
        theft: thefts.dropHeaders('X-MBX-APIKEY'),
      }),
      refused('a second X-MBX-APIKEY', 'ccxt', MALFORMED, order(), {
        theft: thefts.repeatHeader('x-mbx-apikey', 'another'),
      }),
    ],
  },
  {
    title: 'Binance: who is refused for what',
    cases: [
      refused('timestamp 11 s old', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: 11_000 } },
      }),
      refused('timestamp 2 s ahead', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: -2_000 } },
      }),
      refused('recvWindow over its limit', 'ccxt', MALFORMED, order({ recvWindow: 60_001 })),
      refused('another address', 'ccxt', PERMISSION, order(), { key: 'fenced', ...byText }),
      refused('another address', 'binance', asObject(PERMISSION), orderByApi(), { key: 'fenced' }),
      refused("a ' next to a &", 'binance', asObject(SIGNATURE), openOrdersByApi(`${TEXTS.quote}&`)),
      refused('wrong secret', 'ccxt', SIGNATURE, order(), { key: 'wrongSecret' }),
      refused('unknown key', 'ccxt', UNKNOWN, order(), { key: 'invented' }),
      refused('revoked key', 'ccxt', UNKNOWN, order(), { key: 'revoked' }),
      refused('revoked key', 'binance', asObject(UNKNOWN), orderByApi(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', UNKNOWN, order(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', UNKNOWN, order(), { key: 'quarantined' }),
      refused('expired key', 'ccxt', UNKNOWN, openOrdersOf('BTCUSDT'), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('key for the test environment', 'ccxt', UNKNOWN, order(), { key: 'testing' }),
      refused('permission it lacks', 'ccxt', PERMISSION, order(), { key: 'reader', ...byText }),
      refused('permission it lacks', 'binance', asObject(PERMISSION), orderByApi(), { key: 'reader' }),
      refused('instrument not allowed', 'ccxt', PERMISSION, order({ symbol: 'ETHUSDT', maxCost: '500' }), {
        key: 'limited',
        ...byText,
      }),
      refused(
        'instrument not allowed',
        'binance',
        asObject(PERMISSION),
        orderByApi({ symbol: 'ETHUSDT', maxCost: '500' }),
        { key: 'limited' },
      ),
      refused('amount over the limit', 'ccxt', PERMISSION, order({ maxCost: '1000.01' }), {
        key: 'limited',
        ...byText,
      }),
      refused(
        'batch by a limited key',
        'ccxt',
        PERMISSION,
        (c) => c.fapiPrivatePostBatchOrders({ batchOrders: [{ ...ORDER }] }),
        { key: 'limited', ...byText },
      ),
      refused('a listen key: nothing is signed', 'ccxt', NO_SIGNATURE, (c) => c.publicPostUserDataStream()),
      refused('route that nobody declared', 'ccxt', [404, '-1020', 'BadRequest'], (c) =>
        c.privateGetMyTrades({ symbol: 'BTCUSDT' }),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, '-1003', 'DDoSProtection'],
        threeTimes(openOrdersOf('BTCUSDT')),
        { key: 'metered', expect: { passed: 2 } },
      ),
    ],
  },
  {
    title: 'Binance: the WebSocket API',
    cases: [
      overWebSocket('order, signed by itself', 'ccxt.pro', 1, orderOverWs, {
        check: ({ id }) => id !== undefined,
        expect: { code: 'ok' },
      }),
      overWebSocket('balance, signed by itself', 'ccxt.pro', 1, balanceOverWs, { check: gotAccount }),
      overWebSocket('Ed25519, signed by itself', 'ccxt.pro', 1, balanceOverWs, {
        key: 'ed25519',
        check: gotAccount,
      }),
      overWebSocket('RSA, signed by itself', 'ccxt.pro', 1, balanceOverWs, { key: 'rsa', check: gotAccount }),
      overWebSocket('userDataStream.subscribe.signature', 'ccxt.pro', 1, (c) =>
        c.ensureUserDataStreamWsSubscribeSignature('spot'),
      ),
      overWebSocket('HMAC, each signed', 'binance-websocket', 2, accountAndOrder('x-U5D79M5B🚀 a/b'), {
        check: ({ result }) => result.clientOrderId === 'x-U5D79M5B🚀 a/b',
      }),
      overWebSocket('session.logon, then unsigned', 'binance-websocket', 2, accountAndOrder('x-U5D79M5B1'), {
        key: 'ed25519',
        check: (_, { tap, upstream }) =>
          tap.upgrades.at(-1).sent.some((text) => text.includes('session.logon')) &&
          upstream.messages.slice(-2).every(({ text }) => !text.includes('signature')) &&
          upstream.messages.at(-1).headers['x-countersign-account'] === 'acct_ed25519',
      }),
      overWebSocket('public, before any login', 'binance-websocket', 1, (c) => c.testSpotConnectivity(), {
        check: (_, { upstream }) => upstream.messages.at(-1).headers['x-countersign-account'] === undefined,
      }),
      overWebSocket('a read sent again as it was', 'ccxt.pro', 2, andAgain(balanceOverWs), {
        check: ({ status }) => status === 200,
      }),
      overWebSocket('an order sent again', 'ccxt.pro', 1, andAgain(orderOverWs), {
        expect: { code: '-1021' },
      }),
      overWebSocket(
        'a read made an order',
        'ccxt.pro',
        1,
        andAgain(balanceOverWs, (text) => text.replace('account.status', 'order.place')),
        { expect: { code: '-1021' } },
      ),
      overWebSocket(
        'an order with another price',
        'ccxt.pro',
        1,
        andAgain(orderOverWs, (text) => text.replace('50000', '49000')),
        { expect: { code: '-1022' } },
      ),
      overWebSocket(
        'a message sent as a request',
        'ccxt.pro',
        1,
        async (client, { tap, key }) => {
          await orderOverWs(client);
          const { params } = JSON.parse(tap.upgrades.at(-1).sent.at(-1));
          const { signature, ...rest } = params;
          const query = new URLSearchParams(Object.entries(rest).sort()).toString();
          const headers = { 'X-MBX-APIKEY': key.id };
          const answer = await fetch(`${tap.url}/api/v3/order?${query}&signature=${signature}`, {
            method: 'POST',
            headers,
          });
          return answer.json();
        },
        { check: ({ code }) => code === -1100, expect: { status: 400 } },
      ),
      overWebSocket(
        'no login, no signature',
        'ccxt.pro',
        0,
        (_, stage) =>
          answerTo(stage, WS_API, `{"id":1,"method":"account.status","params":{"timestamp":${Date.now()}}}`),
        { expect: { code: '-2014' } },
      ),
      overWebSocket('wrong secret', 'ccxt.pro', 0, balanceOverWs, {
        key: 'wrongSecret',
        more: { options: ONLY_SPOT },
        expect: { code: '-1022', thrown: 'AuthenticationError' },
      }),
      overWebSocket('revoked key', 'ccxt.pro', 0, balanceOverWs, {
        key: 'revoked',
        more: { options: ONLY_SPOT },
        expect: { code: '-2015', thrown: 'AuthenticationError' },
      }),
      overWebSocket('permission it lacks', 'ccxt.pro', 0, balanceOverWs, {
        key: 'reader',
        thrownNamesCode: false,
        expect: { code: '-1002', thrown: 'PermissionDenied' },
      }),
      overWebSocket('timestamp 11 s old', 'ccxt.pro', 0, balanceOverWs, {
        more: { options: { ...ONLY_SPOT, timeDifference: 11_000 } },
        expect: { code: '-1021', thrown: 'InvalidNonce' },
      }),
    ],
  },
];
