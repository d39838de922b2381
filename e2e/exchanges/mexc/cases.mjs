import { answerTo } from '../../stage/answer-to.mjs';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused, overWebSocket } = caseMakers('ok');
const ORDER = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', price: '50000', quantity: '0.01' };
const CONTRACT = { symbol: 'BTC_USDT', side: 1, type: 1, openType: 1, price: 50_000, vol: 0.01 };

const openOrdersOf = (symbol) => (client) => client.spotPrivateGetOpenOrders({ symbol });
const positionsOf = (symbol) => (client) => client.contractPrivateGetPositionListHistoryPositions({ symbol });
const order = (more) => (client) => client.spotPrivatePostOrder({ ...ORDER, ...more });
const submit = (more) => (client) => client.contractPrivatePostOrderSubmit({ ...CONTRACT, ...more });

/** A value in a query of each form: what ccxt signs is in `matched`. */
const value = (what, text, matched) => [
  allowed(`spot: GET, ${what}`, 'ccxt', openOrdersOf(text), {
    check: ([first]) => first.symbol === text,
    matched,
  }),
  allowed(`contract: GET, ${what}`, 'ccxt', positionsOf(text), {
    check: ({ data }) => data[0].symbol === text,
    matched,
  }),
];

const SIGNATURE = [400, '700002', 'AuthenticationError'];
const EXPIRED = [400, '700003', 'InvalidNonce'];
const UNKNOWN = [401, '401', 'AuthenticationError'];
const ADDRESS = [403, '406', 'PermissionDenied'];
const PERMISSION = [403, '403', 'PermissionDenied'];
const MALFORMED = [400, '700008', 'BadRequest'];
const CONTRACT_SIGNATURE = [401, '602', 'AuthenticationError'];
const NO_ACCESS = [403, '511', 'PermissionDenied'];

const balanceOverWs = (c) => c.watchBalance({ type: 'swap' });
/** ccxt loads its markets with a signed request, and would fail before it opens a WebSocket. */
const UNSIGNED_START = { has: { fetchCurrencies: false } };

