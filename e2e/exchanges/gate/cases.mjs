import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';
import { different, ORDER, twice } from './order.mjs';
import { WEB_SOCKETS } from './web-socket-cases.mjs';

const { allowed, refused } = caseMakers('ok');
const ORDERS = '/spot/orders';

const ordersOf = (text) => (client) => client.privateSpotGetOrders({ text });
const ordersByApi = (text, more) => (client) => client.getPrivate(ORDERS, { text, ...more });
const order = (more) => (client) =>
  client.privateSpotPostOrders({ ...ORDER, action_mode: different(), ...more });
const orderByApi = (more) => (client) =>
  client.postPrivate(ORDERS, { body: { ...ORDER, action_mode: different(), ...more } });
const endOf = (text) => (client) => client.privateSpotDeleteOrders({ text, action_mode: different() });
const endByApi = (text) => (client) =>
  client.deletePrivate(ORDERS, { query: { text, action_mode: different() } });
const gotText = (text) => (answer) => (answer[0] ?? answer).text === text;

/** A value in a query: what the client signs is in `matched`. */
const value = (what, client, text, matched, arrived = text) => {
  const call = client === 'ccxt' ? ordersOf(text) : ordersByApi(text);
  return allowed(`GET, ${what}`, client, call, { check: gotText(arrived), matched });
};

const SIGNATURE = [401, 'INVALID_SIGNATURE', 'AuthenticationError'];
const EXPIRED = [403, 'REQUEST_EXPIRED', 'AuthenticationError'];
const INVALID_KEY = [401, 'INVALID_KEY', 'AuthenticationError'];
const ADDRESS = [403, 'IP_FORBIDDEN', 'AuthenticationError'];
const PERMISSION = [403, 'FORBIDDEN', 'PermissionDenied'];
const LOCKED = [403, 'ACCOUNT_LOCKED', 'AccountSuspended'];
const MALFORMED = [400, 'INVALID_PROTOCOL', 'BadRequest'];
const INCOMPLETE = [400, 'MISSING_REQUIRED_HEADER', 'AuthenticationError'];
const asObject = ([status, code]) => [status, code, 'object'];

const gotBalance = ({ USDT }) => USDT.free === 900;

async function twiceInOneSecond(client) {
  const ms = Date.now();
  client.nonce = () => ms;
  const same = order({ action_mode: 'same' });
  await same(client);
  return same(client);
}

