import { Account, Futures, Spot } from 'kucoin-universal-sdk';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';
import { STREAMS } from './streams.mjs';

const { allowed, refused } = caseMakers('200000');
const ORDER = {
  clientOid: '1',
  side: 'buy',
  symbol: 'BTC-USDT',
  type: 'limit',
  price: '50000',
  size: '0.01',
};
/** Version 1 of a key: the passphrase is sent as it is. */
const VERSION_1 = { header: { 'KC-API-KEY-VERSION': '1' }, option: { authVersion: undefined } };

const balanceOf = (currency) => (client) => client.privateGetAccounts({ currency });
const order = (more) => (client) => client.privatePostOrders({ ...ORDER, ...more });
const balanceV1 = (currency) => (client) =>
  client.request('accounts', 'private', 'GET', { currency }, VERSION_1.header);
const orderV1 = (client) => client.request('orders', 'private', 'POST', ORDER, VERSION_1.header);
const cancelAll = (symbol) => (client) => client.privateDeleteOrders({ symbol });
const accountsBySdk =
  (currency) =>
  ({ rest }) =>
    rest.User.Account.getAccountsList({ currency });
const orderBySdk =
  (remark) =>
  ({ rest }) => {
    const { price, size, ...base } = ORDER;
    return rest.Trade.Orders.postOrder(base, { price, size, remark });
  };
const cancelAllBySdk =
  (symbol) =>
  ({ rest }) =>
    rest.Trade.Orders.cancelAllOrders({ symbol });
const accountsByUniversal = (currency) => (client) =>
  client
    .getAccountService()
    .getAccountApi()
    .getSpotAccountList(Account.Account.GetSpotAccountListReq.create({ currency }));
const orderByUniversal = (remark) => (client) =>
  client
    .getSpotService()
    .getOrderApi()
    .addOrder(Spot.Order.AddOrderReq.create({ ...ORDER, remark }));
const cancelByUniversal = (symbol) => (client) =>
  client
    .getSpotService()
    .getOrderApi()
    .cancelOrderByOrderId(Spot.Order.CancelOrderByOrderIdReq.create({ orderId: '1', symbol }));
const cancelSomeByUniversal = (client) =>
  client
    .getFuturesService()
    .getOrderApi()
    .batchCancelOrders(
      Futures.Order.BatchCancelOrdersReq.create({ orderIdsList: ['1'], clientOidsList: [] }),
    );

/** ccxt and kucoin-node-sdk send a `+` as it is, which is a space in a query: with KuCoin as well. */
const asSpace = (text) => text.replace('+', ' ');
const gotCurrency = (text) => (answer) => answer.data[0].currency === text;

/** A value in a query: what the client signs is in `matched`. */
const value = (what, client, call, text, matched, arrives = text) =>
  allowed(`GET, ${what}`, client, call(text), { check: gotCurrency(arrives), matched });

const SIGNATURE = [401, '400005', 'AuthenticationError'];
const EXPIRED = [401, '400002', 'InvalidNonce'];
const PASSPHRASE = [401, '400004', 'AuthenticationError'];
const UNKNOWN = [401, '400003', 'AuthenticationError'];
const ADDRESS = [403, '400006', 'AuthenticationError'];
const PERMISSION = [403, '400007', 'AuthenticationError'];
const MALFORMED = [400, '400100', 'BadRequest'];
const FROZEN = [403, '411100', 'AccountSuspended'];
/** kucoin-node-sdk returns every answer, and throws none. */
const returned = ([status, code]) => [status, code, 'none'];
const bySdk = (what, answer, call, more) =>
  refused(what, 'kucoin-node-sdk', returned(answer), call, {
    check: ({ code }) => code === answer[1],
    ...more,
  });
/** kucoin-universal-sdk tells the status only, as the text of its HTTP client. */
const byUniversal = (what, [status, code], call, more) =>
  refused(what, 'kucoin-universal-sdk', [status, code, 'RestError'], call, {
    thrownNamesCode: false,
    ...more,
  });

/** Moves a JSON body behind the path, as a query that decodes to it. */
const bodyAsQuery = (between) => (request, send) =>
  send({
    ...request,
    target: request.target + between + encodeURIComponent(request.body.toString('utf8')),
    body: Buffer.alloc(0),
  });