export const CASES = [
  {
    title: 'MEXC: what customers do',
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
      ...value('an emoji', TEXTS.emoji, 'wire'),
      ...value('all of these at once', TEXTS.mixed, 'wire'),
      ...value('a &', TEXTS.ampersand, 'wire'),
      allowed('spot: POST, all in the query', 'ccxt', order(), { matched: 'wire' }),
      allowed('spot: DELETE', 'ccxt', (c) => c.spotPrivateDeleteOrder({ symbol: 'BTCUSDT', orderId: '1' }), {
        matched: 'wire',
      }),
      allowed('spot: a listen key', 'ccxt', (c) => c.spotPrivatePostUserDataStream(), {
        check: ({ listenKey }) => listenKey === 'listen',
        matched: 'wire',
      }),
      allowed('contract: GET', 'ccxt', (c) => c.contractPrivateGetAccountAssets(), { matched: 'wire' }),
      allowed('contract: POST, all of these', 'ccxt', submit({ externalOid: TEXTS.mixed }), {
        check: ({ data }) => data.externalOid === TEXTS.mixed,
        matched: 'wire',
      }),
      allowed('contract: POST, an array', 'ccxt', (c) => c.contractPrivatePostOrderCancel([1, 2]), {
        check: ({ data }) => data.length === 2,
        matched: 'wire',
      }),
      allowed('contract: POST, empty: {}', 'ccxt', (c) => c.contractPrivatePostOrderCancelAll(), {
        matched: 'wire',
      }),
      allowed('old secret, in its grace', 'ccxt', openOrdersOf('BTCUSDT'), { key: 'rotatedInGrace' }),
      allowed('spot: order within the limits', 'ccxt', order({ maxCost: '500' }), { key: 'limited' }),
      allowed('contract: within the limits', 'ccxt', submit({ maxCost: '500' }), { key: 'limitedContract' }),
      allowed('spoofed X-Countersign-Account', 'ccxt', (client) => client.spotPrivateGetAccount(), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ uid }) => uid === 'acct_trader',
      }),
    ],
  },
  {
    title: 'MEXC: what a thief does with captured requests',
    cases: [
      refused('spot: order sent again', 'ccxt', EXPIRED, order(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('contract: order sent again', 'ccxt', [400, '603', 'BadRequest'], submit(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('contract: to another route', 'ccxt', [400, '603', 'BadRequest'], submit(), {
        theft: thefts.replayTo('/api/v1/private/order/cancel_all'),
        expect: { passed: 1 },
      }),
      refused(
        'spot: a read made a cancellation',
        'ccxt',
        EXPIRED,
        (c) => c.spotPrivateGetOpenOrders({ symbol: 'BTCUSDT', orderId: '1' }),
        {
          theft: async (request, send) => {
            await send(request);
            return send({
              ...request,
              method: 'DELETE',
              target: request.target.replace('openOrders', 'order'),
            });
          },
          expect: { passed: 1 },
        },
      ),
      refused('spot: changed query', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeTarget('0.01', '9.01'),
      }),
      refused('spot: a field more', 'ccxt', SIGNATURE, order(), { theft: thefts.changeTarget(/$/, '&a=1') }),
      refused('spot: a body behind the query', 'ccxt', MALFORMED, order(), {
        theft: thefts.addBody('price=1'),
      }),
      refused('spot: a second timestamp', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeTarget(/$/, '&timestamp=1'),
      }),
      refused('spot: without the key', 'ccxt', [400, '400', 'BadRequest'], order(), {
        theft: thefts.changeHeader('X-MEXC-APIKEY', ''),
      }),
      refused('contract: changed body', 'ccxt', CONTRACT_SIGNATURE, submit(), {
        theft: thefts.changeBody('0.01', '9.01'),
      }),
      refused('contract: changed query', 'ccxt', CONTRACT_SIGNATURE, positionsOf('BTC_USDT'), {
        theft: thefts.changeTarget('BTC', 'ETH'),
      }),
      refused('contract: a body as a query', 'ccxt', [400, '600', 'BadRequest'], submit(), {
        theft: (request, send) =>
          send({
            ...request,
            target: `${request.target}?${encodeURIComponent(request.body.toString('utf8'))}`,
            body: Buffer.alloc(0),
          }),
      }),
      refused('contract: old order, new time', 'ccxt', CONTRACT_SIGNATURE, submit(), {
        theft: thefts.changeHeader('Request-Time', (text) => String(Number(text) + 1)),
      }),
      refused('contract: a longer window', 'ccxt', [400, '513', 'BadRequest'], submit(), {
        more: { options: { timeDifference: 11_000 } },
        theft: thefts.repeatHeader('Recv-Window', '60000'),
      }),
      refused('contract: without the signature', 'ccxt', CONTRACT_SIGNATURE, submit(), {
        theft: thefts.dropHeaders('Signature'),
      }),
      refused('contract: a second Request-Time', 'ccxt', [400, '600', 'BadRequest'], submit(), {
        theft: thefts.repeatHeader('request-time', '1'),
      }),
    ],
  },
  {
    title: 'MEXC: who is refused for what',
    cases: [
      refused('timestamp 6 s old', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: 6_000 } },
      }),
      refused('another address', 'ccxt', ADDRESS, order(), { key: 'fenced' }),
      refused('contract: another address', 'ccxt', ADDRESS, submit(), { key: 'fenced' }),
      refused('wrong secret', 'ccxt', SIGNATURE, order(), { key: 'wrongSecret' }),
      refused('contract: wrong secret', 'ccxt', CONTRACT_SIGNATURE, submit(), { key: 'wrongSecret' }),
      refused('unknown key', 'ccxt', UNKNOWN, order(), { key: 'invented' }),
      refused('revoked key', 'ccxt', UNKNOWN, order(), { key: 'revoked' }),
      refused('contract: revoked key', 'ccxt', UNKNOWN, submit(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', UNKNOWN, order(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', UNKNOWN, order(), { key: 'quarantined' }),
      refused('contract: expired key', 'ccxt', [401, '402', 'AuthenticationError'], positionsOf('BTC_USDT'), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('key for the test environment', 'ccxt', UNKNOWN, order(), { key: 'testing' }),
      refused('permission it lacks', 'ccxt', PERMISSION, order(), { key: 'reader' }),
      refused('contract: permission it lacks', 'ccxt', NO_ACCESS, submit(), { key: 'reader' }),
      refused('instrument not allowed', 'ccxt', PERMISSION, order({ symbol: 'ETHUSDT', maxCost: '500' }), {
        key: 'limited',
      }),
      refused('amount over the limit', 'ccxt', PERMISSION, order({ maxCost: '1000.01' }), { key: 'limited' }),
      refused('contract: over the limit', 'ccxt', PERMISSION, submit({ maxCost: '1000.01' }), {
        key: 'limitedContract',
      }),
      refused('broker API: a body nobody signed', 'ccxt', MALFORMED, (c) =>
        c.brokerPrivatePostSubAccountApiKey({ subAccount: 'a' }),
      ),
      refused('route that nobody declared', 'ccxt', [404, '26', 'ExchangeError'], (c) =>
        c.spotPrivateGetMyTrades({ symbol: 'BTCUSDT' }),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, '429', 'RateLimitExceeded'],
        threeTimes(openOrdersOf('BTCUSDT')),
        { key: 'metered', expect: { passed: 2 } },
      ),
    ],
  },
  {
    title: 'MEXC: the contract WebSocket',
    cases: [
      overWebSocket('login, then what is pushed', 'ccxt.pro', 0, balanceOverWs, {
        check: (balance, { tap, upstream }) =>
          balance.USDT.free === 900 &&
          tap.upgrades.at(-1).got[0].startsWith('{"channel":"rs.login","data":"success"') &&
          upstream.upgrades.at(-1).headers['x-countersign-account'] === 'acct_trader',
        expect: { upgrades: 1 },
      }),
      overWebSocket(
        'public, before any login',
        'ccxt.pro',
        1,
        (_, stage) => answerTo(stage, '/edge', '{"method":"sub.ticker","param":{"symbol":"BTC_USDT"}}'),
        {
          check: ({ channel }, { upstream }) =>
            channel === 'push.ticker' &&
            upstream.upgrades.at(-1).headers['x-countersign-account'] === undefined,
        },
      ),
      overWebSocket(
        'private, before any login',
        'ccxt.pro',
        0,
        (_, stage) => answerTo(stage, '/edge', '{"method":"personal.filter","param":{"filters":[]}}'),
        {
          check: ({ data }) => data === 'Not logged in or login has expired',
          expect: { code: 'rs.error' },
        },
      ),
      overWebSocket(
        'a login from the same address',
        'ccxt.pro',
        0,
        async (client, stage) => {
          await balanceOverWs(client);
          return answerTo(stage, '/edge', stage.tap.upgrades.at(-1).sent.at(-1));
        },
        { check: ({ channel }) => channel === 'rs.login' },
      ),
      overWebSocket(
        'a read made a login',
        'ccxt.pro',
        0,
        async (client, stage) => {
          await client.contractPrivateGetAccountAssets();
          const { headers } = stage.tap.exchanges.at(-1).request;
          const [apiKey, reqTime, signature] = ['ApiKey', 'Request-Time', 'Signature'].map(
            (name) => headers[headers.indexOf(name) + 1],
          );
          return answerTo(
            stage,
            '/edge',
            JSON.stringify({ method: 'login', param: { apiKey, reqTime, signature } }),
          );
        },
        { check: ({ data }) => data === 'Repeated request', expect: { code: 'rs.error' } },
      ),
      overWebSocket('wrong secret', 'ccxt.pro', 0, balanceOverWs, {
        key: 'wrongSecret',
        more: UNSIGNED_START,
        thrownNamesCode: false,
        expect: { code: 'rs.error', thrown: 'NetworkError', upgrades: 0 },
      }),
      overWebSocket('revoked key', 'ccxt.pro', 0, balanceOverWs, {
        key: 'revoked',
        more: UNSIGNED_START,
        thrownNamesCode: false,
        expect: { code: 'rs.error', thrown: 'NetworkError', upgrades: 0 },
      }),
    ],
  },
];
