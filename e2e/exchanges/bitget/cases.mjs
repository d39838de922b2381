import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused } = caseMakers('00000');
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
];