export const CASES = [
  {
    title: 'KuCoin: what customers do',
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
        { check: ({ id }) => id !== undefined, expect: { passed: undefined } },
      ),
      allowed('futures: loadMarkets, balance', 'ccxt', (client) => client.fetchBalance(), {
        ccxt: 'kucoinfutures',
        check: (balance) => balance.USDT.free === 900,
        expect: { passed: undefined },
      }),
      allowed('public, no credential', 'ccxt', (client) => client.fetchTime()),
      value('an emoji', 'ccxt', balanceOf, TEXTS.emoji, 'decoded'),
      value('a slash', 'ccxt', balanceOf, TEXTS.slash, 'wire'),
      value('all of these at once', 'ccxt', balanceOf, TEXTS.mixed, 'decoded', asSpace(TEXTS.mixed)),
      value('an emoji', 'kucoin-node-sdk', accountsBySdk, TEXTS.emoji, 'decoded'),
      value('all at once', 'kucoin-node-sdk', accountsBySdk, TEXTS.mixed, 'decoded', asSpace(TEXTS.mixed)),
      value('a quote', 'kucoin-universal-sdk', accountsByUniversal, TEXTS.quote, 'decoded'),
      value('all at once', 'kucoin-universal-sdk', accountsByUniversal, TEXTS.mixed, 'decoded'),
      allowed(
        'GET, a bare question mark',
        'kucoin-node-sdk',
        ({ rest }) => rest.User.UserInfo.getSubUsers(),
        {
          check: ({ data }, { tap }) =>
            data[0].userId === 'acct_trader' && tap.exchanges.at(-1).request.target.endsWith('?'),
          matched: 'wire',
        },
      ),
      allowed('version 1: GET', 'ccxt', balanceV1('BTC'), { matched: 'wire' }),
      allowed('version 1: POST', 'ccxt', orderV1, { matched: 'wire' }),
      allowed('version 1: GET', 'kucoin-node-sdk', accountsBySdk('BTC'), {
        more: VERSION_1.option,
        matched: 'wire',
      }),
      allowed('version 1: POST', 'kucoin-node-sdk', orderBySdk(TEXTS.mixed), {
        more: VERSION_1.option,
        check: ({ data }) => data.remark === TEXTS.mixed,
        matched: 'wire',
      }),
      allowed('POST, all of these at once', 'ccxt', order({ remark: TEXTS.mixed }), {
        check: ({ data }) => data.remark === TEXTS.mixed,
        matched: 'wire',
      }),
      allowed('POST, all of these at once', 'kucoin-node-sdk', orderBySdk(TEXTS.mixed), {
        check: ({ data }) => data.remark === TEXTS.mixed,
        matched: 'wire',
      }),
      allowed('POST, all of these at once', 'kucoin-universal-sdk', orderByUniversal(TEXTS.mixed), {
        check: ({ remark }) => remark === TEXTS.mixed,
        matched: 'wire',
      }),
      allowed('POST, empty: nothing', 'ccxt', (client) => client.privatePostBulletPrivate(), {
        check: ({ data }) => data.token !== undefined,
        matched: 'wire',
      }),
      allowed('DELETE, encoded', 'ccxt', cancelAll(`it's 🚀 Zürich a/b`), {
        check: ({ data }) => data.cancelledOrderIds[0] === `it's 🚀 Zürich a/b`,
        matched: 'decoded',
      }),
      allowed('DELETE, encoded', 'kucoin-node-sdk', cancelAllBySdk(`it's "two words" 🚀`), {
        check: ({ data }) => data.cancelledOrderIds[0] === `it's "two words" 🚀`,
        matched: 'decoded',
      }),
      allowed('DELETE, encoded', 'kucoin-universal-sdk', cancelByUniversal(`it's 🚀 a/b`), {
        check: ({ orderId }) => orderId === '1',
        matched: 'decoded',
      }),
      allowed('DELETE, a path alone', 'kucoin-node-sdk', ({ rest }) => rest.Trade.Orders.cancelOrder('7'), {
        check: ({ data }) => data.cancelledOrderIds[0] === '7',
        matched: 'wire',
      }),
      allowed(
        'DELETE, a body',
        'ccxt',
        (c) => c.futuresPrivateDeleteOrdersMultiCancel({ orderIdsList: ['1'] }),
        { check: ({ data }) => data[0].orderId === '1', matched: 'wire' },
      ),
      allowed('DELETE, a body', 'kucoin-universal-sdk', cancelSomeByUniversal, {
        check: ({ data }) => data[0].orderId === '1',
        matched: 'wire',
      }),
      allowed('old secret, in its grace', 'ccxt', balanceOf('BTC'), { key: 'rotatedInGrace' }),
      allowed('order within the limits', 'ccxt', order({ maxCost: '500' }), { key: 'limited' }),
      allowed('spoofed X-Countersign-Account', 'ccxt', balanceOf('BTC'), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ data }) => data[0].id === 'acct_trader',
      }),
    ],
  },
  {
    title: 'KuCoin: what a thief does with captured requests',
    cases: [
      refused('order sent again', 'ccxt', EXPIRED, order(), { theft: thefts.replay, expect: { passed: 1 } }),
      bySdk('order sent again', EXPIRED, orderBySdk(), { theft: thefts.replay, expect: { passed: 1 } }),
      byUniversal('order sent again', EXPIRED, orderByUniversal(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('order again, behind a ?', 'ccxt', EXPIRED, order(), {
        theft: async (request, send) => {
          await send(request);
          return send({ ...request, target: `${request.target}?` });
        },
        expect: { passed: 1 },
      }),
      refused('order sent to another route', 'ccxt', SIGNATURE, order(), {
        theft: thefts.replayTo('/api/v1/hf/orders'),
        expect: { passed: 1 },
      }),
      refused('changed body', 'ccxt', SIGNATURE, order(), { theft: thefts.changeBody('"0.01"', '"9.01"') }),
      bySdk('changed body', SIGNATURE, orderBySdk(), { theft: thefts.changeBody('"0.01"', '"9.01"') }),
      refused('changed path', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeTarget('/orders', '/hf/orders'),
      }),
      refused('changed query', 'ccxt', SIGNATURE, balanceOf('BTC'), {
        theft: thefts.changeTarget('BTC', 'ETH'),
      }),
      refused('cancellation of others', 'ccxt', SIGNATURE, cancelAll('BTC-USDT'), {
        theft: thefts.changeTarget('BTC', 'ETH'),
      }),
      refused('a read made a cancellation', 'ccxt', SIGNATURE, (c) => c.privateGetOrders({ symbol: 'A' }), {
        theft: thefts.changeMethod('DELETE'),
      }),
      refused(
        'two values made one',
        'ccxt',
        SIGNATURE,
        (c) => c.privateGetAccounts({ currency: 'a', type: 'b' }),
        {
          theft: thefts.changeTarget('&type=', '%26type%3D'),
        },
      ),
      refused(
        'DELETE: two values made one',
        'ccxt',
        SIGNATURE,
        (c) => c.privateDeleteOrders({ a: '1', b: '2' }),
        {
          theft: thefts.changeTarget('&b=', '%26b%3D'),
        },
      ),
      byUniversal('DELETE: a body made a query', SIGNATURE, cancelSomeByUniversal, {
        theft: bodyAsQuery('?'),
      }),
      refused('DELETE: a query made a body', 'ccxt', MALFORMED, cancelAll('{"a":"b"}'), {
        theft: (request, send) => {
          const [target] = request.target.split(/(?<==)/);
          return send({ ...request, target, body: Buffer.from('{"a":"b"}') });
        },
      }),
      refused('POST: a body made a query', 'ccxt', SIGNATURE, order(), { theft: bodyAsQuery('?x=') }),
      refused('GET: a body nobody signed', 'ccxt', MALFORMED, balanceOf('BTC'), {
        theft: thefts.addBody('{"currency":"ETH"}'),
      }),
      refused('old order, new timestamp', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeHeader('KC-API-TIMESTAMP', (text) => String(Number(text) + 1)),
      }),
      refused('version 2 called 1', 'ccxt', PASSPHRASE, order(), {
        theft: thefts.changeHeader('KC-API-KEY-VERSION', '1'),
      }),
      refused('version 2 without its header', 'ccxt', PASSPHRASE, order(), {
        theft: thefts.dropHeaders('KC-API-KEY-VERSION'),
      }),
      refused('version 1 called 3', 'ccxt', PASSPHRASE, orderV1, {
        theft: thefts.changeHeader('KC-API-KEY-VERSION', '3'),
      }),
      refused('a version that does not exist', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeHeader('KC-API-KEY-VERSION', '4'),
      }),
      refused('a second version', 'ccxt', MALFORMED, order(), {
        theft: thefts.repeatHeader('kc-api-key-version', '2'),
      }),
      refused('without the signature', 'ccxt', [401, '400001', 'AuthenticationError'], order(), {
        theft: thefts.dropHeaders('KC-API-SIGN'),
      }),
      refused('unsigned, private route', 'ccxt', [401, '400001', 'AuthenticationError'], order(), {
        theft: thefts.dropHeaders('KC-API-'),
      }),
      refused('a second KC-API-KEY', 'ccxt', MALFORMED, order(), {
        theft: thefts.repeatHeader('kc-api-key', 'another'),
      }),
    ],
  },
  {
    title: 'KuCoin: who is refused for what',
    cases: [
      refused('timestamp 6 s old', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: 6_000 } },
      }),
      refused('timestamp 6 s ahead', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: -6_000 } },
      }),
      refused('another address', 'ccxt', ADDRESS, order(), { key: 'fenced' }),
      bySdk('another address', ADDRESS, orderBySdk(), { key: 'fenced' }),
      byUniversal('another address', ADDRESS, orderByUniversal(), { key: 'fenced' }),
      refused('version 1: wrong passphrase', 'ccxt', PASSPHRASE, orderV1, { key: 'wrongPassphrase' }),
      bySdk('version 1: wrong passphrase', PASSPHRASE, orderBySdk(), {
        key: 'wrongPassphrase',
        more: VERSION_1.option,
      }),
      refused('version 2: wrong passphrase', 'ccxt', PASSPHRASE, order(), { key: 'wrongPassphrase' }),
      bySdk('version 2: wrong passphrase', PASSPHRASE, orderBySdk(), { key: 'wrongPassphrase' }),
      byUniversal('version 3: wrong passphrase', PASSPHRASE, orderByUniversal(), { key: 'wrongPassphrase' }),
      refused('wrong secret', 'ccxt', SIGNATURE, order(), { key: 'wrongSecret' }),
      byUniversal('wrong secret', SIGNATURE, orderByUniversal(), { key: 'wrongSecret' }),
      refused('unknown key', 'ccxt', UNKNOWN, order(), { key: 'invented' }),
      refused('revoked key', 'ccxt', UNKNOWN, order(), { key: 'revoked' }),
      bySdk('revoked key', UNKNOWN, orderBySdk(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', UNKNOWN, order(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', FROZEN, order(), { key: 'quarantined' }),
      refused('expired key', 'ccxt', UNKNOWN, balanceOf('BTC'), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('key for the test environment', 'ccxt', UNKNOWN, order(), { key: 'testing' }),
      refused('permission it lacks', 'ccxt', PERMISSION, order(), { key: 'reader' }),
      bySdk('permission it lacks', PERMISSION, orderBySdk(), { key: 'reader' }),
      refused('instrument not allowed', 'ccxt', PERMISSION, order({ symbol: 'ETH-USDT', maxCost: '500' }), {
        key: 'limited',
      }),
      refused('amount over the limit', 'ccxt', PERMISSION, order({ maxCost: '1000.01' }), { key: 'limited' }),
      refused('all orders, by a limited key', 'ccxt', PERMISSION, cancelAll('BTC-USDT'), { key: 'limited' }),
      byUniversal('DELETE, a + (signed decoded)', SIGNATURE, cancelByUniversal(TEXTS.plus)),
      byUniversal('GET, a & (signed decoded)', SIGNATURE, accountsByUniversal(TEXTS.ampersand)),
      refused('route that nobody declared', 'ccxt', [404, '404000', 'NotSupported'], (c) =>
        c.privateGetFills(),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, '429000', 'RateLimitExceeded'],
        threeTimes(balanceOf('BTC')),
        {
          key: 'metered',
          expect: { passed: 2 },
        },
      ),
    ],
  },
  STREAMS,
];
