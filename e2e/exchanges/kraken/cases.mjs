import { once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused, overWebSocket } = caseMakers('ok');
const ORDER = { pair: 'XBTUSD', type: 'buy', ordertype: 'limit', price: '50000', volume: '0.01' };
/** A price in percent makes ccxt send JSON. */
const PERCENT = { ...ORDER, ordertype: 'trailing-stop', price: '+5%' };
const BATCH = { pair: 'XBTUSD', orders: [{ ...ORDER }, { ...ORDER, cl_ord_id: TEXTS.mixed }] };

const balance = (client) => client.privatePostBalance();
const order = (more) => (client) => client.privatePostAddOrder({ ...ORDER, ...more });
const batch = (client) => client.privatePostAddOrderBatch(BATCH);
const nativeBalance = (more) => (client) => client.api('Balance', { ...more });
const nativeOrder = (more) => (client) => client.api('AddOrder', { ...ORDER, ...more });
const watched = (client) => client.watchBalance();

/** A value in a form: each client signs what it sends. */
const value = (what, text) => [
  allowed(`form, ${what}`, 'ccxt', (c) => c.privatePostOpenOrders({ userref: text }), {
    check: ({ result }) => result.userref === text,
    matched: 'wire',
  }),
  allowed(`form, ${what}`, 'kraken-api', (c) => c.api('OpenOrders', { userref: text }), {
    key: 'native',
    check: ({ result }) => result.userref === text,
    matched: 'wire',
  }),
];

const SIGNATURE = [200, 'EAPI:Invalid signature', 'ExchangeError'];
const NONCE = [200, 'EAPI:Invalid nonce', 'InvalidNonce'];
const UNKNOWN = [200, 'EAPI:Invalid key', 'AuthenticationError'];
const PERMISSION = [200, 'EGeneral:Permission denied', 'PermissionDenied'];
const LOCKED = [200, 'EGeneral:Temporary lockout', 'DDoSProtection'];
const MALFORMED = [200, 'EGeneral:Invalid arguments', 'BadRequest'];
const asError = ([status, code]) => [status, code, 'Error'];
/** kraken-api takes the `E` off. */
const native = (more) => ({ key: 'native', thrownNamesCode: false, ...more });

/** Calls once for each nonce (ms from now on), one after the other, and returns what the last call does. */
function inTurn(call, ...offsets) {
  return async (client) => {
    const start = Date.now();
    let last;
    for (const offset of offsets) {
      client.nonce = () => start + offset;
      last = await call(client);
    }
    return last;
  };
}

/** Calls at once, with nonces one apart. Returns what each call threw. */
const atOnce = async (client) => {
  const start = Date.now();
  const calls = [0, 1, 2, 3, 4].map((offset) => nativeBalance({ nonce: start + offset })(client));
  const settled = await Promise.allSettled(calls);
  return settled.map(({ reason }) => reason?.message ?? 'none');
};

/** What is answered to a subscription with a token, on a WebSocket of its own. */
async function subscribedWith({ tap }, token) {
  const socket = new WebSocket(`${tap.url.replace('http', 'ws')}/v2`);
  await once(socket, 'open');
  socket.send(JSON.stringify({ method: 'subscribe', params: { channel: 'balances', token } }));
  const [answer] = await once(socket, 'message');
  socket.close();
  return JSON.parse(answer.toString('utf8'));
}

