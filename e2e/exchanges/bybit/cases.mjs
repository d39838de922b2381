import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';
import { ORDER } from './order.mjs';
import { WEB_SOCKETS } from './web-socket-cases.mjs';

const { allowed, refused } = caseMakers('0');

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

const gotBalance = ({ USDT }) => USDT.free === 900;

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
  WEB_SOCKETS,
];
