import { once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';
import { EXCHANGE, pointTo } from './sandbox.mjs';

const { allowed, refused, overWebSocket } = caseMakers('ok');
const ORDER = { 'account-id': '1', symbol: 'btcusdt', type: 'buy-limit', amount: '0.01', price: '50000' };
const SWAP = { contract_code: 'BTC-USDT', volume: 1, price: 50_000, direction: 'buy' };

let seconds = 0;
/** Moves ccxt's clock on for each POST: two of one second would have the same signature. */
function inItsOwnSecond(client) {
  const ahead = ++seconds * 1000;
  client.nonce = () => Date.now() + ahead;
  return client;
}

const openOrdersOf = (symbol) => (client) => client.spotPrivateGetV1OrderOpenOrders({ symbol });
const order = (more) => (client) =>
  inItsOwnSecond(client).spotPrivatePostV1OrderOrdersPlace({ ...ORDER, ...more });
const swapOrder = (more) => (client) =>
  inItsOwnSecond(client).contractPrivatePostV5TradeOrder({ ...SWAP, ...more });

/** A value in a query, which must arrive as it is. */
const value = (what, text) =>
  allowed(what, 'ccxt', openOrdersOf(text), {
    check: ({ data }) => data[0].symbol === text,
    matched: 'wire',
  });

const NOT_VALID = 'api-signature-not-valid';
const SIGNATURE = [200, NOT_VALID, 'AuthenticationError'];
const PERMISSION = [200, NOT_VALID, 'PermissionDenied'];
const MALFORMED = [200, 'bad-request', 'BadRequest'];
const MISSING = [200, 'validation-constraints-required', 'BadRequest'];

/** ccxt's clock, as much ahead or behind. */
const clockOff = (ms) => (client) => {
  client.nonce = () => Date.now() + ms;
  return openOrdersOf('btcusdt')(client);
};

/** Sends it with another target. */
const resend = (change) => (request, send) => send({ ...request, target: change(request.target) });

/** What is answered to one message on a WebSocket of its own. */
async function answerTo({ tap }, path, message) {
  const socket = new WebSocket(tap.url.replace('http', 'ws') + path);
  await once(socket, 'open');
  socket.send(message);
  const [answer] = await once(socket, 'message');
  socket.close();
  return JSON.parse(answer.toString('utf8'));
}

/** ccxt that believes the exchange to be at another host. */
const ELSEWHERE = { ...EXCHANGE.ccxt, point: (client, url) => pointTo('api.other.example', client, url) };

const spotBalance = (client) => client.watchBalance();
const swapBalance = (client) => client.watchBalance({ type: 'swap' });
const isLoggedIn = ({ upstream }) =>
  upstream.upgrades.at(-1).headers['x-countersign-account'] === 'acct_trader';

export const CASES = [
  {
    title: 'HTX: what customers do',
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
          return c.cancelOrder(id);
        },
        { check: ({ id }) => id !== undefined, expect: { passed: undefined } },
      ),
      allowed('public, no credential', 'ccxt', (client) => client.fetchTime()),
      value('an emoji', TEXTS.emoji),
      value("a '", TEXTS.quote),
      value('spaces, +, / and quotes', TEXTS.mixed),
      value('a &', TEXTS.ampersand),
      value('nothing', ''),
      allowed('GET, no parameters', 'ccxt', (c) => c.spotPrivateGetV2UserUid(), {
        check: ({ data }) => data === 'acct_trader',
        matched: 'wire',
      }),
      allowed('the older way to write it', 'ccxt', (c) => c.privateGetAccountAccounts(), { matched: 'wire' }),
      allowed('a contract: GET', 'ccxt', (c) => c.fetchBalance({ type: 'swap' }), {
        check: (balance) => balance.USDT.free === 900,
        expect: { passed: undefined },
      }),
      allowed('a contract: POST, all of these', 'ccxt', swapOrder({ note: TEXTS.mixed }), {
        check: ({ data }) => data.note === TEXTS.mixed,
        matched: 'wire',
      }),
      allowed(
        'a POST with a list',
        'ccxt',
        (c) => inItsOwnSecond(c).spotPrivatePostV1OrderBatchOrders([ORDER, ORDER]),
        { check: ({ data }) => data.length === 2, matched: 'wire' },
      ),
      allowed(
        'a POST, empty: {}',
        'ccxt',
        (c) => inItsOwnSecond(c).spotPrivatePostV1OrderOrdersOrderIdSubmitcancel({ 'order-id': 1 }),
        { matched: 'wire' },
      ),
      allowed('a : sent as it is', 'ccxt', order(), {
        theft: resend((target) => target.replaceAll('%3A', ':')),
      }),
      allowed('a read that is repeated', 'ccxt', openOrdersOf('btcusdt'), {
        theft: thefts.replay,
        expect: { passed: 2 },
      }),
      allowed('old secret, in its grace', 'ccxt', openOrdersOf('btcusdt'), { key: 'rotatedInGrace' }),
      allowed('order within the limits', 'ccxt', order({ 'max-cost': '500' }), { key: 'limited' }),
      allowed('spoofed X-Countersign-Account', 'ccxt', (c) => c.spotPrivateGetV1AccountAccounts(), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ data }) => data[0].uid === 'acct_trader',
      }),
    ],
  },
  {
    title: 'HTX: what a thief does with captured requests',
    cases: [
      refused('an order sent again', 'ccxt', SIGNATURE, order(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('an order, then another body', 'ccxt', SIGNATURE, order(), {
        theft: async (request, send) => {
          await send(request);
          return thefts.changeBody('0.01', '9.01')(request, send);
        },
        expect: { passed: 1 },
      }),
      refused('an order, its signature spelt anew', 'ccxt', SIGNATURE, order(), {
        theft: async (request, send) => {
          await send(request);
          return resend((target) => target.replaceAll('%3D', '%3d').replace('%3d', '='))(request, send);
        },
        expect: { passed: 1 },
      }),
      refused(
        'two orders in one second',
        'ccxt',
        SIGNATURE,
        async (client) => {
          const now = inItsOwnSecond(client).nonce();
          client.nonce = () => now;
          await client.spotPrivatePostV1OrderOrdersPlace(ORDER);
          return client.spotPrivatePostV1OrderOrdersPlace({ ...ORDER, symbol: 'ethusdt' });
        },
        { expect: { passed: 1 } },
      ),
      refused('to another route', 'ccxt', SIGNATURE, order(), {
        theft: resend((target) => target.replace('orders/place', 'batch-orders')),
      }),
      refused('a read made a POST', 'ccxt', SIGNATURE, openOrdersOf('btcusdt'), {
        theft: thefts.changeMethod('POST'),
      }),
      refused('changed query', 'ccxt', SIGNATURE, openOrdersOf('btcusdt'), {
        theft: thefts.changeTarget('btc', 'eth'),
      }),
      refused('a field more', 'ccxt', SIGNATURE, openOrdersOf('btcusdt'), {
        theft: thefts.changeTarget(/$/, '&size=1'),
      }),
      refused('a field twice', 'ccxt', MALFORMED, openOrdersOf('btcusdt'), {
        theft: thefts.changeTarget(/$/, '&symbol=ethusdt'),
      }),
      refused('a field twice, once encoded', 'ccxt', MALFORMED, openOrdersOf('btcusdt'), {
        theft: thefts.changeTarget(/$/, '&%73ymbol=ethusdt'),
      }),
      refused('a space made a +', 'ccxt', SIGNATURE, openOrdersOf(TEXTS.spaces), {
        theft: thefts.changeTarget('%20', '+'),
      }),
      refused('a second signature', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeTarget(/$/, '&Signature=AAAA'),
      }),
      refused('another algorithm', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeTarget('HmacSHA256', 'HmacSHA512'),
      }),
      refused('a read with a body', 'ccxt', MALFORMED, openOrdersOf('btcusdt'), {
        theft: thefts.addBody('{}'),
      }),
      refused('old order, new time', 'ccxt', SIGNATURE, order(), {
        theft: resend((target) =>
          target.replace(/(?<=Timestamp=[^&]*)\d(?=&)/, (digit) => (Number(digit) + 1) % 10),
        ),
      }),
      refused('without the signature', 'ccxt', MISSING, order(), {
        theft: thefts.changeTarget(/&Signature=[^&]*/, ''),
      }),
    ],
  },
  {
    title: 'HTX: who is refused for what',
    cases: [
      refused('timestamp 302 s old', 'ccxt', SIGNATURE, clockOff(-302_000)),
      refused('timestamp 310 s ahead', 'ccxt', SIGNATURE, clockOff(310_000)),
      refused('signed for another host', 'ccxt', SIGNATURE, openOrdersOf('btcusdt'), {
        ccxt: ELSEWHERE,
      }),
      refused('another address', 'ccxt', SIGNATURE, order(), { key: 'fenced' }),
      refused('wrong secret', 'ccxt', SIGNATURE, order(), { key: 'wrongSecret' }),
      refused('unknown key', 'ccxt', SIGNATURE, order(), { key: 'invented' }),
      refused('revoked key', 'ccxt', SIGNATURE, order(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', SIGNATURE, order(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', [200, 'account-locked', 'ExchangeError'], order(), {
        key: 'quarantined',
      }),
      refused('expired key', 'ccxt', SIGNATURE, openOrdersOf('btcusdt'), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('old secret, after its grace', 'ccxt', SIGNATURE, openOrdersOf('btcusdt'), { key: 'rotated' }),
      refused('key for the test environment', 'ccxt', SIGNATURE, order(), { key: 'testing' }),
      refused('permission it lacks', 'ccxt', PERMISSION, order(), { key: 'reader' }),
      refused('a contract: permission it lacks', 'ccxt', [200, '403', 'PermissionDenied'], swapOrder(), {
        key: 'reader',
      }),
      refused('a contract: wrong secret', 'ccxt', [200, '403', 'AuthenticationError'], swapOrder(), {
        key: 'wrongSecret',
      }),
      refused('instrument not allowed', 'ccxt', PERMISSION, order({ symbol: 'ethusdt', 'max-cost': '500' }), {
        key: 'limited',
      }),
      refused('amount over the limit', 'ccxt', PERMISSION, order({ 'max-cost': '1000.01' }), {
        key: 'limited',
      }),
      refused('a withdrawal', 'ccxt', PERMISSION, (c) =>
        inItsOwnSecond(c).spotPrivatePostV1DwWithdrawApiCreate({
          address: 'a',
          amount: '1',
          currency: 'btc',
        }),
      ),
      refused('route that nobody declared', 'ccxt', [404, 'bad-request', 'BadRequest'], (c) =>
        c.spotPrivateGetV1OrderHistory({ symbol: 'btcusdt' }),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, 'base-request-exceed-frequency-limit', 'RateLimitExceeded'],
        threeTimes(openOrdersOf('btcusdt')),
        { key: 'metered', expect: { passed: 2 } },
      ),
    ],
  },
  {
    title: 'HTX: the WebSockets',
    cases: [
      // ccxt takes the push for its balance, and finds none in it: it looks for a list where HTX has an object.
      overWebSocket('spot: login, ping, balance', 'ccxt.pro', 2, spotBalance, {
        check: (_, stage) =>
          isLoggedIn(stage) &&
          stage.tap.upgrades.at(-1).got[0] === '{"action":"req","code":200,"ch":"auth","data":{}}' &&
          stage.tap.upgrades.at(-1).got.at(-1).includes('"available":"900"'),
        expect: { upgrades: 1, code: '200' },
      }),
      overWebSocket('a contract: answers in gzip', 'ccxt.pro', 2, swapBalance, {
        check: (balance, stage) => balance.USDT.free === 900 && isLoggedIn(stage),
        expect: { upgrades: 1, code: '0' },
      }),
      overWebSocket(
        'spot: private, before any login',
        'ccxt.pro',
        0,
        (_, stage) => answerTo(stage, '/ws/v2', '{"action":"sub","ch":"accounts.update#2"}'),
        {
          check: ({ action, ch }) => action === 'sub' && ch === 'accounts.update#2',
          expect: { code: '2002', upgrades: 0 },
        },
      ),
      overWebSocket(
        'a contract: private, before any login',
        'ccxt.pro',
        0,
        (_, stage) => answerTo(stage, '/ws/v5/notification', '{"op":"sub","topic":"account"}'),
        {
          check: ({ op, topic }) => op === 'sub' && topic === 'account',
          expect: { code: '2002', upgrades: 0 },
        },
      ),
      overWebSocket(
        'a login on another path',
        'ccxt.pro',
        2,
        async (client, stage) => {
          await spotBalance(client);
          return answerTo(stage, '/ws/v5/notification', stage.tap.upgrades.at(-1).sent[0]);
        },
        { check: ({ code }) => code === 2002, expect: { code: '2002', upgrades: 1 } },
      ),
      ...[
        ['spot: wrong secret', 'wrongSecret', spotBalance],
        ['spot: revoked key', 'revoked', spotBalance],
        ['spot: another address', 'fenced', spotBalance],
        ['a contract: wrong secret', 'wrongSecret', swapBalance],
        ['a contract: unknown key', 'invented', swapBalance],
      ].map(([what, key, call]) =>
        overWebSocket(what, 'ccxt.pro', 0, call, {
          key,
          expect: { code: '2002', thrown: 'AuthenticationError', upgrades: 0 },
        }),
      ),
      overWebSocket('signed for another host', 'ccxt.pro', 0, spotBalance, {
        ccxt: ELSEWHERE,
        expect: { code: '2002', thrown: 'AuthenticationError', upgrades: 0 },
      }),
    ],
  },
];
