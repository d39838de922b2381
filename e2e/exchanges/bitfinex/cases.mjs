import { once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused, overWebSocket } = caseMakers('ok');
const ORDER = { type: 'EXCHANGE LIMIT', symbol: 'tBTCUSD', amount: '0.01', price: '50000' };
const SWAP = 'tBTCF0:USTF0';

const orders = (more) => (client) => client.privatePostAuthROrders({ ...more });
const ordersOf = (symbol) => (client) => client.privatePostAuthROrdersSymbol({ symbol });
const order = (more) => (client) => client.privatePostAuthWOrderSubmit({ ...ORDER, ...more });
const watched = (client) => client.watchBalance();

/** A value in a body: ccxt signs the JSON that it sends. */
const value = (what, text) =>
  allowed(`POST, ${what}`, 'ccxt', orders({ text }), { check: ([got]) => got === text, matched: 'wire' });

const SIGNATURE = [500, '10100 apikey: digest invalid', 'AuthenticationError'];
const NONCE = [500, '10114 nonce: small', 'InvalidNonce'];
const BAD_NONCE = [500, '10114 nonce: invalid', 'InvalidNonce'];
const UNKNOWN = [500, '10100 apikey: invalid', 'AuthenticationError'];
const PERMISSION = [500, '10001 api_key: permission invalid', 'PermissionDenied'];
const LIMITS = [500, '10001 api_key: outside of its limits', 'PermissionDenied'];
const MALFORMED = [500, '10020 request: invalid', 'BadRequest'];

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

/** What is answered to messages on a WebSocket of its own, to each one. */
async function answersTo({ tap }, ...messages) {
  const socket = new WebSocket(`${tap.url.replace('http', 'ws')}/ws/2`);
  await once(socket, 'open');
  const answers = [];
  for (const message of messages) {
    socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    const [answer] = await once(socket, 'message');
    answers.push(JSON.parse(answer.toString('utf8')));
  }
  socket.close();
  return answers;
}

/** What the client sent to log in. */
const loginOf = ({ tap }) => tap.upgrades.at(-1).sent.find((text) => text.includes('authSig'));

/** Logs in, and sends the same login again over a WebSocket of a thief's, changed. */
const stolenLogin = (change) => async (client, stage) => {
  await watched(client);
  return answersTo(stage, change(loginOf(stage)));
};

