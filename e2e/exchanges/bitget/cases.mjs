import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';
import { answerTo } from '../../stage/answer-to.mjs';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused, overWebSocket } = caseMakers('00000');
const ASSETS = '/api/v2/spot/account/assets';
const PLACE_ORDER = '/api/v2/spot/trade/place-order';
const ORDER = {
  symbol: 'BTCUSDT',
  side: 'buy',
  orderType: 'limit',
  force: 'gtc',
  price: '50000',
  size: '0.01',
};

const assetsOf = (coin, more) => (client) => client.privateSpotGetV2SpotAccountAssets({ coin, ...more });
const assetsByApi = (coin) => (client) => client.getPrivate(ASSETS, { coin });
const order = (more) => (client) => client.privateSpotPostV2SpotTradePlaceOrder({ ...ORDER, ...more });
const orderByApi = (more) => (client) => client.postPrivate(PLACE_ORDER, { ...ORDER, ...more });
const gotCoin = (coin) => (answer) => answer.data[0].coin === coin;
const gotClientOid = (text) => (answer) => answer.data.clientOid === text;

/** A value in a query: what the client signs is in `matched`. */
const value = (what, client, text, matched, more) => {
  const call = client === 'ccxt' ? assetsOf(text) : assetsByApi(text);
  return allowed(`GET, ${what}`, client, call, { check: gotCoin(text), matched, ...more });
};

const SIGNATURE = [400, '40009', 'AuthenticationError'];
const EXPIRED = [400, '40008', 'InvalidNonce'];
const UNKNOWN = [400, '40037', 'AuthenticationError'];
const ADDRESS = [400, '40018', 'PermissionDenied'];
const DISABLED = [400, '40006', 'AuthenticationError'];
const PERMISSION = [400, '40014', 'PermissionDenied'];
const asObject = ([status, code]) => [status, code, 'object'];

const PRIVATE = '/v2/ws/private';
const balanceOverWs = (c) => c.watchBalance();
const accountByApi = (c) => c.firstUpdate((client) => client.subscribeTopic('SPOT', 'account'));
const lastLogin = ({ tap }) => tap.upgrades.at(-1).sent.find((text) => text.includes('"login"'));
const arrivedAs =
  (account) =>
  (_, { upstream }) =>
    upstream.messages.at(-1).headers['x-countersign-account'] === account;
/** ccxt asks for the mode of the account, signed, before it opens a WebSocket. */
const UNSIGNED_START = { options: { uta: false }, has: { fetchCurrencies: false } };
/** A login that is refused: what ccxt throws, and the code. */
const noLogin = (what, code, thrown, more) =>
  overWebSocket(what, 'ccxt.pro', 0, balanceOverWs, {
    more: UNSIGNED_START,
    ...more,
    expect: { code, thrown, upgrades: 0 },
  });

// All of 127.0.0.0/8 is this machine on Linux only.
const FROM_ELSEWHERE = refused('stolen, sent from 127.0.0.2', 'ccxt', ADDRESS, order(), {
  key: 'home',
  theft: thefts.fromAddress('127.0.0.2'),
});

