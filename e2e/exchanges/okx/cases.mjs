import { answerTo } from '../../stage/answer-to.mjs';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused, overWebSocket } = caseMakers('0');
const BALANCE = '/api/v5/account/balance';
const PLACE_ORDER = '/api/v5/trade/order';
const ORDER = { instId: 'BTC-USDT', tdMode: 'cash', side: 'buy', ordType: 'limit', px: '50000', sz: '0.01' };

const balanceOf = (ccy) => (client) => client.privateGetAccountBalance({ ccy });
const balanceByApi = (ccy, more) => (client) => client.getPrivate(BALANCE, { ccy, ...more });
const order = (more) => (client) => client.privatePostTradeOrder({ ...ORDER, ...more });
/** One request with an order for each of the parts. */
const batch =
  (...parts) =>
  (client) =>
    client.privatePostTradeBatchOrders(parts.map((more) => ({ ...ORDER, ...more })));
const cancel = (client) => client.privatePostTradeCancelOrder({ instId: 'BTC-USDT', ordId: '1' });
const orderByApi = (more) => (client) => client.postPrivate(PLACE_ORDER, { ...ORDER, ...more });
const gotClientOid = (text) => (answer) => (answer.data ?? answer)[0].clOrdId === text;

/** A value in a query: what the client signs is in `matched`. */
const value = (what, client, text, matched) => {
  const call = client === 'ccxt' ? balanceOf(text) : balanceByApi(text);
  const check = (answer) => (answer.data ?? answer)[0].details[0].ccy === text;
  return allowed(`GET, ${what}`, client, call, { check, matched });
};

const SIGNATURE = [401, '50113', 'AuthenticationError'];
const EXPIRED = [401, '50102', 'InvalidNonce'];
const UNKNOWN = [401, '50119', 'ExchangeError'];
const ADDRESS = [401, '50110', 'PermissionDenied'];
const DISABLED = [401, '50111', 'AuthenticationError'];
const PERMISSION = [401, '50120', 'ExchangeError'];
const asObject = ([status, code]) => [status, code, 'object'];

const PRIVATE = '/ws/v5/private';
const balanceOverWs = (c) => c.watchBalance();
const accountByApi = (c) => c.firstUpdate((client) => client.subscribe({ channel: 'account' }));
const lastLogin = ({ tap }) => tap.upgrades.at(-1).sent.find((text) => text.includes('"login"'));
const arrivedAs =
  (account) =>
  (_, { upstream }) =>
    upstream.messages.at(-1).headers['x-countersign-account'] === account;
/** ccxt asks for currencies, signed, before it opens a WebSocket. */
const UNSIGNED_START = { has: { fetchCurrencies: false } };
/** A login that is refused: the code, and what ccxt throws. */
const noLogin = (what, code, thrown, more) =>
  overWebSocket(what, 'ccxt.pro', 0, balanceOverWs, {
    more: UNSIGNED_START,
    ...more,
    expect: { code, thrown, upgrades: 0 },
  });