export const CASES = [
  {
    title: 'Kraken: what customers do',
    cases: [
      allowed('loadMarkets, fetchBalance', 'ccxt', (client) => client.fetchBalance(), {
        check: ({ USD }) => USD.free === 900,
        expect: { passed: undefined },
      }),
      allowed(
        'createOrder, cancelOrder',
        'ccxt',
        async (c) => {
          const { id } = await c.createOrder('BTC/USD', 'limit', 'buy', 0.01, 50_000);
          return c.cancelOrder(id);
        },
        { expect: { passed: undefined } },
      ),
      allowed('public, no credential', 'ccxt', (client) => client.fetchTime()),
      allowed('public, by POST', 'kraken-api', (client) => client.api('Time'), { key: 'native' }),
      ...value('an emoji', TEXTS.emoji),
      ...value("a '", TEXTS.quote),
      ...value('a space', TEXTS.spaces),
      ...value('a +', TEXTS.plus),
      ...value('a &', TEXTS.ampersand),
      ...value('all of these at once', TEXTS.mixed),
      ...value('nothing', ''),
      allowed('nothing but a nonce', 'ccxt', balance, { matched: 'wire' }),
      allowed('nothing but a nonce', 'kraken-api', nativeBalance(), { key: 'native', matched: 'wire' }),
      allowed('form, an order', 'ccxt', order(), { matched: 'wire' }),
      allowed('form, an order', 'kraken-api', nativeOrder(), { key: 'native', matched: 'wire' }),
      allowed(
        'JSON, an order',
        'ccxt',
        (c) => c.privatePostAddOrder({ ...PERCENT, cl_ord_id: TEXTS.mixed }),
        {
          check: ({ result }) => result.cl_ord_id === TEXTS.mixed,
          matched: 'wire',
        },
      ),
      allowed('JSON, a batch', 'ccxt', batch, {
        check: ({ result }) => result.orders.length === 2,
        matched: 'wire',
      }),
      allowed(
        'JSON, cancel a batch',
        'ccxt',
        (c) => c.privatePostCancelOrderBatch({ orders: ['O1', 'O2'] }),
        {
          check: ({ result }) => result.count === '2' || result.count === 2,
          matched: 'wire',
        },
      ),
      allowed('old secret, in its grace', 'ccxt', balance, { key: 'rotatedInGrace' }),
      allowed('order within the limits', 'ccxt', order({ maxCost: '500' }), { key: 'limited' }),
      allowed('spoofed X-Countersign-Account', 'ccxt', balance, {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ result }) => result.account === 'acct_trader',
      }),
    ],
  },
  {
    title: 'Kraken: nonces',
    cases: [
      refused('lower than before', 'ccxt', NONCE, inTurn(balance, 5, 4), {
        key: 'restarted',
        expect: { passed: 1 },
      }),
      refused('equal to the one before', 'ccxt', NONCE, inTurn(balance, 10, 10), {
        key: 'restarted',
        expect: { passed: 1 },
      }),
      refused(
        'seconds after milliseconds',
        'ccxt',
        NONCE,
        async (client) => {
          await balance(client);
          client.nonce = () => Math.floor(Date.now() / 1000);
          return balance(client);
        },
        { key: 'seconds', expect: { passed: 1 } },
      ),
      refused('no number', 'ccxt', NONCE, balance, { key: 'restarted', more: { nonce: () => 'now' } }),
      allowed('a read may not share one either', 'ccxt', inTurn(order(), 20, 21), {
        key: 'restarted',
        expect: { passed: 2 },
      }),
      allowed('lower, within the window', 'ccxt', inTurn(balance, 0, -5_000, -4_999, 1), {
        key: 'windowed',
        expect: { passed: 4 },
      }),
      refused('within the window, twice', 'ccxt', NONCE, inTurn(balance, 3_000, 2_500, 2_500), {
        key: 'windowed',
        expect: { passed: 2 },
      }),
      refused('below the window', 'ccxt', NONCE, inTurn(balance, 20_000, 9_999), {
        key: 'windowed',
        expect: { passed: 1 },
      }),
      allowed('five at once, with a window', 'kraken-api', atOnce, {
        key: 'atOnce',
        check: (thrown) => thrown.every((each) => each === 'none'),
        expect: { passed: 5 },
      }),
      allowed('five at once, without one', 'kraken-api', atOnce, {
        key: 'overtaken',
        check: (thrown) =>
          thrown.every((each) => each === 'none' || each === 'API:Invalid nonce') && thrown.includes('none'),
        expect: { passed: undefined, code: undefined },
      }),
    ],
  },
  {
    title: 'Kraken: what a thief does with captured requests',
    cases: [
      refused('order sent again', 'ccxt', NONCE, order(), { theft: thefts.replay, expect: { passed: 1 } }),
      refused(
        'order sent again',
        'kraken-api',
        asError(NONCE),
        nativeOrder(),
        native({ theft: thefts.replay, expect: { passed: 1 } }),
      ),
      refused('a read sent again', 'ccxt', NONCE, balance, { theft: thefts.replay, expect: { passed: 1 } }),
      refused('to another route', 'ccxt', SIGNATURE, order(), {
        theft: thefts.replayTo('/0/private/CancelOrder'),
        expect: { passed: 1 },
      }),
      refused('changed body', 'ccxt', SIGNATURE, order(), { theft: thefts.changeBody('0.01', '9.01') }),
      refused(
        'changed body',
        'kraken-api',
        asError(SIGNATURE),
        nativeOrder(),
        native({ theft: thefts.changeBody('0.01', '9.01') }),
      ),
      refused('JSON, changed body', 'ccxt', SIGNATURE, batch, { theft: thefts.changeBody('0.01', '9.01') }),
      refused('a field more', 'ccxt', SIGNATURE, order(), { theft: thefts.changeBody(/$/, '&price=1') }),
      refused('old order, new nonce', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeBody(/nonce=(\d+)/, (_, nonce) => `nonce=${Number(nonce) + 1}`),
      }),
      refused('a second nonce', 'ccxt', MALFORMED, order(), { theft: thefts.changeBody(/$/, '&nonce=1') }),
      refused('a second nonce, spelt otherwise', 'ccxt', MALFORMED, order(), {
        theft: thefts.changeBody(/^/, '%6Eonce=1&'),
      }),
      refused('JSON, a second nonce', 'ccxt', MALFORMED, batch, {
        theft: thefts.changeBody('{', '{"n\\u006fnce":1,'),
      }),
      refused(
        'a digit of the nonce to the body',
        'ccxt',
        [200, 'EAPI:Invalid nonce', 'InvalidNonce'],
        order(),
        {
          theft: thefts.changeBody(/^nonce=(\d+)(\d)&/, '$2nonce=$1&'),
        },
      ),
      refused('without a nonce', 'ccxt', NONCE, order(), { theft: thefts.changeBody(/^nonce=\d+&/, '') }),
      refused('with a query', 'ccxt', MALFORMED, order(), { theft: thefts.changeTarget(/$/, '?price=1') }),
      refused('by another verb', 'ccxt', MALFORMED, order(), { theft: thefts.changeMethod('PUT') }),
      refused('a form as JSON', 'ccxt', SIGNATURE, order(), {
        theft: (request, send) =>
          send({
            ...request,
            body: Buffer.from(JSON.stringify(Object.fromEntries(new URLSearchParams(String(request.body))))),
          }),
      }),
      refused('without the key', 'ccxt', UNKNOWN, order(), { theft: thefts.dropHeaders('API-Key') }),
      refused('without the signature', 'ccxt', SIGNATURE, order(), { theft: thefts.dropHeaders('API-Sign') }),
      refused('unsigned, private route', 'ccxt', UNKNOWN, order(), { theft: thefts.dropHeaders('API-') }),
      refused('a second API-Key', 'ccxt', MALFORMED, order(), {
        theft: thefts.repeatHeader('api-key', 'another'),
      }),
    ],
  },
  {
    title: 'Kraken: who is refused for what',
    cases: [
      refused('another address', 'ccxt', PERMISSION, order(), { key: 'fenced' }),
      refused(
        'another address',
        'kraken-api',
        asError(PERMISSION),
        nativeOrder(),
        native({ key: 'nativeFenced' }),
      ),
      refused('wrong secret', 'ccxt', SIGNATURE, order(), { key: 'wrongSecret' }),
      refused(
        'wrong secret',
        'kraken-api',
        asError(SIGNATURE),
        nativeOrder(),
        native({ key: 'wrongSecret' }),
      ),
      refused('unknown key', 'ccxt', UNKNOWN, order(), { key: 'invented' }),
      refused('revoked key', 'ccxt', UNKNOWN, order(), { key: 'revoked' }),
      refused('revoked key', 'kraken-api', asError(UNKNOWN), nativeOrder(), native({ key: 'revoked' })),
      refused('disabled key', 'ccxt', UNKNOWN, order(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', LOCKED, order(), { key: 'quarantined' }),
      refused('expired key', 'ccxt', UNKNOWN, balance, {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('old secret, retired', 'ccxt', SIGNATURE, balance, { key: 'rotated' }),
      refused('key for the test environment', 'ccxt', UNKNOWN, order(), { key: 'testing' }),
      refused('permission it lacks', 'ccxt', PERMISSION, order(), { key: 'reader' }),
      refused('instrument not allowed', 'ccxt', PERMISSION, order({ pair: 'ETHUSD', maxCost: '500' }), {
        key: 'limited',
      }),
      refused('two instruments', 'ccxt', PERMISSION, order({ pair: ['XBTUSD', 'ETHUSD'], maxCost: '500' }), {
        key: 'limited',
      }),
      refused('amount over the limit', 'ccxt', PERMISSION, order({ maxCost: '1000.01' }), { key: 'limited' }),
      refused('JSON by a limited key', 'ccxt', PERMISSION, order({ ...PERCENT, maxCost: '500' }), {
        key: 'limited',
      }),
      refused(
        'JSON that reads like a form',
        'ccxt',
        PERMISSION,
        order({ ...PERCENT, pair: 'ETHUSD', cl_ord_id: '&pair=XBTUSD&maxCost=1&' }),
        { key: 'limited' },
      ),
      refused('batch by a limited key', 'ccxt', PERMISSION, batch, { key: 'limited' }),
      refused('route that nobody declared', 'ccxt', [404, 'EGeneral:Unknown method', 'ExchangeError'], (c) =>
        c.privatePostTradesHistory(),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [200, 'EAPI:Rate limit exceeded', 'DDoSProtection'],
        threeTimes((c) => c.privatePostBalanceEx()),
        { key: 'metered', expect: { passed: 2 } },
      ),
    ],
  },
  {
    title: 'Kraken: WebSockets',
    cases: [
      overWebSocket('a token, then what is pushed', 'ccxt.pro', 1, watched, {
        check: ({ USD }, { tap, upstream }) => {
          const { headers } = upstream.upgrades.at(-1);
          const account = JSON.parse(tap.upgrades.at(-1).got[0]).result.account;
          return (
            USD.total === 900 && account === 'acct_trader' && headers['x-countersign-account'] === undefined
          );
        },
        expect: { code: 'ok', upgrades: 1 },
      }),
      overWebSocket(
        'a token that nobody was given',
        'ccxt.pro',
        1,
        (_, stage) => subscribedWith(stage, 'another'),
        {
          expect: { code: 'ESession:Invalid session' },
        },
      ),
      refused('no token for a wrong secret', 'ccxt.pro', SIGNATURE, watched, {
        key: 'wrongSecret',
        expect: { passed: 2, upgrades: 0 },
      }),
    ],
  },
];
