import { once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused, overWebSocket } = caseMakers('ok');

const CLIENT_ORDER_ID = '0x1234567890abcdef1234567890abcdef';
const VAULT = '0x1719884eb866cb12b2287399b15f7db5e7d775ea';
const NOWHERE = '0x000000000000000000000000000000000000dEaD';
const SPECIAL = `${TEXTS.mixed} \\ \u0001`;

const order = (more) => (c) => c.createOrder('BTC/USDC:USDC', 'limit', 'buy', 0.01, 50_000, more);
const PACKAGE_ORDER = {
  coin: 'BTC-PERP',
  is_buy: true,
  sz: '0.010',
  limit_px: '50000.0',
  order_type: { limit: { tif: 'Gtc' } },
  reduce_only: false,
};
const orderByPackage = (more) => (c) => c.exchange.placeOrder({ ...PACKAGE_ORDER, ...more });
const named = (text) => (c) => c.exchange.setDisplayName(text);
const gotName =
  (text) =>
  ({ response }) =>
    response.displayName === text;

const WALLET = 'User or API Wallet ';
const UNKNOWN = [200, `${WALLET}does not exist.`, 'InvalidOrder'];
const MALFORMED = [422, 'Failed to deserialize the JSON body into the target type', 'ExchangeError'];
const NONCE = [200, 'Invalid nonce: duplicate nonce, or below the highest ones', 'ExchangeError'];
const TIME = [200, 'Invalid nonce: too far from the time of the server', 'ExchangeError'];
const wallet = (what) => [200, `${WALLET}${what}`, 'InvalidOrder'];
const says = (text) => [200, text, 'ExchangeError'];
/** The package hands what was answered with HTTP 200 to its caller. */
const handed = ([status, code]) => [status, code, 'none'];
/** What it throws for any other has lost its name when the package was made small. */
const failed = ([status, code]) => [status, code, undefined];
/** The package knows nothing of the body of an answer that is not 200. */
const byStatus = { thrownNamesCode: false };

/** The clock of the client is wrong by so much. */
const withClock = (byMs) => ({ more: { nonce: () => Date.now() + byMs } });

const orderOverWs = (c) => c.createOrderWs('BTC/USDC:USDC', 'limit', 'buy', 0.01, 50_000);
const gotAccount = ({ info }, { key }) => info.resting.account === key.accountId;

/** What is answered to one message on a WebSocket of its own. */
async function answerTo({ tap }, message) {
  const socket = new WebSocket(`${tap.url.replace('http', 'ws')}/ws`);
  await once(socket, 'open');
  socket.send(message);
  const [answer] = await once(socket, 'message');
  socket.close();
  return JSON.parse(answer.toString('utf8')).data.response.payload;
}

/** Sends the client's last message again, changed or not, on another WebSocket. */
const andAgain =
  (call, change = (text) => text) =>
  async (client, stage) => {
    await call(client);
    return answerTo(stage, change(stage.tap.upgrades.at(-1).sent.at(-1)));
  };

/** Sends what came over a WebSocket as a request. */
async function asRequest(client, { tap }) {
  await orderOverWs(client);
  const { request } = JSON.parse(tap.upgrades.at(-1).sent.at(-1));
  const answer = await fetch(`${tap.url}/exchange`, {
    method: 'POST',
    body: JSON.stringify(request.payload),
  });
  return answer.json();
}

