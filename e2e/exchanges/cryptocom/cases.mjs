import { once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused, overWebSocket } = caseMakers('0');
const ORDER = {
  instrument_name: 'BTC_USD',
  side: 'BUY',
  type: 'LIMIT',
  price: '50000',
  quantity: '0.01',
  client_oid: 'cafe-1',
};

const order = (more) => (client) => client.v1PrivatePostPrivateCreateOrder({ ...ORDER, ...more });
const openOrders = (params) => (client) => client.v1PrivatePostPrivateGetOpenOrders(params);
/** ccxt makes texts of the numbers in an answer, so it is the request that is looked at. */
const arrived =
  (params) =>
  (_, { upstream }) =>
    JSON.stringify(upstream.received.at(-1).json.params) === JSON.stringify(params);

/** Parameters of a read-only call, which must arrive as they are. */
const value = (what, params) =>
  allowed(what, 'ccxt', openOrders(params), { check: arrived(params), matched: 'wire' });

const UNAUTHORIZED = [401, '40101', 'AuthenticationError'];
const NONCE = [400, '40102', 'InvalidNonce'];
const USED = [400, '40006', 'BadRequest'];
const MALFORMED = [400, '40003', 'BadRequest'];
const MISSING = [400, '40004', 'BadRequest'];
const ADDRESS = [401, '40103', 'AuthenticationError'];
const NOT_ALLOWED = [401, '10005', 'PermissionDenied'];

const ELSEWHERE = '/exchange/v1/private/cancel-order';
/** ccxt loads its coins with a signed request, and would fail before it opens a WebSocket. */
const UNSIGNED_START = { has: { fetchCurrencies: false } };

/** ccxt's clock, as much ahead or behind. */
const clockOff = (ms) => (client) => {
  client.nonce = () => Date.now() + ms;
  return order()(client);
};

/** What is answered first to a message on a WebSocket of its own. */
async function answerTo({ tap }, message) {
  const socket = new WebSocket(`${tap.url.replace('http', 'ws')}/exchange/v1/user`);
  await once(socket, 'open');
  socket.send(message);
  const [answer] = await once(socket, 'message');
  socket.close();
  return JSON.parse(answer.toString('utf8'));
}