export const CASES = [
  {
    title: 'Bitget: what customers do',
    cases: [
      allowed('loadMarkets, fetchBalance', 'ccxt', (client) => client.fetchBalance(), {
        check: (balance) => balance.USDT.free === 1000,
        expect: { passed: undefined },
      }),
      allowed(
        'createOrder, unified account',
        'ccxt',
        (c) => c.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 50_000),
        {
          key: 'unified',
          check: ({ id }) => id !== undefined,
          expect: { passed: undefined },
        },
      ),
      allowed('public, no credential', 'ccxt', (client) => client.fetchTime()),
      allowed('GET without a query', 'ccxt', (client) => client.privateSpotGetV2SpotAccountAssets(), {
        matched: 'wire',
      }),
      value('an emoji', 'ccxt', TEXTS.emoji, 'decoded'),
      value('all of these at once', 'ccxt', TEXTS.mixed, 'decoded'),
      value("a '", 'bitget-api', TEXTS.quote, 'decoded'),
      value('a space', 'bitget-api', TEXTS.spaces, 'wire'),
      value('a +', 'bitget-api', TEXTS.plus, 'wire'),
      value('an emoji', 'bitget-api', TEXTS.emoji, 'wire'),
      value('all of these at once', 'bitget-api', TEXTS.mixed, 'encoded'),
      value('not encoded by option', 'bitget-api', TEXTS.doubleQuote, 'decoded', {
        more: { encodeQueryStringValues: false },
      }),
      value('a & (signed encoded)', 'bitget-api', TEXTS.ampersand, 'wire'),
      allowed('POST, an order', 'ccxt', order(), { matched: 'wire' }),
      allowed('POST, all of these at once', 'ccxt', order({ clientOid: TEXTS.mixed }), {
        check: gotClientOid(TEXTS.mixed),
        matched: 'wire',
      }),
      allowed('POST, all of these at once', 'bitget-api', orderByApi({ clientOid: TEXTS.mixed }), {
        check: gotClientOid(TEXTS.mixed),
        matched: 'wire',
      }),
      allowed('POST, empty: {}', 'ccxt', (client) => client.privateSpotPostV2SpotTradeCancelSymbolOrder(), {
        matched: 'wire',
      }),
      allowed(
        'POST, empty: nothing',
        'bitget-api',
        (c) => c.postPrivate('/api/v2/spot/trade/cancel-symbol-order'),
        {
          matched: 'wire',
        },
      ),
      allowed('old secret, in its grace', 'ccxt', assetsOf('BTC'), { key: 'rotatedInGrace' }),
      allowed('from the one address allowed', 'ccxt', assetsOf('BTC'), { key: 'home' }),
      allowed('order within the limits', 'ccxt', order({ maxCost: '500' }), { key: 'limited' }),
      allowed(
        'cancel by a limited key',
        'ccxt',
        (c) => c.privateSpotPostV2SpotTradeCancelOrder({ symbol: 'BTCUSDT', orderId: '1' }),
        { key: 'limited' },
      ),
      allowed('spoofed X-Countersign-Account', 'ccxt', (client) => client.privateSpotGetV2SpotAccountInfo(), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ data }) => data.userId === 'acct_trader',
      }),
    ],
  },
  {
    title: 'Bitget: what a thief does with captured requests',
    cases: [
      refused('order sent again', 'ccxt', EXPIRED, order(), { theft: thefts.replay, expect: { passed: 1 } }),
      refused('order sent again', 'bitget-api', asObject(EXPIRED), orderByApi(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('order sent to another route', 'ccxt', SIGNATURE, order(), {
        theft: thefts.replayTo('/api/v2/spot/trade/cancel-order'),
        expect: { passed: 1 },
      }),
      refused('changed body', 'ccxt', SIGNATURE, order(), { theft: thefts.changeBody('"0.01"', '"9.01"') }),
      refused('changed body', 'bitget-api', asObject(SIGNATURE), orderByApi(), {
        theft: thefts.changeBody('"0.01"', '"9.01"'),
      }),
      refused('changed path', 'ccxt', SIGNATURE, order(), { theft: thefts.changeTarget('place', 'cancel') }),
      refused('changed query', 'ccxt', SIGNATURE, assetsOf('BTC'), {
        theft: thefts.changeTarget('BTC', 'ETH'),
      }),
      refused('query put into the path', 'ccxt', SIGNATURE, assetsOf('BTC'), {
        theft: thefts.changeTarget('/assets?coin=BTC', '/info?coin=BTC'),
      }),
      // Decoded, both read `coin=a&limit=1`, and that is what ccxt signed.
      refused('two values made one', 'ccxt', SIGNATURE, assetsOf('a', { limit: '1' }), {
        theft: thefts.changeTarget('&limit=', '%26limit%3D'),
      }),
      refused('GET made a POST', 'ccxt', SIGNATURE, (client) => client.privateSpotGetV2SpotAccountAssets(), {
        theft: (request, send) => send({ ...request, method: 'POST', target: PLACE_ORDER }),
      }),
      refused('old order, new timestamp', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeHeader('ACCESS-TIMESTAMP', (ms) => String(Number(ms) + 1)),
      }),
      refused('without the signature', 'ccxt', [400, '40002', 'AuthenticationError'], order(), {
        theft: thefts.dropHeaders('ACCESS-SIGN'),
      }),
      refused('unsigned, private route', 'ccxt', [400, '40001', 'AuthenticationError'], order(), {
        theft: thefts.dropHeaders('ACCESS-'),
      }),
      refused('a second ACCESS-KEY', 'ccxt', [400, '40017', 'BadRequest'], order(), {
        theft: thefts.repeatHeader('access-key', 'another'),
      }),
      refused('a GET given a body', 'ccxt', [400, '40017', 'BadRequest'], assetsOf('BTC'), {
        theft: thefts.addBody('{"coin":"ETH"}'),
      }),
    ],
  },
  {
    title: 'Bitget: who is refused for what',
    cases: [
      refused('timestamp 31 s old', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: 31_000 } },
      }),
      refused('timestamp 31 s ahead', 'ccxt', EXPIRED, order(), {
        more: { options: { timeDifference: -31_000 } },
      }),
      refused('another address', 'ccxt', ADDRESS, order(), { key: 'fenced' }),
      refused('another address', 'bitget-api', asObject(ADDRESS), orderByApi(), { key: 'fenced' }),
      ...(process.platform === 'linux' ? [FROM_ELSEWHERE] : []),
      refused('spoofed X-Forwarded-For', 'ccxt', ADDRESS, order(), {
        key: 'fenced',
        more: { headers: { 'X-Forwarded-For': '203.0.113.7', 'X-Real-IP': '203.0.113.7' } },
      }),
      // ccxt signs the decoded query, which reads like two values here: the honest request cannot be told from a
      // forged one, so both are refused.
      refused('GET, a & (signed decoded)', 'ccxt', SIGNATURE, assetsOf(TEXTS.ampersand)),
      refused('wrong passphrase', 'ccxt', [400, '40012', 'AuthenticationError'], order(), {
        key: 'wrongPassphrase',
      }),
      refused('wrong secret', 'ccxt', SIGNATURE, order(), { key: 'wrongSecret' }),
      refused('unknown key', 'ccxt', UNKNOWN, order(), { key: 'invented' }),
      refused('unknown key', 'bitget-api', asObject(UNKNOWN), orderByApi(), { key: 'invented' }),
      refused('revoked key', 'ccxt', UNKNOWN, order(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', DISABLED, order(), { key: 'disabled' }),
      refused('disabled key', 'bitget-api', asObject(DISABLED), orderByApi(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', [400, '40013', 'ExchangeError'], order(), { key: 'quarantined' }),
      refused('expired key', 'ccxt', DISABLED, assetsOf('BTC'), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('old secret, no grace', 'ccxt', SIGNATURE, assetsOf('BTC'), { key: 'rotated' }),
      refused('key for the test environment', 'ccxt', [400, '40099', 'ExchangeError'], order(), {
        key: 'testing',
      }),
      refused('permission it lacks', 'ccxt', PERMISSION, order(), { key: 'reader' }),
      refused('permission it lacks', 'bitget-api', asObject(PERMISSION), orderByApi(), { key: 'reader' }),
      refused('instrument not allowed', 'ccxt', PERMISSION, order({ symbol: 'ETHUSDT', maxCost: '500' }), {
        key: 'limited',
      }),
      refused('amount over the limit', 'ccxt', PERMISSION, order({ maxCost: '1000.01' }), { key: 'limited' }),
      refused(
        'batch by a limited key',
        'ccxt',
        PERMISSION,
        (c) => c.privateSpotPostV2SpotTradeBatchOrders({ ...ORDER }),
        {
          key: 'limited',
        },
      ),
      refused('route that nobody declared', 'ccxt', [404, '40404', 'BadRequest'], (c) =>
        c.privateTaxGetV2TaxSpotRecord(),
      ),
      refused('rate limit used up', 'ccxt', [429, '429', 'DDoSProtection'], threeTimes(assetsOf('BTC')), {
        key: 'metered',
        expect: { passed: 2 },
      }),
    ],
  },
  {
    title: 'Bitget: WebSockets',
    cases: [
      overWebSocket('login, subscription, balance', 'ccxt.pro', 1, balanceOverWs, {
        check: (balance, stage) =>
          balance.USDT.free === 900 &&
          arrivedAs('acct_trader')(balance, stage) &&
          lastLogin(stage) !== undefined,
        expect: { code: '0', upgrades: 1 },
      }),
      overWebSocket('unified account, version 3', 'ccxt.pro', 1, (c) => c.watchBalance({ uta: true }), {
        key: 'unified',
        check: arrivedAs('acct_unified'),
        expect: { code: '0', upgrades: 1 },
      }),
      overWebSocket('login, subscription, balance', 'bitget-api-websocket', 1, accountByApi, {
        check: ({ data }) => data[0].uid === 'acct_trader',
        expect: { code: '0', upgrades: 1 },
      }),
      overWebSocket(
        'a login with milliseconds',
        'ccxt.pro',
        0,
        (client, stage) => {
          const timestamp = String(Date.now());
          const sign = createHmac('sha256', client.secret)
            .update(`${timestamp}GET/user/verify`)
            .digest('base64');
          const args = [{ apiKey: client.apiKey, passphrase: client.password, timestamp, sign }];
          return answerTo(stage, PRIVATE, JSON.stringify({ op: 'login', args }));
        },
        { check: ({ event }) => event === 'login', expect: { code: '0' } },
      ),
      overWebSocket('ping, before any login', 'ccxt.pro', 1, pongWithoutLogin, {
        check: (text, stage) => text === 'pong' && arrivedAs(undefined)(text, stage),
      }),
      overWebSocket(
        'private, before any login',
        'ccxt.pro',
        0,
        (_, stage) =>
          answerTo(stage, PRIVATE, '{"op":"subscribe","args":[{"instType":"SPOT","channel":"account"}]}'),
        { check: ({ event }) => event === 'error', expect: { code: '30004', upgrades: 0 } },
      ),
      overWebSocket(
        'the same login, the other WebSocket',
        'ccxt.pro',
        1,
        async (client, stage) => {
          await balanceOverWs(client);
          return answerTo(stage, '/v3/ws/private', lastLogin(stage));
        },
        { key: 'both', check: ({ event }) => event === 'login', expect: { code: '0' } },
      ),
      overWebSocket(
        'a login made a request',
        'ccxt.pro',
        1,
        async (client, stage) => {
          await balanceOverWs(client);
          const [{ apiKey, passphrase, timestamp, sign }] = JSON.parse(lastLogin(stage)).args;
          const headers = {
            'ACCESS-KEY': apiKey,
            'ACCESS-PASSPHRASE': passphrase,
            'ACCESS-TIMESTAMP': `${timestamp}000`,
            'ACCESS-SIGN': sign,
          };
          return (await fetch(`${stage.tap.url}/user/verify`, { headers })).json();
        },
        { check: ({ code }) => code === '40009', expect: { status: 400, upgrades: 1 } },
      ),
      noLogin('wrong secret', '30015', 'AuthenticationError', { key: 'wrongSecret' }),
      noLogin('wrong passphrase', '30012', 'AuthenticationError', { key: 'wrongPassphrase' }),
      noLogin('revoked key', '30011', 'AuthenticationError', { key: 'revoked' }),
      noLogin('another address', '30005', 'AuthenticationError', { key: 'fenced' }),
      noLogin('the clock 40 s behind', '30014', 'BadRequest', {
        more: { ...UNSIGNED_START, seconds: () => Math.floor(Date.now() / 1000) - 40 },
        // ccxt leaves the login unanswered, and throws what it gets when the connection ends.
        thrownNamesCode: false,
      }),
      overWebSocket('wrong secret', 'bitget-api-websocket', 0, accountByApi, {
        key: 'wrongSecret',
        thrownNamesCode: false,
        expect: { code: '30015', thrown: 'object', upgrades: 0 },
      }),
    ],
  },
];

/** What is sent back to a `ping` by somebody who has not logged in. */
async function pongWithoutLogin(_, { tap }) {
  const socket = new WebSocket(tap.url.replace(/^http/, 'ws') + PRIVATE);
  await once(socket, 'open');
  socket.send('ping');
  const [answer] = await once(socket, 'message');
  socket.close();
  return answer.toString('utf8');
}