export const CASES = [
  {
    title: 'Bitfinex: what customers do',
    cases: [
      allowed('loadMarkets, fetchBalance', 'ccxt', (client) => client.fetchBalance(), {
        check: ({ USD }) => USD.free === 900,
        expect: { passed: undefined },
      }),
      allowed('createOrder', 'ccxt', (c) => c.createOrder('BTC/USD', 'limit', 'buy', 0.01, 50_000), {
        check: ({ id }) => id !== undefined,
        expect: { passed: undefined },
      }),
      allowed('public, no credential', 'ccxt', (client) => client.publicGetPlatformStatus(), {
        check: ([status]) => Number(status) === 1,
      }),
      value('an emoji', TEXTS.emoji),
      value("a '", TEXTS.quote),
      value('a "', TEXTS.doubleQuote),
      value('a space', TEXTS.spaces),
      value('a +', TEXTS.plus),
      value('a &', TEXTS.ampersand),
      value('all of these at once', TEXTS.mixed),
      value('nothing', ''),
      value('a digit', '0'),
      allowed('POST, empty: {}', 'ccxt', orders(), { matched: 'wire' }),
      allowed('POST, an order', 'ccxt', order(), { matched: 'wire' }),
      allowed('a path that ends in digits', 'ccxt', ordersOf(SWAP), {
        check: ([, path]) => path === `/v2/auth/r/orders/${SWAP}`,
        matched: 'wire',
      }),
      allowed('the same, microseconds', 'ccxt', ordersOf(SWAP), {
        key: 'micro',
        more: { nonce: () => Date.now() * 1000 },
        matched: 'wire',
      }),
      allowed('old secret, in its grace', 'ccxt', orders(), { key: 'rotatedInGrace' }),
      allowed('order within the limits', 'ccxt', order({ maxCost: '500' }), { key: 'limited' }),
      allowed('spoofed X-Countersign-Account', 'ccxt', (client) => client.privatePostAuthRInfoUser(), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ([, account]) => account === 'acct_trader',
      }),
    ],
  },
  {
    title: 'Bitfinex: nonces',
    cases: [
      refused('lower than before', 'ccxt', NONCE, inTurn(orders(), 5, 4), {
        key: 'restarted',
        expect: { passed: 1 },
      }),
      refused('equal to the one before', 'ccxt', NONCE, inTurn(orders(), 10, 10), {
        key: 'restarted',
        expect: { passed: 1 },
      }),
      refused('milliseconds after microseconds', 'ccxt', NONCE, orders(), { key: 'micro' }),
      refused('no number', 'ccxt', BAD_NONCE, orders(), { key: 'restarted', more: { nonce: () => 'now' } }),
      refused('a counter, path ends in digits', 'ccxt', MALFORMED, ordersOf(SWAP), {
        key: 'restarted',
        more: { nonce: () => 7 },
      }),
      allowed('lower, within the window', 'ccxt', inTurn(orders(), 0, -5_000, -4_999, 1), {
        key: 'windowed',
        expect: { passed: 4 },
      }),
      refused('within the window, twice', 'ccxt', NONCE, inTurn(orders(), 3_000, 2_500, 2_500), {
        key: 'windowed',
        expect: { passed: 2 },
      }),
      refused('below the window', 'ccxt', NONCE, inTurn(orders(), 20_000, 9_999), {
        key: 'windowed',
        expect: { passed: 1 },
      }),
    ],
  },
  {
    title: 'Bitfinex: what a thief does with captured requests',
    cases: [
      refused('order sent again', 'ccxt', NONCE, order(), { theft: thefts.replay, expect: { passed: 1 } }),
      refused('a read sent again', 'ccxt', NONCE, orders(), { theft: thefts.replay, expect: { passed: 1 } }),
      refused('to another route', 'ccxt', SIGNATURE, order(), {
        theft: thefts.replayTo('/v2/auth/w/order/cancel'),
        expect: { passed: 1 },
      }),
      refused('changed body', 'ccxt', SIGNATURE, order(), { theft: thefts.changeBody('"0.01"', '"9.01"') }),
      refused('no body', 'ccxt', SIGNATURE, orders(), { theft: thefts.addBody('') }),
      refused('changed path', 'ccxt', SIGNATURE, ordersOf(SWAP), {
        theft: thefts.changeTarget('BTC', 'ETH'),
      }),
      refused('old order, new nonce', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeHeader('bfx-nonce', (text) => String(Number(text) + 1)),
      }),
      refused('a digit of the nonce to the path', 'ccxt', MALFORMED, ordersOf('tBTCUSD'), {
        theft: (request, send) => {
          const at = request.headers.findIndex((text) => text.toLowerCase() === 'bfx-nonce') + 1;
          const nonce = request.headers[at];
          return send({
            ...request,
            target: request.target + nonce.slice(0, 1),
            headers: request.headers.with(at, nonce.slice(1)),
          });
        },
      }),
      refused('a digit of the nonce to the body', 'ccxt', MALFORMED, order(), {
        theft: (request, send) => {
          const at = request.headers.findIndex((text) => text.toLowerCase() === 'bfx-nonce') + 1;
          const nonce = request.headers[at];
          return send({
            ...request,
            body: Buffer.from(nonce.slice(-1) + request.body),
            headers: request.headers.with(at, nonce.slice(0, -1)),
          });
        },
      }),
      refused('with a query', 'ccxt', MALFORMED, order(), { theft: thefts.changeTarget(/$/, '?price=1') }),
      refused('by another verb', 'ccxt', MALFORMED, order(), { theft: thefts.changeMethod('PUT') }),
      refused('without the key', 'ccxt', UNKNOWN, order(), { theft: thefts.dropHeaders('bfx-apikey') }),
      refused('without the signature', 'ccxt', SIGNATURE, order(), {
        theft: thefts.dropHeaders('bfx-signature'),
      }),
      refused('without the nonce', 'ccxt', [500, '10114 nonce: missing', 'InvalidNonce'], order(), {
        theft: thefts.dropHeaders('bfx-nonce'),
      }),
      refused('unsigned, private route', 'ccxt', UNKNOWN, order(), { theft: thefts.dropHeaders('bfx-') }),
      refused('a second bfx-nonce', 'ccxt', MALFORMED, order(), {
        theft: thefts.repeatHeader('BFX-NONCE', '1'),
      }),
    ],
  },
  {
    title: 'Bitfinex: who is refused for what',
    cases: [
      refused(
        'another address',
        'ccxt',
        [500, '10001 api_key: ip not allowed', 'PermissionDenied'],
        order(),
        {
          key: 'fenced',
        },
      ),
      refused('wrong secret', 'ccxt', SIGNATURE, order(), { key: 'wrongSecret' }),
      refused('unknown key', 'ccxt', UNKNOWN, order(), { key: 'invented' }),
      refused('revoked key', 'ccxt', UNKNOWN, order(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', [500, '10100 apikey: disabled', 'AuthenticationError'], order(), {
        key: 'disabled',
      }),
      refused('key in quarantine', 'ccxt', [500, '10100 apikey: locked', 'AuthenticationError'], order(), {
        key: 'quarantined',
      }),
      refused('expired key', 'ccxt', [500, '10100 apikey: expired', 'AuthenticationError'], orders(), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('old secret, retired', 'ccxt', SIGNATURE, orders(), { key: 'rotated' }),
      refused('key for the test environment', 'ccxt', UNKNOWN, order(), { key: 'testing' }),
      refused('permission it lacks', 'ccxt', PERMISSION, order(), { key: 'reader' }),
      refused('instrument not allowed', 'ccxt', LIMITS, order({ symbol: 'tETHUSD', maxCost: '500' }), {
        key: 'limited',
      }),
      refused('amount over the limit', 'ccxt', LIMITS, order({ maxCost: '1000.01' }), { key: 'limited' }),
      refused(
        'several by a limited key',
        'ccxt',
        LIMITS,
        (c) => c.privatePostAuthWOrderMulti({ ops: [['on', ORDER]] }),
        { key: 'limited' },
      ),
      refused('route that nobody declared', 'ccxt', [500, '10020 path: unknown', 'BadRequest'], (c) =>
        c.privatePostAuthRTradesHist(),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, '11010 ratelimit: error', 'RateLimitExceeded'],
        threeTimes((c) => c.privatePostAuthRWallets()),
        { key: 'metered', expect: { passed: 2 } },
      ),
    ],
  },
  {
    title: 'Bitfinex: the WebSocket',
    cases: [
      overWebSocket('login, then what is pushed', 'ccxt.pro', 0, watched, {
        key: 'streamer',
        check: ({ USD }, { upstream }) =>
          USD.free === 900 && upstream.upgrades.at(-1).headers['x-countersign-account'] === 'acct_streamer',
        expect: { code: 'ok', upgrades: 1 },
      }),
      overWebSocket(
        'public, before any login',
        'ccxt.pro',
        1,
        (_, stage) => answersTo(stage, { event: 'subscribe', channel: 'ticker', symbol: 'tBTCUSD' }),
        {
          check: ([{ event }], { upstream }) =>
            event === 'subscribed' && upstream.upgrades.at(-1).headers['x-countersign-account'] === undefined,
          expect: { upgrades: 1 },
        },
      ),
      overWebSocket(
        'an order before any login',
        'ccxt.pro',
        0,
        (_, stage) => answersTo(stage, [0, 'on', null, ORDER]),
        { expect: { code: '10100 apikey: invalid', upgrades: 0 } },
      ),
      overWebSocket(
        'the same login again',
        'ccxt.pro',
        0,
        stolenLogin((text) => text),
        {
          key: 'streamer',
          expect: { code: '10114 nonce: small', upgrades: 1 },
        },
      ),
      overWebSocket(
        'another nonce in the login',
        'ccxt.pro',
        0,
        stolenLogin((text) => {
          const login = JSON.parse(text);
          return { ...login, authNonce: login.authNonce + 1, authPayload: `AUTH${login.authNonce + 1}` };
        }),
        { key: 'streamer', expect: { code: '10100 apikey: digest invalid', upgrades: 1 } },
      ),
      overWebSocket(
        'nonce and payload that differ',
        'ccxt.pro',
        0,
        stolenLogin((text) => ({ ...JSON.parse(text), authNonce: JSON.parse(text).authNonce + 1 })),
        { key: 'streamer', expect: { code: '10020 request: invalid', upgrades: 1 } },
      ),
      overWebSocket(
        'nonces of logins and requests',
        'ccxt.pro',
        0,
        async (client) => {
          await client.privatePostAuthROrders();
          client.milliseconds = () => Date.now() - 60_000;
          return watched(client);
        },
        {
          key: 'streamer',
          expect: {
            code: '10114 nonce: small',
            thrown: 'AuthenticationError',
            passed: undefined,
            upgrades: 0,
          },
        },
      ),
      ...[
        ['wrong secret', 'wrongSecret', '10100 apikey: digest invalid'],
        ['revoked key', 'revoked', '10100 apikey: invalid'],
        ['permission it lacks', 'reader', '10001 api_key: permission invalid'],
        ['another address', 'fenced', '10001 api_key: ip not allowed'],
      ].map(([what, key, code]) =>
        overWebSocket(what, 'ccxt.pro', 0, watched, {
          key,
          expect: { code, thrown: 'AuthenticationError', upgrades: 0 },
        }),
      ),
    ],
  },
];