export const CASES = [
  {
    title: 'Crypto.com: what customers do',
    cases: [
      allowed('loadMarkets, fetchBalance', 'ccxt', (client) => client.fetchBalance(), {
        check: (balance) => balance.USD.free === 900,
        expect: { passed: undefined },
      }),
      allowed(
        'createOrder, cancelOrder',
        'ccxt',
        async (c) => {
          const { id } = await c.createOrder('BTC/USD', 'limit', 'buy', 0.01, 50_000, { postOnly: true });
          return c.cancelOrder(id, 'BTC/USD');
        },
        { check: ({ id }) => id !== undefined, expect: { passed: undefined } },
      ),
      allowed(
        'createOrders: a list of two',
        'ccxt',
        (c) =>
          c.createOrders(
            ['BTC/USD', 'ETH/USD'].map((symbol) => ({
              symbol,
              type: 'limit',
              side: 'buy',
              amount: 0.01,
              price: 1,
            })),
          ),
        { check: ({ length }) => length === 2, expect: { passed: undefined } },
      ),
      allowed('public, no credential', 'ccxt', (client) => client.fetchMarkets()),
      value('no parameters: {}', {}),
      value('an emoji', { note: TEXTS.emoji }),
      value('spaces, +, / and quotes', { note: TEXTS.mixed }),
      value('a "', { note: TEXTS.doubleQuote }),
      value('a &', { note: TEXTS.ampersand }),
      value('numbers and booleans', { limit: 10, price: 1.5e-7, big: 1e21, open: true, gone: false }),
      value('a list of words', { exec_inst: ['POST_ONLY', 'SMART_POST_ONLY'], instrument_name: 'BTC_USD' }),
      value('a list of objects', {
        order_list: [
          { side: 'BUY', price: '1' },
          { price: 2, note: 'Zürich' },
        ],
      }),
      allowed('an order', 'ccxt', order(), { matched: 'wire' }),
      allowed('old secret, in its grace', 'ccxt', openOrders({}), { key: 'rotatedInGrace' }),
      allowed('order within the limits', 'ccxt', order({ max_cost: '500' }), { key: 'limited' }),
      allowed('spoofed X-Countersign-Account', 'ccxt', (client) => client.v1PrivatePostPrivateUserBalance(), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ result }) => result.data[0].uid === 'acct_trader',
      }),
    ],
  },
  {
    title: 'Crypto.com: what a thief does with captured requests',
    cases: [
      refused('an order sent again', 'ccxt', USED, order(), { theft: thefts.replay, expect: { passed: 1 } }),
      refused('a read sent again', 'ccxt', USED, openOrders({}), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('an order again, spelt otherwise', 'ccxt', USED, order(), {
        theft: async (request, send) => {
          await send(request);
          const { sig, ...rest } = JSON.parse(request.body);
          return send({ ...request, body: Buffer.from(JSON.stringify({ sig, ...rest }, null, 1)) });
        },
        expect: { passed: 1 },
      }),
      refused('to another path', 'ccxt', MALFORMED, order(), {
        theft: (request, send) => send({ ...request, target: ELSEWHERE }),
      }),
      refused('to another path and method', 'ccxt', UNAUTHORIZED, order(), {
        theft: (request, send) =>
          thefts.changeBody('create-order', 'cancel-order')({ ...request, target: ELSEWHERE }, send),
      }),
      refused('with another verb', 'ccxt', MALFORMED, order(), { theft: thefts.changeMethod('PUT') }),
      refused('with a query', 'ccxt', MALFORMED, order(), { theft: thefts.changeTarget(/$/, '?price=1') }),
      refused('changed price', 'ccxt', UNAUTHORIZED, order(), { theft: thefts.changeBody('50000', '50001') }),
      refused('a border moved: no client_oid', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeBody('"client_oid":"c', '"client_oidc":"'),
      }),
      refused('a border moved: no exec_inst', 'ccxt', MALFORMED, order({ exec_inst: ['POST_ONLY'] }), {
        theft: thefts.changeBody('"exec_inst":["POST', '"exec_ins":["tPOST'),
      }),
      refused('two parameters made one', 'ccxt', MALFORMED, order({ exec_inst: ['POST_ONLY'] }), {
        theft: thefts.changeBody('cafe-1","exec_inst":["POST_ONLY"]', 'cafe-1exec_instPOST_ONLY"'),
      }),
      refused('a digit moved into a name', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeBody('"price":"50000"', '"price5":"0000"'),
      }),
      refused('a parameter twice', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeBody('"price":', '"price":"1","price":'),
      }),
      refused('a member that nobody signed', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeBody(/\}$/, ',"account_id":"victim"}'),
      }),
      refused('params twice', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeBody(/\}$/, ',"params":{}}'),
      }),
      refused('old order, new nonce', 'ccxt', UNAUTHORIZED, order(), {
        theft: (request, send) => {
          const { nonce } = JSON.parse(request.body);
          return thefts.changeBody(`"nonce":"${nonce}"`, `"nonce":${Number(nonce) + 1}`)(request, send);
        },
      }),
      refused('without the signature', 'ccxt', MISSING, order(), {
        theft: thefts.changeBody(/"sig":"\w+",/, ''),
      }),
      refused('an empty key', 'ccxt', UNAUTHORIZED, order(), {
        theft: thefts.changeBody(/"api_key":"[^"]+"/, '"api_key":""'),
      }),
    ],
  },
  {
    title: 'Crypto.com: who is refused for what',
    cases: [
      refused('nonce 31 s old', 'ccxt', NONCE, clockOff(-31_000)),
      refused('nonce 35 s ahead', 'ccxt', NONCE, clockOff(35_000)),
      refused('another address', 'ccxt', ADDRESS, order(), { key: 'fenced' }),
      refused('wrong secret', 'ccxt', UNAUTHORIZED, order(), { key: 'wrongSecret' }),
      refused('unknown key', 'ccxt', UNAUTHORIZED, order(), { key: 'invented' }),
      refused('revoked key', 'ccxt', UNAUTHORIZED, order(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', UNAUTHORIZED, order(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', [400, '202', 'ExchangeError'], order(), { key: 'quarantined' }),
      refused('expired key', 'ccxt', UNAUTHORIZED, openOrders({}), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('old secret, after its grace', 'ccxt', UNAUTHORIZED, openOrders({}), { key: 'rotated' }),
      refused('key for the test environment', 'ccxt', UNAUTHORIZED, order(), { key: 'testing' }),
      refused('permission it lacks', 'ccxt', NOT_ALLOWED, order(), { key: 'reader' }),
      refused(
        'instrument not allowed',
        'ccxt',
        NOT_ALLOWED,
        order({ instrument_name: 'ETH_USD', max_cost: '500' }),
        {
          key: 'limited',
        },
      ),
      refused('amount over the limit', 'ccxt', NOT_ALLOWED, order({ max_cost: '1000.01' }), {
        key: 'limited',
      }),
      refused('a withdrawal', 'ccxt', NOT_ALLOWED, (c) =>
        c.v1PrivatePostPrivateCreateWithdrawal({ currency: 'BTC', amount: '1', address: 'bc1q' }),
      ),
      refused('route that nobody declared', 'ccxt', [404, '10008', 'BadRequest'], (c) =>
        c.v1PrivatePostPrivateGetTrades({}),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, '42901', 'RateLimitExceeded'],
        threeTimes(async (client) => {
          await new Promise((resolve) => setTimeout(resolve, 2)); // Two in one millisecond would be equal.
          return openOrders({})(client);
        }),
        { key: 'metered', expect: { passed: 2 } },
      ),
    ],
  },
  {
    title: 'Crypto.com: the WebSocket',
    cases: [
      overWebSocket('login, subscription, heartbeat', 'ccxt.pro', 2, (c) => c.watchBalance(), {
        check: (balance, { tap, upstream }) =>
          balance.USD.free === 900 &&
          tap.upgrades.at(-1).got[0].includes('"method":"public/auth","code":0') &&
          upstream.upgrades.at(-1).headers['x-countersign-account'] === 'acct_trader',
        expect: { upgrades: 1, code: '0' },
      }),
      overWebSocket(
        'an order over it',
        'ccxt.pro',
        2,
        (c) => c.createOrderWs('BTC/USD', 'limit', 'buy', 0.01, 50_000),
        {
          check: ({ id }) => id !== undefined,
          expect: { upgrades: 1, code: '0' },
        },
      ),
      overWebSocket(
        'private, before any login',
        'ccxt.pro',
        0,
        (_, stage) => answerTo(stage, '{"id":7,"method":"subscribe","params":{"channels":["user.balance"]}}'),
        {
          check: ({ id, method }) => id === 7 && method === 'subscribe',
          expect: { code: '40101', upgrades: 0 },
        },
      ),
      overWebSocket(
        'a login from the same address',
        'ccxt.pro',
        2,
        async (client, stage) => {
          await client.watchBalance();
          const login = stage.tap.upgrades.at(-1).sent.find((text) => text.includes('public/auth'));
          return answerTo(stage, login);
        },
        { check: ({ code }) => code === 0, expect: { code: '0' } },
      ),
      overWebSocket(
        'a request made a login',
        'ccxt.pro',
        0,
        async (client, stage) => {
          await client.v1PrivatePostPrivateUserBalance();
          return answerTo(stage, stage.tap.exchanges.at(-1).request.body.toString('utf8'));
        },
        { check: ({ code }) => code === 40003, expect: { code: '40003', upgrades: 0 } },
      ),
      ...[
        ['wrong secret', 'wrongSecret', '40101', 'AuthenticationError'],
        ['revoked key', 'revoked', '40101', 'AuthenticationError'],
        ['another address', 'fenced', '40103', 'AuthenticationError'],
        ['permission it lacks', 'reader', '10005', 'PermissionDenied'],
      ].map(([what, key, code, thrown]) =>
        overWebSocket(what, 'ccxt.pro', 0, (c) => c.watchBalance(), {
          key,
          more: UNSIGNED_START,
          expect: { code, thrown, upgrades: 0 },
        }),
      ),
    ],
  },
];