export const CASES = [
  {
    title: 'Hyperliquid: what customers do',
    cases: [
      allowed('loadMarkets, createOrder', 'ccxt', (c) => c.loadMarkets(true).then(() => order()(c)), {
        check: ({ id }) => id !== undefined,
        expect: { passed: undefined },
      }),
      allowed('what ccxt sends before an order', 'ccxt', order(), {
        more: { options: { refSet: false, approvedBuilderFee: false, enableUnifiedMargin: undefined } },
        check: (_, { upstream }) =>
          ['setReferrer', 'approveBuilderFee', 'order'].every((type) =>
            upstream.received.slice(-4).some(({ json }) => json.action?.type === type),
          ),
        expect: { passed: 4 },
      }),
      allowed('public, no credential', 'ccxt', (c) => c.fetchTime()),
      allowed('an order', 'ccxt', order({ clientOrderId: CLIENT_ORDER_ID }), {
        check: ({ info, clientOrderId }, { key }) =>
          info.resting.account === key.accountId && clientOrderId === CLIENT_ORDER_ID,
        matched: 'wire',
      }),
      allowed('an order of a vault, without 0x', 'ccxt', order({ vaultAddress: VAULT }), { matched: 'wire' }),
      allowed('an order by a key for trading', 'ccxt', order(), { key: 'tradeOnly', matched: 'wire' }),
      allowed('cancelOrder', 'ccxt', (c) => c.cancelOrder('123456789012', 'BTC/USDC:USDC'), {
        matched: 'wire',
      }),
      allowed('setLeverage', 'ccxt', (c) => c.setLeverage(20, 'BTC/USDC:USDC', { marginMode: 'cross' }), {
        matched: 'wire',
      }),
      allowed('withdraw', 'ccxt', (c) => c.withdraw('USDC', 100, NOWHERE), { matched: 'wire' }),
      allowed('transfer', 'ccxt', (c) => c.transfer('USDC', 12.5, 'spot', 'swap'), { matched: 'wire' }),
      allowed('an order, prices as texts', 'hyperliquid', orderByPackage(), {
        check: ({ response }, { key }) => response.data.statuses[0].resting.account === key.accountId,
        matched: 'wire',
      }),
      allowed('an order of a vault', 'hyperliquid', orderByPackage(), {
        more: { vaultAddress: VAULT },
        matched: 'wire',
      }),
      allowed('all of these at once', 'hyperliquid', named(SPECIAL), {
        check: gotName(SPECIAL),
        matched: 'wire',
      }),
      allowed('an empty text', 'hyperliquid', named(''), { check: gotName(''), matched: 'wire' }),
      allowed('usdSend', 'hyperliquid', (c) => c.exchange.usdTransfer(NOWHERE, 10), { matched: 'wire' }),
      allowed(
        'approveAgent',
        'hyperliquid',
        (c) => c.exchange.approveAgent({ agentAddress: VAULT, agentName: TEXTS.mixed }),
        { matched: 'wire' },
      ),
      allowed('a key whose id is its address', 'ccxt', order(), { key: 'imported', matched: 'wire' }),
      allowed('an action within the limits', 'ccxt', order(), { key: 'limited' }),
      allowed('an hour late', 'ccxt', order(), withClock(-3_600_000)),
      allowed('spoofed X-Countersign-Account', 'ccxt', order(), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ info }) => info.resting.account === 'acct_trader',
      }),
    ],
  },
  {
    title: 'Hyperliquid: what a thief does with captured requests',
    cases: [
      refused('order sent again', 'ccxt', NONCE, order(), { theft: thefts.replay, expect: { passed: 1 } }),
      refused('order sent again', 'hyperliquid', handed(NONCE), orderByPackage(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('withdrawal sent again', 'ccxt', NONCE, (c) => c.withdraw('USDC', 100, NOWHERE), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('order with a query', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeTarget(/$/, '?a=1'),
      }),
      refused('changed price', 'ccxt', UNKNOWN, order(), { theft: thefts.changeBody('50000', '49000') }),
      refused('changed price', 'hyperliquid', handed(UNKNOWN), orderByPackage(), {
        theft: thefts.changeBody('50000', '49000'),
      }),
      refused('a later nonce', 'ccxt', UNKNOWN, order(), {
        theft: thefts.changeBody(/"nonce":\d+/, () => `"nonce":${Date.now() + 1000}`),
      }),
      refused('without its vault', 'ccxt', UNKNOWN, order({ vaultAddress: VAULT }), {
        theft: thefts.changeBody(/,"vaultAddress":"[^"]*"/, ''),
      }),
      refused(
        'a usdSend made a withdrawal',
        'hyperliquid',
        handed(UNKNOWN),
        (c) => c.exchange.usdTransfer(NOWHERE, 10),
        {
          theft: thefts.changeBody('usdSend', 'withdraw3'),
        },
      ),
      refused('another destination', 'ccxt', UNKNOWN, (c) => c.withdraw('USDC', 100, NOWHERE), {
        theft: thefts.changeBody(NOWHERE, VAULT),
      }),
      refused('a second action', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeBody(/}$/, ',"action":{"type":"noop"}}'),
      }),
      refused('a second price', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeBody('"p":"50000"', '"p":"50000","p":"1"'),
      }),
      refused('something that is not signed', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeBody(/}$/, ',"user":"0x1"}'),
      }),
      refused('without the signature', 'hyperliquid', failed(MALFORMED), orderByPackage(), {
        theft: thefts.changeBody(/,"signature":{[^}]*}/, ''),
        ...byStatus,
      }),
      refused('without the signature', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeBody(/,"signature":{[^}]*}/, ''),
      }),
    ],
  },
  {
    title: 'Hyperliquid: who is refused for what',
    cases: [
      refused('more than two days late', 'ccxt', TIME, order(), withClock(-172_900_000)),
      refused('more than a day ahead', 'ccxt', TIME, order(), withClock(86_500_000)),
      refused('signed for the test network', 'ccxt', UNKNOWN, order(), {
        more: { options: { sandboxMode: true } },
      }),
      refused(
        'a withdrawal on the test network',
        'ccxt',
        wallet('does not exist on this chain.'),
        (c) => c.withdraw('USDC', 100, NOWHERE),
        { more: { options: { sandboxMode: true } } },
      ),
      refused('another address', 'ccxt', says('Not allowed from this address'), order(), { key: 'fenced' }),
      refused('unknown key', 'ccxt', UNKNOWN, order(), { key: 'invented' }),
      refused('unknown key', 'hyperliquid', handed(UNKNOWN), orderByPackage(), { key: 'invented' }),
      refused('revoked key', 'ccxt', UNKNOWN, order(), { key: 'revoked' }),
      // The key may only read, and is told so: its old address is known.
      refused('old key, in its grace', 'ccxt', says('Permission denied: trade'), order(), {
        key: 'rotatedInGrace',
      }),
      refused('old key, its grace over', 'ccxt', UNKNOWN, order(), { key: 'rotated' }),
      refused('disabled key', 'ccxt', wallet('is disabled.'), order(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', wallet('is frozen.'), order(), { key: 'quarantined' }),
      refused('expired key', 'ccxt', wallet('has expired.'), order(), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('key for the test environment', 'ccxt', wallet('does not exist on this chain.'), order(), {
        key: 'testing',
      }),
      refused('permission it lacks', 'ccxt', says('Permission denied: trade'), order(), { key: 'reader' }),
      refused(
        'a withdrawal by a key for trading',
        'ccxt',
        says('Permission denied: act'),
        (c) => c.withdraw('USDC', 100, NOWHERE),
        { key: 'tradeOnly' },
      ),
      refused(
        'a name by a key for trading',
        'hyperliquid',
        handed(says('Permission denied: act')),
        named('me'),
        {
          key: 'tradeOnly',
        },
      ),
      refused(
        'permission it lacks',
        'hyperliquid',
        handed(says('Permission denied: trade')),
        orderByPackage(),
        {
          key: 'reader',
        },
      ),
      refused(
        'an action not allowed',
        'ccxt',
        says('Outside of the limits of this API wallet'),
        (c) => c.withdraw('USDC', 100, NOWHERE),
        { key: 'limited' },
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, 'Too many cumulative requests sent', 'RateLimitExceeded'],
        threeTimes(order()),
        { key: 'metered', expect: { passed: 2 } },
      ),
    ],
  },
  {
    title: 'Hyperliquid: the WebSocket',
    cases: [
      overWebSocket('an order, signed by itself', 'ccxt.pro', 1, orderOverWs, {
        check: gotAccount,
        expect: { code: 'ok' },
      }),
      overWebSocket('an order, signed by itself', 'hyperliquid-websocket', 1, (c) =>
        c.wsPayloads.placeOrder(PACKAGE_ORDER),
      ),
      overWebSocket(
        'a subscription, without any login',
        'ccxt.pro',
        1,
        (c) => c.loadMarkets(true).then(() => c.watchOrderBook('BTC/USDC:USDC')),
        {
          check: ({ bids }, { upstream }) =>
            bids[0][0] === 49_999 && upstream.messages.at(-1).headers['x-countersign-account'] === undefined,
        },
      ),
      overWebSocket(
        'a question, without any login',
        'ccxt.pro',
        1,
        (_, stage) =>
          answerTo(stage, '{"method":"post","id":1,"request":{"type":"info","payload":{"type":"spotMeta"}}}'),
        { check: ({ type }) => type === 'spotMeta' },
      ),
      overWebSocket('an order sent again', 'ccxt.pro', 1, andAgain(orderOverWs), {
        expect: { code: NONCE[1] },
      }),
      overWebSocket(
        'an order with another price',
        'ccxt.pro',
        1,
        andAgain(orderOverWs, (text) => text.replace('50000', '49000')),
        { expect: { code: UNKNOWN[1] } },
      ),
      overWebSocket('a message sent as a request', 'ccxt.pro', 1, asRequest, {
        check: ({ response }) => response === NONCE[1],
        expect: { status: 200 },
      }),
      overWebSocket(
        'no signature',
        'ccxt.pro',
        0,
        (_, stage) =>
          answerTo(
            stage,
            `{"method":"post","id":1,"request":{"type":"action","payload":{"action":{"type":"noop"},"nonce":${Date.now()}}}}`,
          ),
        { expect: { code: MALFORMED[1] } },
      ),
      overWebSocket('unknown key', 'ccxt.pro', 0, orderOverWs, {
        key: 'invented',
        expect: { code: UNKNOWN[1], thrown: 'ExchangeError' },
      }),
      overWebSocket('revoked key', 'ccxt.pro', 0, orderOverWs, {
        key: 'revoked',
        expect: { code: UNKNOWN[1], thrown: 'ExchangeError' },
      }),
      overWebSocket('permission it lacks', 'ccxt.pro', 0, orderOverWs, {
        key: 'reader',
        expect: { code: 'Permission denied: trade', thrown: 'ExchangeError' },
      }),
    ],
  },
];