export const CASES = [
  {
    title: 'Gate: what customers do',
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
        { check: ({ status }) => status === 'canceled', expect: { passed: undefined } },
      ),
      allowed('public, no credential', 'ccxt', (client) => client.fetchTime()),
      allowed('public', 'gateio-api', (client) => client.get('/spot/time')),
      value('an emoji', 'ccxt', TEXTS.emoji, 'decoded'),
      value("a '", 'ccxt', TEXTS.quote, 'decoded'),
      value('a space', 'ccxt', TEXTS.spaces, 'decoded'),
      value('a +', 'ccxt', TEXTS.plus, 'decoded'),
      value('a /', 'ccxt', TEXTS.slash, 'decoded'),
      value('all of these at once', 'ccxt', TEXTS.mixed, 'decoded'),
      value('an emoji', 'gateio-api', TEXTS.emoji, 'decoded'),
      value("a '", 'gateio-api', TEXTS.quote, 'decoded'),
      value('a space', 'gateio-api', TEXTS.spaces, 'decoded'),
      value('a /', 'gateio-api', TEXTS.slash, 'wire'),
      // gateio-api neither encodes the plus nor means a space.
      value('a +', 'gateio-api', TEXTS.plus, 'wire', '1 1'),
      value('all of these at once', 'gateio-api', TEXTS.mixed, 'decoded', TEXTS.mixed.replace('+', ' ')),
      allowed('GET, no query', 'ccxt', (c) => c.privateAccountGetDetail(), { matched: 'wire' }),
      allowed('POST, an order', 'ccxt', order(), { matched: 'wire' }),
      allowed(
        'POST, an order',
        'gateio-api',
        (c) => c.submitSpotOrder({ ...ORDER, action_mode: different() }),
        {
          matched: 'wire',
        },
      ),
      allowed('POST, all of these at once', 'ccxt', order({ text: TEXTS.mixed }), {
        check: gotText(TEXTS.mixed),
        matched: 'wire',
      }),
      allowed('POST, all of these at once', 'gateio-api', orderByApi({ text: TEXTS.mixed }), {
        check: gotText(TEXTS.mixed),
        matched: 'wire',
      }),
      allowed('POST, a list', 'ccxt', (c) => c.privateSpotPostBatchOrders([{ ...ORDER, text: 't-1' }]), {
        check: gotText('t-1'),
        matched: 'wire',
      }),
      allowed('POST, empty: {}', 'ccxt', (c) => c.privateSpotPostCountdownCancelAll(), { matched: 'wire' }),
      allowed(
        'POST, empty: {}',
        'gateio-api',
        (c) => c.postPrivate('/spot/countdown_cancel_all', { body: {} }),
        {
          key: 'home',
          matched: 'wire',
        },
      ),
      allowed('POST, empty: nothing', 'gateio-api', (c) => c.postPrivate('/spot/countdown_cancel_all'), {
        matched: 'wire',
      }),
      allowed(
        'POST, a query and no body',
        'ccxt',
        (c) =>
          c.privateFuturesPostSettlePositionsContractLeverage({
            settle: 'usdt',
            contract: 'BTC_USDT',
            leverage: '5',
          }),
        { check: ({ leverage }) => leverage === '5', matched: 'wire' },
      ),
      allowed(
        'POST, a query and a body',
        'gateio-api',
        (c) =>
          c.postPrivate(ORDERS, { query: { account: 'spot' }, body: { ...ORDER, action_mode: different() } }),
        { matched: 'wire' },
      ),
      allowed(
        'PATCH, in the query and the body',
        'ccxt',
        (c) => c.privateSpotPatchOrdersOrderId({ order_id: '1', price: '1', text: 'a/b c' }),
        { check: gotText('a/b c'), matched: 'decoded' },
      ),
      allowed('DELETE, a space', 'ccxt', endOf(TEXTS.spaces), {
        check: gotText(TEXTS.spaces),
        matched: 'decoded',
      }),
      allowed('DELETE, a space', 'gateio-api', endByApi(TEXTS.spaces), {
        check: gotText(TEXTS.spaces),
        matched: 'decoded',
      }),
      allowed('DELETE, a +', 'gateio-api', endByApi(TEXTS.plus), { matched: 'wire' }),
      allowed('old secret, in its grace', 'ccxt', ordersOf('1'), { key: 'rotatedInGrace' }),
      allowed('order within the limits', 'ccxt', order({ maxCost: '500' }), { key: 'limited' }),
      allowed('order within the limits', 'gateio-api', orderByApi({ maxCost: '500' }), { key: 'limited' }),
      allowed('50 s old', 'ccxt', order(), { more: { options: { timeDifference: 50_000 } } }),
      allowed('spoofed X-Countersign-Account', 'ccxt', (c) => c.privateAccountGetDetail(), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ user_id }) => user_id === 'acct_trader',
      }),
      allowed('two reads in one second', 'ccxt', twice(ordersOf('1')), { expect: { passed: 2 } }),
      allowed('GET sent again as it was', 'gateio-api', ordersByApi('1'), {
        theft: thefts.replay,
        expect: { passed: 2 },
      }),
    ],
  },
  {
    title: 'Gate: what a thief does with captured requests',
    cases: [
      refused('order sent again', 'ccxt', EXPIRED, order(), { theft: thefts.replay, expect: { passed: 1 } }),
      refused('order sent again', 'gateio-api', asObject(EXPIRED), orderByApi(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('order sent again, with a ?', 'ccxt', EXPIRED, order(), {
        theft: thefts.replayTo('/api/v4/spot/orders?'),
        expect: { passed: 1 },
      }),
      refused('order sent to another route', 'ccxt', SIGNATURE, order(), {
        theft: thefts.replayTo('/api/v4/spot/countdown_cancel_all'),
        expect: { passed: 1 },
      }),
      refused('changed path', 'gateio-api', asObject(SIGNATURE), endByApi('1'), {
        theft: thefts.changeTarget('/orders', '/orders/1'),
      }),
      refused('changed method', 'ccxt', SIGNATURE, ordersOf('1'), { theft: thefts.changeMethod('DELETE') }),
      refused('changed body', 'ccxt', SIGNATURE, order(), { theft: thefts.changeBody('"0.01"', '"9.01"') }),
      refused('changed body', 'gateio-api', asObject(SIGNATURE), orderByApi(), {
        theft: thefts.changeBody('"0.01"', '"9.01"'),
      }),
      refused('changed query', 'ccxt', SIGNATURE, ordersOf('1'), { theft: thefts.changeTarget('=1', '=2') }),
      refused('a query behind an order', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeTarget(/$/, '?amount=9'),
      }),
      refused('a body that was not signed', 'gateio-api', asObject(SIGNATURE), endByApi('1'), {
        theft: thefts.addBody('{}'),
      }),
      // Decoded, both read `text=a&limit=1`, and that is what both clients signed.
      refused(
        'two values made one',
        'ccxt',
        SIGNATURE,
        (c) => c.privateSpotGetOrders({ limit: 'a', text: '1' }),
        {
          theft: thefts.changeTarget('&text=', '%26text%3D'),
        },
      ),
      refused('two values made one', 'gateio-api', asObject(SIGNATURE), ordersByApi('1', { limit: 'a' }), {
        theft: thefts.changeTarget('&text=', '%26text%3D'),
      }),
      refused('DELETE, a space made a +', 'ccxt', SIGNATURE, endOf(TEXTS.spaces), {
        theft: thefts.changeTarget('%20', '+'),
      }),
      refused('old order, new timestamp', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeHeader('Timestamp', (text) => String(Number(text) + 1)),
      }),
      refused('the same time, written otherwise', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeHeader('Timestamp', (text) => `${text}.0`),
      }),
      refused('without the signature', 'ccxt', INCOMPLETE, order(), { theft: thefts.dropHeaders('SIGN') }),
      refused('without the timestamp', 'ccxt', INCOMPLETE, order(), {
        theft: thefts.dropHeaders('Timestamp'),
      }),
      refused('unsigned, private route', 'ccxt', INCOMPLETE, order(), {
        theft: (request, send) => {
          const isProof = (i) => /^(key|sign|timestamp)$/i.test(request.headers[i - (i % 2)]);
          return send({ ...request, headers: request.headers.filter((_, i) => !isProof(i)) });
        },
      }),
      refused('a second KEY', 'ccxt', MALFORMED, order(), { theft: thefts.repeatHeader('key', 'another') }),
      refused('a second Timestamp', 'ccxt', MALFORMED, order(), {
        theft: thefts.repeatHeader('timestamp', '1'),
      }),
    ],
  },
  {
    title: 'Gate: who is refused for what',
    cases: [
      refused('timestamp 62 s old', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: 62_000 } },
      }),
      refused('timestamp 62 s ahead', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: -62_000 } },
      }),
      // One signature: nothing in it tells the two apart.
      refused('two equal orders in one second', 'ccxt', EXPIRED, twiceInOneSecond, {
        expect: { passed: 1 },
      }),
      refused('another address', 'ccxt', ADDRESS, order(), { key: 'fenced' }),
      refused('another address', 'gateio-api', asObject(ADDRESS), orderByApi(), { key: 'fenced' }),
      refused('GET, a & (signed decoded)', 'ccxt', SIGNATURE, ordersOf(TEXTS.ampersand)),
      refused('DELETE, a + (signed decoded)', 'ccxt', SIGNATURE, endOf(TEXTS.plus)),
      refused('wrong secret', 'ccxt', SIGNATURE, order(), { key: 'wrongSecret' }),
      refused('unknown key', 'ccxt', INVALID_KEY, order(), { key: 'invented' }),
      refused('revoked key', 'ccxt', INVALID_KEY, order(), { key: 'revoked' }),
      refused('revoked key', 'gateio-api', asObject(INVALID_KEY), orderByApi(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', INVALID_KEY, order(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', LOCKED, order(), { key: 'quarantined' }),
      refused('expired key', 'ccxt', INVALID_KEY, ordersOf('1'), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('key for the test environment', 'ccxt', INVALID_KEY, order(), { key: 'testing' }),
      refused('permission it lacks', 'ccxt', PERMISSION, order(), { key: 'reader' }),
      refused('permission it lacks', 'gateio-api', asObject(PERMISSION), orderByApi(), { key: 'reader' }),
      refused(
        'instrument not allowed',
        'ccxt',
        PERMISSION,
        order({ currency_pair: 'ETH_USDT', maxCost: '500' }),
        {
          key: 'limited',
        },
      ),
      refused('amount over the limit', 'ccxt', PERMISSION, order({ maxCost: '1000.01' }), { key: 'limited' }),
      refused(
        'batch by a limited key',
        'ccxt',
        PERMISSION,
        (c) => c.privateSpotPostBatchOrders([{ ...ORDER }]),
        {
          key: 'limited',
        },
      ),
      refused('route that nobody declared', 'ccxt', [404, 'METHOD_NOT_ALLOWED', 'BadRequest'], (c) =>
        c.privateSpotGetMyTrades({ currency_pair: 'BTC_USDT' }),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, 'TOO_MANY_REQUESTS', 'RateLimitExceeded'],
        threeTimes(ordersOf('1')),
        { key: 'metered', expect: { passed: 2 } },
      ),
    ],
  },
  WEB_SOCKETS,
];
