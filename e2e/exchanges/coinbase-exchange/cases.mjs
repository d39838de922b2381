import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused, overWebSocket } = caseMakers('ok');
const ORDER = { product_id: 'BTC-USD', side: 'buy', type: 'limit', price: '50000', size: '0.01' };
const API = 'coinbase-api-exchange';

const ordersOf = (status) => (client) => client.privateGetOrders({ status });
/** ccxt signs in whole seconds, in which two equal orders would be one. */
const order = (more) => (client) => client.privatePostOrders({ ...ORDER, client_oid: randomUUID(), ...more });
const ordersByApi = (status) => (client) => client.getOrders({ status });
const orderByApi = (more) => (client) => client.submitOrder({ ...ORDER, ...more });
const watchOrders = (client) => client.watchOrders('BTC/USD');

/** ccxt at another second, which then stays: it has no option for that here, but asks `nonce` for the time. */
const atSecond = (second) => ({
  id: 'coinbaseexchange',
  point: (client) => {
    const at = second(client.seconds());
    client.nonce = () => at;
  },
});

/** A value in a query: what the client signs is in `matched`. */
const value = (what, client, text, matched) =>
  allowed(`GET, ${what}`, client, (client === API ? ordersByApi : ordersOf)(text), {
    check: ([first]) => first.status === text,
    matched,
  });

const denied = (message) => [401, message, 'AuthenticationError'];
const SIGNATURE = denied('invalid signature');
const EXPIRED = denied('request timestamp expired');
const REPLAYED = denied('request timestamp expired: the request was used before');
const PASSPHRASE = denied('Invalid Passphrase');
const UNKNOWN = denied('Invalid API Key');
const ADDRESS = denied('IP does not match IP whitelist');
const PERMISSION = denied('Forbidden');
const LIMITS = denied('Forbidden: outside of the limits of this API Key');
const MALFORMED = [400, 'Bad Request', 'ExchangeError'];
/** coinbase-api throws a plain object. */
const asObject = ([status, message]) => [status, message, 'object'];

/** Sends one message over a WebSocket of its own, and returns what comes first. */
async function answerTo({ tap }, message) {
  const socket = new WebSocket(`${tap.url.replace('http', 'ws')}/`);
  await once(socket, 'open');
  socket.send(message);
  const [answer] = await once(socket, 'message');
  socket.close();
  return JSON.parse(answer.toString('utf8'));
}

/** Lets ccxt log in, and returns what it sent, changed. */
async function loginWith(client, stage, change) {
  await watchOrders(client);
  const login = JSON.parse(stage.tap.upgrades.at(-1).sent.at(-1));
  return JSON.stringify({ ...login, ...change(login) });
}

/** Subscribes by coinbase-api, and waits for an event of its own. */
async function subscribeByApi(client, event) {
  const topic = { topic: 'user', payload: { product_ids: ['BTC-USD'] } };
  client.on('exception', () => {});
  const came = once(client, event);
  client.subscribe(topic, 'exchangeDirectMarketData');
  const [first] = await came;
  return first;
}