export const CASES = [
  {
    title: 'OKX: what customers do',
    cases: [
      allowed('loadMarkets, fetchBalance', 'ccxt', (client) => client.fetchBalance(), {
        check: (balance) => balance.USDT.free === 900,
        expect: { passed: undefined },
      }),
      allowed(
        'createOrder: a batch of one',
        'ccxt',
        (c) => c.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 50_000),
        {
          check: ({ id }) => id !== undefined,
          expect: { passed: undefined },
        },
      ),
      allowed('public, no credential', 'ccxt', (client) => client.fetchTime()),
      value('an emoji', 'ccxt', TEXTS.emoji, 'wire'),
      value('all of these at once', 'ccxt', TEXTS.mixed, 'wire'),
      value('a &', 'ccxt', TEXTS.ampersand, 'wire'),
      value("a '", 'okx-api', TEXTS.quote, 'wire'),
      value('a space', 'okx-api', TEXTS.spaces, 'decoded-plus'),
      value('a +', 'okx-api', TEXTS.plus, 'decoded'),
      value('an emoji', 'okx-api', TEXTS.emoji, 'decoded'),
      value('all of these at once', 'okx-api', TEXTS.mixed, 'decoded-plus'),
      allowed('POST, an order', 'ccxt', order(), { matched: 'wire' }),
      allowed('POST, all of these at once', 'ccxt', order({ clOrdId: TEXTS.mixed }), {
        check: gotClientOid(TEXTS.mixed),
        matched: 'wire',
      }),
      allowed('POST, all of these at once', 'okx-api', orderByApi({ clOrdId: TEXTS.mixed }), {
        check: gotClientOid(TEXTS.mixed),
        matched: 'wire',
      }),
      allowed('POST, empty: nothing', 'ccxt', (client) => client.privatePostAccountSetPositionMode(), {
        matched: 'wire',
      }),
      allowed(
        'POST, empty: only a tag',
        'okx-api',
        (client) => client.postPrivate('/api/v5/trade/cancel-all-after'),
        {
          matched: 'wire',
        },
      ),
      allowed('old secret, in its grace', 'ccxt', balanceOf('BTC'), { key: 'rotatedInGrace' }),
      allowed('order within the limits', 'ccxt', order({ maxCost: '500' }), { key: 'limited' }),
      allowed('batch within the limits', 'ccxt', batch({ maxCost: '500' }, { maxCost: '1000' }), {
        key: 'limited',
      }),
      allowed('cancel by a limited key', 'ccxt', cancel, { key: 'limited' }),
      allowed('spoofed X-Countersign-Account', 'ccxt', (client) => client.privateGetAccountConfig(), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ data }) => data[0].uid === 'acct_trader',
      }),
    ],
  },
  {
    title: 'OKX: what a thief does with captured requests',
    cases: [
      refused('order sent again', 'ccxt', EXPIRED, order(), { theft: thefts.replay, expect: { passed: 1 } }),
      refused('order sent again', 'okx-api', asObject(EXPIRED), orderByApi(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('order sent to another route', 'ccxt', SIGNATURE, order(), {
        theft: thefts.replayTo('/api/v5/trade/cancel-order'),
        expect: { passed: 1 },
      }),
      refused('changed body', 'ccxt', SIGNATURE, order(), { theft: thefts.changeBody('"0.01"', '"9.01"') }),
      refused('changed body', 'okx-api', asObject(SIGNATURE), orderByApi(), {
        theft: thefts.changeBody('"0.01"', '"9.01"'),
      }),
      refused('changed path', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeTarget('/order', '/cancel-order'),
      }),
      refused('changed query', 'ccxt', SIGNATURE, balanceOf('BTC'), {
        theft: thefts.changeTarget('BTC', 'ETH'),
      }),
      // Decoded, both read `ccy=a&limit=1`, and that is what okx-api signed.
      refused('two values made one', 'okx-api', asObject(SIGNATURE), balanceByApi('a', { limit: '1' }), {
        theft: thefts.changeTarget('&limit=', '%26limit%3D'),
      }),
      refused('old order, new timestamp', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeHeader('OK-ACCESS-TIMESTAMP', (text) =>
          new Date(Date.parse(text) + 1).toISOString(),
        ),
      }),
      refused('without the signature', 'ccxt', [401, '50106', 'AuthenticationError'], order(), {
        theft: thefts.dropHeaders('OK-ACCESS-SIGN'),
      }),
      refused('unsigned, private route', 'ccxt', [401, '50103', 'AuthenticationError'], order(), {
        theft: thefts.dropHeaders('OK-ACCESS-'),
      }),
      refused('a second OK-ACCESS-KEY', 'ccxt', [400, '50000', 'BadRequest'], order(), {
        theft: thefts.repeatHeader('ok-access-key', 'another'),
      }),
    ],
  },
  {
    title: 'OKX: who is refused for what',
    cases: [
      refused('timestamp 31 s old', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: 31_000 } },
      }),
      refused('another address', 'ccxt', ADDRESS, order(), { key: 'fenced' }),
      refused('another address', 'okx-api', asObject(ADDRESS), orderByApi(), { key: 'fenced' }),
      refused('GET, a & (signed decoded)', 'okx-api', asObject(SIGNATURE), balanceByApi(TEXTS.ampersand)),
      refused('wrong passphrase', 'ccxt', [401, '50105', 'AuthenticationError'], order(), {
        key: 'wrongPassphrase',
      }),
      refused('wrong secret', 'ccxt', SIGNATURE, order(), { key: 'wrongSecret' }),
      refused('unknown key', 'ccxt', UNKNOWN, order(), { key: 'invented' }),
      refused('revoked key', 'ccxt', UNKNOWN, order(), { key: 'revoked' }),
      refused('revoked key', 'okx-api', asObject(UNKNOWN), orderByApi(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', DISABLED, order(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', [401, '50100', 'ExchangeError'], order(), { key: 'quarantined' }),
      refused('expired key', 'ccxt', DISABLED, balanceOf('BTC'), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('key for the test environment', 'ccxt', [401, '50101', 'AuthenticationError'], order(), {
        key: 'testing',
      }),
      refused('permission it lacks', 'ccxt', PERMISSION, order(), { key: 'reader' }),
      refused('permission it lacks', 'okx-api', asObject(PERMISSION), orderByApi(), { key: 'reader' }),
      refused('instrument not allowed', 'ccxt', PERMISSION, order({ instId: 'ETH-USDT', maxCost: '500' }), {
        key: 'limited',
      }),
      refused('amount over the limit', 'ccxt', PERMISSION, order({ maxCost: '1000.01' }), { key: 'limited' }),
      refused('batch without amounts', 'ccxt', PERMISSION, batch({}), { key: 'limited' }),
      refused(
        'batch with another instrument',
        'ccxt',
        PERMISSION,
        batch({ maxCost: '1' }, { maxCost: '1', instId: 'ETH-USDT' }),
        { key: 'limited' },
      ),
      refused('route that nobody declared', 'ccxt', [404, '50404', 'ExchangeError'], (c) =>
        c.privateGetAccountGreeks(),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, '50011', 'RateLimitExceeded'],
        threeTimes(balanceOf('BTC')),
        {
          key: 'metered',
          expect: { passed: 2 },
        },
      ),
    ],
  },
  {
    title: 'OKX: WebSockets',
    cases: [
      overWebSocket('login, subscription, balance', 'ccxt.pro', 1, balanceOverWs, {
        check: (balance, stage) => balance.USDT.free === 900 && arrivedAs('acct_trader')(balance, stage),
        expect: { upgrades: 1 },
      }),
      overWebSocket('login, subscription, balance', 'okx-api-websocket', 1, accountByApi, {
        check: ({ data }) => data[0].uid === 'acct_trader',
        expect: { upgrades: 1 },
      }),
      overWebSocket('two WebSockets in one second', 'ccxt.pro', 2, twoAtOnce, {
        check: (_, { tap }) => {
          const logins = tap.upgrades.map(({ sent }) => sent.find((text) => text.includes('"login"')));
          return logins.length === 2 && logins[0] === logins[1];
        },
        expect: { upgrades: 2 },
      }),
      overWebSocket('candles, before any login', 'ccxt.pro', 1, candlesWithoutLogin, {
        check: ({ event }, stage) => event === 'subscribe' && arrivedAs(undefined)(event, stage),
      }),
      overWebSocket(
        'private, before any login',
        'ccxt.pro',
        0,
        (_, stage) => answerTo(stage, PRIVATE, '{"op":"subscribe","args":[{"channel":"account"}]}'),
        { check: ({ event }) => event === 'error', expect: { code: '60011', upgrades: 0 } },
      ),
      overWebSocket(
        'a candle beside a private channel',
        'ccxt.pro',
        0,
        (_, stage) =>
          answerTo(
            stage,
            '/ws/v5/business',
            '{"op":"subscribe","args":[{"channel":"candle1m"},{"channel":"orders-algo"}]}',
          ),
        { check: ({ event }) => event === 'error', expect: { code: '60011', upgrades: 0 } },
      ),
      overWebSocket(
        'a bulk login',
        'ccxt.pro',
        1,
        async (client, stage) => {
          await balanceOverWs(client);
          const { args } = JSON.parse(lastLogin(stage));
          return answerTo(stage, PRIVATE, JSON.stringify({ op: 'login', args: [...args, ...args] }));
        },
        { check: ({ event }) => event === 'error', expect: { code: '60012' } },
      ),
      overWebSocket(
        'the passphrase of another',
        'ccxt.pro',
        1,
        async (client, stage) => {
          await balanceOverWs(client);
          return answerTo(stage, PRIVATE, lastLogin(stage).replace(client.password, 'Passphrase9'));
        },
        { check: ({ event }) => event === 'error', expect: { code: '60024' } },
      ),
      noLogin('wrong secret', '60007', 'AuthenticationError', { key: 'wrongSecret' }),
      noLogin('wrong passphrase', '60024', 'AuthenticationError', { key: 'wrongPassphrase' }),
      noLogin('revoked key', '60032', 'AuthenticationError', { key: 'revoked' }),
      noLogin('another address', '60009', 'AuthenticationError', { key: 'fenced' }),
      noLogin('the clock 40 s behind', '60006', 'InvalidNonce', {
        more: { ...UNSIGNED_START, seconds: () => Math.floor(Date.now() / 1000) - 40 },
      }),
      overWebSocket('wrong secret', 'okx-api-websocket', 0, accountByApi, {
        key: 'wrongSecret',
        thrownNamesCode: false,
        expect: { code: '60007', thrown: 'object', upgrades: 0 },
      }),
    ],
  },
];

/** A bot that watches its balance and its algorithmic orders: ccxt opens a WebSocket for each, and signs seconds. */
async function twoAtOnce(client) {
  const second = Math.floor(Date.now() / 1000);
  client.seconds = () => second;
  await client.watchBalance();
  await client.authenticate({ access: 'business' });
  await client.subscribe('business', 'account', 'account', undefined, {});
}

/** What is answered to a subscription for candles by somebody who has not logged in. */
function candlesWithoutLogin(_, stage) {
  return answerTo(
    stage,
    '/ws/v5/business',
    '{"op":"subscribe","args":[{"channel":"candle1m","instId":"BTC-USDT"}]}',
  );
}