export const CASES = [
  {
    title: 'Coinbase Exchange: what customers do',
    cases: [
      allowed('loadMarkets, fetchBalance', 'ccxt', (client) => client.fetchBalance(), {
        check: (balance) => balance.USD.free === 900,
        expect: { passed: undefined },
      }),
      allowed(
        'createOrder, cancelOrder',
        'ccxt',
        async (c) => {
          const { id } = await c.createOrder('BTC/USD', 'limit', 'buy', 0.01, 50_000);
          return c.cancelOrder(id, 'BTC/USD');
        },
        { expect: { passed: undefined } },
      ),
      allowed('public, no credential', 'ccxt', (client) => client.fetchTime()),
      value('an emoji', 'ccxt', TEXTS.emoji, 'wire'),
      value('all of these at once', 'ccxt', TEXTS.mixed, 'wire'),
      value('a &', 'ccxt', TEXTS.ampersand, 'wire'),
      value('an emoji', API, TEXTS.emoji, 'wire'),
      value('all of these at once', API, TEXTS.mixed, 'encoded'),
      value('a &', API, TEXTS.ampersand, 'wire'),
      allowed('GET, decimals', API, (client) => client.getAccounts(), {
        check: ([{ profile_id }]) => profile_id === 'acct_trader',
        matched: 'wire',
      }),
      allowed('POST, all of these at once', 'ccxt', order({ note: TEXTS.mixed }), {
        check: ({ note }) => note === TEXTS.mixed,
        matched: 'wire',
      }),
      allowed('POST, all of these at once', API, orderByApi({ note: TEXTS.mixed }), {
        check: ({ note }) => note === TEXTS.mixed,
        matched: 'wire',
      }),
      allowed('POST, empty: nothing', 'ccxt', (client) => client.privatePostReports(), {
        check: ({ size }) => size === 0,
        matched: 'wire',
      }),
      allowed('DELETE, a body', 'ccxt', (client) => client.privateDeleteOrders({ product_id: 'BTC-USD' }), {
        check: ([product]) => product === 'BTC-USD',
        matched: 'wire',
      }),
      allowed('DELETE, a query', API, (client) => client.cancelAllOrders({ product_id: 'BTC-USD' }), {
        check: ([product]) => product === 'BTC-USD',
        matched: 'wire',
      }),
      allowed(
        'two orders in one second',
        'ccxt',
        async (client) => {
          await order()(client);
          return order()(client);
        },
        { ccxt: atSecond((now) => now), expect: { passed: 2 } },
      ),
      allowed('old secret, in its grace', 'ccxt', ordersOf('open'), { key: 'rotatedInGrace' }),
      allowed('order within the limits', 'ccxt', order({ maxCost: '500' }), { key: 'limited' }),
      allowed('spoofed X-Countersign-Account', 'ccxt', (client) => client.privateGetAccounts(), {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ([{ profile_id }]) => profile_id === 'acct_trader',
      }),
    ],
  },
  {
    title: 'Coinbase Exchange: what a thief does with captured requests',
    cases: [
      refused('order sent again', 'ccxt', REPLAYED, order(), { theft: thefts.replay, expect: { passed: 1 } }),
      refused('order sent again', API, asObject(REPLAYED), orderByApi(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('order sent to another route', 'ccxt', SIGNATURE, order(), {
        theft: thefts.replayTo('/profiles/transfer'),
        expect: { passed: 1 },
      }),
      refused('changed body', 'ccxt', SIGNATURE, order(), { theft: thefts.changeBody('"0.01"', '"9.01"') }),
      refused('changed body', API, asObject(SIGNATURE), orderByApi(), {
        theft: thefts.changeBody('"0.01"', '"9.01"'),
      }),
      refused('changed query', 'ccxt', SIGNATURE, ordersOf('open'), {
        theft: thefts.changeTarget('open', 'done'),
      }),
      refused('a read made a cancellation', 'ccxt', SIGNATURE, (c) => c.privateGetOrders(), {
        theft: thefts.changeMethod('DELETE'),
      }),
      refused('two values made one', 'ccxt', SIGNATURE, (c) => c.privateGetOrders({ a: '1', b: '2' }), {
        theft: thefts.changeTarget('&b=', '%26b%3D'),
      }),
      refused('a body made a query', 'ccxt', SIGNATURE, (c) => c.privateDeleteOrders({ product_id: 'A' }), {
        theft: (request, send) =>
          send({
            ...request,
            target: `${request.target}?${encodeURIComponent(request.body.toString('utf8'))}`,
            body: Buffer.alloc(0),
          }),
      }),
      refused('GET: a body nobody signed', 'ccxt', MALFORMED, ordersOf('open'), {
        theft: thefts.addBody('{"status":"done"}'),
      }),
      refused('old order, new timestamp', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeHeader('CB-ACCESS-TIMESTAMP', (text) => String(Number(text) + 1)),
      }),
      refused('old order, more decimals', 'ccxt', SIGNATURE, order(), {
        theft: thefts.changeHeader('CB-ACCESS-TIMESTAMP', (text) => `${text}.0`),
      }),
      refused('without the signature', 'ccxt', denied('CB-ACCESS-SIGN header is required'), order(), {
        theft: thefts.dropHeaders('CB-ACCESS-SIGN'),
      }),
      refused('unsigned, private route', 'ccxt', denied('CB-ACCESS-KEY header is required'), order(), {
        theft: thefts.dropHeaders('CB-ACCESS-'),
      }),
      refused('a second CB-ACCESS-KEY', 'ccxt', MALFORMED, order(), {
        theft: thefts.repeatHeader('cb-access-key', 'another'),
      }),
    ],
  },
  {
    title: 'Coinbase Exchange: who is refused for what',
    cases: [
      refused('timestamp 32 s old', 'ccxt', EXPIRED, order(), { ccxt: atSecond((now) => now - 32) }),
      refused('timestamp 32 s ahead', 'ccxt', EXPIRED, order(), { ccxt: atSecond((now) => now + 32) }),
      refused('a timestamp in ms', 'ccxt', denied('invalid timestamp'), order(), {
        ccxt: atSecond((now) => now * 1000),
      }),
      refused(
        'two equal orders in one second',
        'ccxt',
        REPLAYED,
        async (client) => {
          await client.privatePostOrders(ORDER);
          return client.privatePostOrders(ORDER);
        },
        { ccxt: atSecond((now) => now), expect: { passed: 1 } },
      ),
      refused('another address', 'ccxt', ADDRESS, order(), { key: 'fenced' }),
      refused('another address', API, asObject(ADDRESS), orderByApi(), { key: 'fenced' }),
      refused('wrong passphrase', 'ccxt', PASSPHRASE, order(), { key: 'wrongPassphrase' }),
      refused('wrong passphrase', API, asObject(PASSPHRASE), orderByApi(), { key: 'wrongPassphrase' }),
      refused('wrong secret', 'ccxt', SIGNATURE, order(), { key: 'wrongSecret' }),
      refused('wrong secret', API, asObject(SIGNATURE), orderByApi(), { key: 'wrongSecret' }),
      refused('unknown key', 'ccxt', UNKNOWN, order(), { key: 'invented' }),
      refused('revoked key', 'ccxt', UNKNOWN, order(), { key: 'revoked' }),
      refused('revoked key', API, asObject(UNKNOWN), orderByApi(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', denied('Invalid API Key: disabled'), order(), { key: 'disabled' }),
      refused('key in quarantine', 'ccxt', denied('Forbidden: the API Key is frozen'), order(), {
        key: 'quarantined',
      }),
      refused('expired key', 'ccxt', denied('Invalid API Key: expired'), ordersOf('open'), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused(
        'key for the test environment',
        'ccxt',
        denied('Invalid API Key: it belongs to another environment'),
        order(),
        { key: 'testing' },
      ),
      refused('permission it lacks', 'ccxt', PERMISSION, order(), { key: 'reader' }),
      refused('permission it lacks', API, asObject(PERMISSION), orderByApi(), { key: 'reader' }),
      refused('instrument not allowed', 'ccxt', LIMITS, order({ product_id: 'ETH-USD', maxCost: '500' }), {
        key: 'limited',
      }),
      refused('amount over the limit', 'ccxt', LIMITS, order({ maxCost: '1000.01' }), { key: 'limited' }),
      refused('all orders, by a limited key', 'ccxt', LIMITS, (c) => c.privateDeleteOrders(), {
        key: 'limited',
      }),
      refused('route that nobody declared', 'ccxt', [404, 'Route not found', 'ExchangeError'], (c) =>
        c.privateGetTransfers(),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, 'Private rate limit exceeded', 'RateLimitExceeded'],
        threeTimes(ordersOf('open')),
        { key: 'metered', expect: { passed: 2 } },
      ),
    ],
  },
  {
    title: 'Coinbase Exchange: WebSockets',
    cases: [
      overWebSocket('login, then what is pushed', 'ccxt.pro', 1, watchOrders, {
        check: ([first], { upstream }) =>
          first.info.user_id === 'acct_trader' &&
          upstream.upgrades.at(-1).headers['x-countersign-account'] === 'acct_trader',
        expect: { upgrades: 1 },
      }),
      overWebSocket(
        'two subscriptions in one second',
        'ccxt.pro',
        2,
        (client) => Promise.all([watchOrders(client), client.watchMyTrades('BTC/USD')]),
        {
          ccxt: atSecond((now) => now),
          check: ([[placed], [trade]]) => placed.id === '1' && trade.symbol === 'BTC/USD',
          expect: { upgrades: 1 },
        },
      ),
      overWebSocket('login', 'coinbase-api-exchange-websocket', 1, (c) => subscribeByApi(c, 'update'), {
        check: ({ user_id }) => user_id === 'acct_trader',
        expect: { upgrades: 1 },
      }),
      overWebSocket('public, before any login', 'ccxt.pro', 1, (c) => c.watchTicker('BTC/USD'), {
        check: ({ last }, { upstream }) =>
          last === 50_000 && upstream.upgrades.at(-1).headers['x-countersign-account'] === undefined,
        expect: { upgrades: 1 },
      }),
      overWebSocket(
        'private, before any login',
        'ccxt.pro',
        0,
        (_, stage) => answerTo(stage, '{"type":"subscribe","channels":["user"]}'),
        { check: ({ type }) => type === 'error', expect: { code: 'CB-ACCESS-KEY header is required' } },
      ),
      overWebSocket(
        'its login, with another channel',
        'ccxt.pro',
        2,
        async (client, stage) =>
          answerTo(stage, await loginWith(client, stage, () => ({ channels: ['full'] }))),
        { check: ({ channels }) => channels[0].name === 'full' },
      ),
      overWebSocket(
        'its login, a second later',
        'ccxt.pro',
        1,
        async (client, stage) =>
          answerTo(stage, await loginWith(client, stage, ({ timestamp }) => ({ timestamp: timestamp + 1 }))),
        { check: ({ type }) => type === 'error', expect: { code: 'invalid signature' } },
      ),
      overWebSocket(
        'its login, with a name twice',
        'ccxt.pro',
        1,
        async (client, stage) => {
          const login = await loginWith(client, stage, () => ({}));
          return answerTo(stage, `${login.slice(0, -1)},"key":"another"}`);
        },
        { check: ({ type }) => type === 'error', expect: { code: 'Bad Request' } },
      ),
      overWebSocket(
        'an order made a login',
        'ccxt.pro',
        0,
        async (client, stage) => {
          await order()(client);
          const { headers } = stage.tap.exchanges.at(-1).request;
          const [key, signature, timestamp, passphrase] = ['KEY', 'SIGN', 'TIMESTAMP', 'PASSPHRASE'].map(
            (name) => headers[headers.indexOf(`CB-ACCESS-${name}`) + 1],
          );
          const proof = { key, signature, timestamp, passphrase };
          return answerTo(stage, JSON.stringify({ type: 'subscribe', channels: ['user'], ...proof }));
        },
        { check: ({ type }) => type === 'error', expect: { code: 'invalid signature' } },
      ),
      ...[
        ['wrong secret', 'wrongSecret', 'invalid signature'],
        ['wrong passphrase', 'wrongPassphrase', 'Invalid Passphrase'],
        ['revoked key', 'revoked', 'Invalid API Key'],
        ['another address', 'fenced', 'IP does not match IP whitelist'],
      ].map(([what, key, code]) =>
        overWebSocket(what, 'ccxt.pro', 0, watchOrders, {
          key,
          expect: { code, thrown: 'AuthenticationError', upgrades: 0 },
        }),
      ),
      overWebSocket(
        'wrong passphrase',
        'coinbase-api-exchange-websocket',
        0,
        (client) => subscribeByApi(client, 'exception'),
        {
          key: 'wrongPassphrase',
          check: ({ reason }) => reason.includes('Invalid Passphrase'),
          expect: { code: 'Invalid Passphrase', upgrades: 0 },
        },
      ),
    ],
  },
];
