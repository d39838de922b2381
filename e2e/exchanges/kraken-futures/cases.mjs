import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { allowed, refused, overWebSocket } = caseMakers('success');
const SEND_ORDER = '/derivatives/api/v3/sendorder';
const ORDER = { orderType: 'lmt', symbol: 'PF_XBTUSD', side: 'buy', size: '0.01', limitPrice: '50000.75' };

const fillsSince = (text) => (client) => client.privateGetFills({ lastFillTime: text });
const accounts = (client) => client.privateGetAccounts();
const order = (more) => (client) => client.privatePostSendorder({ ...ORDER, ...more });
const batch = (client) =>
  client.privatePostBatchorder({ batchOrder: [{ order: 'send', ...ORDER, cliOrdId: TEXTS.mixed }] });
const watched = (client) => client.watchBalance();

/** A value in the query of a GET, and of a POST, where ccxt puts it, too. */
const value = (what, text) => [
  allowed(`GET, ${what}`, 'ccxt', fillsSince(text), {
    check: ({ lastFillTime }) => lastFillTime === text,
    matched: 'wire',
  }),
  allowed(`POST, ${what}`, 'ccxt', order({ cliOrdId: text }), {
    check: ({ sendStatus }) => sendStatus.cliOrdId === text,
    matched: 'wire',
  }),
];

const REFUSED = [200, 'authenticationError', 'AuthenticationError'];
const MALFORMED = [400, 'requiredArgumentMissing', 'BadRequest'];
const DUPLICATE = [200, 'nonceDuplicate', 'InvalidNonce'];

/**
 * Makes ccxt's request anew as clients with a nonce do it, with the parameters in the body. Such a client is nobody's
 * thief: it is another way to sign, computed apart from the service.
 */
function withNonce(nonceOf, ...changes) {
  return async (request, send, { secret }) => {
    const [path, parameters = ''] = request.target.split('?');
    const nonce = nonceOf();
    const hash = createHash('sha256')
      .update(parameters + nonce + path.replace('/derivatives', ''))
      .digest();
    const authent = createHmac('sha512', Buffer.from(secret, 'base64')).update(hash).digest('base64');
    const headers = request.headers.with(
      request.headers.findIndex((text) => text.toLowerCase() === 'authent') + 1,
      authent,
    );
    const made = {
      ...request,
      target: path,
      headers: [...headers, 'Nonce', nonce],
      body: Buffer.from(parameters),
    };
    let answer;
    for (const change of changes.length === 0 ? [(same) => same] : changes) answer = await send(change(made));
    return answer;
  };
}

/** Calls by a client that sends nonces: one after the other, where there are several. */
function nonced(what, answer, noncesOf, changes, more = {}) {
  const nonces = [noncesOf].flat();
  const call = async (client, stage) => {
    let last;
    for (const nonceOf of nonces) {
      const sign = withNonce(nonceOf, ...changes);
      stage.tap.theft = (request, send) => sign(request, send, stage.key);
      last = await order()(client);
    }
    return last;
  };
  const given = { key: 'counting', proxyOnly: true, ...more };
  return answer === undefined
    ? allowed(what, 'ccxt', call, { ...given, expect: { passed: nonces.length } })
    : refused(what, 'ccxt', answer, call, given);
}

const msFromNow = (ms) => () => String(Date.now() + ms);

const inBody = (from, to) => (request) => ({
  ...request,
  body: Buffer.from(request.body.toString('utf8').replace(from, to)),
});
const nonceTo = (nonce) => (request) => ({
  ...request,
  headers: request.headers.with(-1, nonce(request.headers.at(-1))),
});
const both = (one, other) => (request) => other(one(request));
const asItIs = (request) => request;

const milliseconds = msFromNow(0);
let counter = 0;
/** As the exchange's own clients do it: milliseconds, and a counter of five digits. */
const withCounter = () => {
  counter += 1;
  return `${Date.now()}${String(counter).padStart(5, '0')}`;
};

/** A WebSocket of its own, and what is answered to each of its messages. */
async function conversation({ tap }, talk) {
  const socket = new WebSocket(`${tap.url.replace('http', 'ws')}/ws/v1`);
  await once(socket, 'open');
  const said = await talk(async (message) => {
    socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    const [answer] = await once(socket, 'message');
    return JSON.parse(answer.toString('utf8'));
  });
  socket.close();
  return said;
}

const challengeOf = async (ask, { id }) => (await ask({ event: 'challenge', api_key: id })).message;
const subscriptionOf = ({ tap }) =>
  tap.upgrades.at(-1).sent.find((text) => text.includes('signed_challenge'));

export const CASES = [
  {
    title: 'Kraken Futures: what customers do',
    cases: [
      allowed('loadMarkets, fetchBalance', 'ccxt', (client) => client.fetchBalance(), {
        check: ({ USD }) => USD.free === 900,
        expect: { passed: undefined },
      }),
      allowed(
        'createOrder, cancelOrder',
        'ccxt',
        async (c) => {
          const { id } = await c.createOrder('BTC/USD:USD', 'limit', 'buy', 0.01, 50_000);
          return c.cancelOrder(id);
        },
        { expect: { passed: undefined } },
      ),
      allowed('public, no credential', 'ccxt', (client) => client.publicGetTickers()),
      ...value('an emoji', TEXTS.emoji),
      ...value("a '", TEXTS.quote),
      ...value('a space', TEXTS.spaces),
      ...value('a +', TEXTS.plus),
      ...value('a &', TEXTS.ampersand),
      ...value('/api/', 'a/api/b'),
      ...value('all of these at once', TEXTS.mixed),
      ...value('nothing', ''),
      allowed('GET without parameters', 'ccxt', accounts, { matched: 'wire' }),
      allowed('GET, the other API', 'ccxt', (client) => client.historyGetOrders({ count: '2' }), {
        matched: 'wire',
      }),
      allowed('POST without parameters', 'ccxt', (client) => client.privatePostCancelallorders(), {
        matched: 'wire',
      }),
      allowed('POST, an order', 'ccxt', order(), { matched: 'wire' }),
      allowed('POST, JSON in a form', 'ccxt', batch, {
        check: ({ batchStatus }) => batchStatus[0].cliOrdId === TEXTS.mixed,
        matched: 'wire',
      }),
      allowed('old secret, in its grace', 'ccxt', accounts, { key: 'rotatedInGrace' }),
      allowed('order within the limits', 'ccxt', order({ maxCost: '900' }), { key: 'limited' }),
      allowed('spoofed X-Countersign-Account', 'ccxt', accounts, {
        more: { headers: { 'X-Countersign-Account': 'acct_victim', X_Countersign_Account: 'acct_victim' } },
        check: ({ uid }) => uid === 'acct_trader',
      }),
    ],
  },
  {
    title: 'Kraken Futures: with and without nonces',
    cases: [
      // What the page warns of: without a nonce there is nothing to tell the second one from the first.
      allowed('without one: sent again', 'ccxt', order(), { theft: thefts.replay, expect: { passed: 2 } }),
      nonced('milliseconds', undefined, milliseconds, []),
      nonced('milliseconds and a counter', undefined, withCounter, []),
      nonced('milliseconds after the counter', DUPLICATE, milliseconds, [asItIs]),
      nonced('sent again', DUPLICATE, withCounter, [asItIs, asItIs], { expect: { passed: 1 } }),
      nonced('lower, within the window', undefined, [msFromNow(0), msFromNow(-5_000)], [], {
        key: 'windowed',
      }),
      nonced('below the window', DUPLICATE, [msFromNow(20_000), msFromNow(9_000)], [], {
        key: 'windowed',
        expect: { passed: 1 },
      }),
      nonced('seconds after milliseconds', MALFORMED, () => String(Math.floor(Date.now() / 1000)), [asItIs], {
        key: 'windowed',
      }),
      nonced('no number', [200, 'nonceBelowThreshold', 'InvalidNonce'], () => 'now', [asItIs]),
      nonced('dropped', REFUSED, withCounter, [
        (request) => ({ ...request, headers: request.headers.slice(0, -2) }),
      ]),
      nonced('another one', REFUSED, withCounter, [nonceTo((nonce) => String(BigInt(nonce) + 1n))]),
      nonced('a digit of it to the price', MALFORMED, withCounter, [
        both(
          inBody(/$/, '1'),
          nonceTo((nonce) => nonce.slice(1)),
        ),
      ]),
      nonced('all of it to the price', MALFORMED, withCounter, [
        (request) => ({
          ...request,
          headers: request.headers.slice(0, -2),
          body: Buffer.from(request.body + request.headers.at(-1)),
        }),
      ]),
      refused('the decimals of a price made one', 'ccxt', MALFORMED, order(), {
        theft: (request, send) =>
          send({
            ...request,
            target: request.target.replace(/75$/, ''),
            headers: [...request.headers, 'Nonce', '75'],
          }),
      }),
      refused(
        'an amount made one',
        'ccxt',
        MALFORMED,
        (c) => c.privatePostSendorder({ symbol: 'a', size: '9' }),
        {
          theft: (request, send) =>
            send({
              ...request,
              target: request.target.replace(/9$/, ''),
              headers: [...request.headers, 'Nonce', '9'],
            }),
        },
      ),
    ],
  },
  {
    title: 'Kraken Futures: what a thief does with captured requests',
    cases: [
      refused('to another route', 'ccxt', REFUSED, order(), {
        theft: (request, send) =>
          send({ ...request, target: request.target.replace('sendorder', 'cancelorder') }),
      }),
      refused('changed query', 'ccxt', REFUSED, order(), { theft: thefts.changeTarget('0.01', '9.01') }),
      refused('changed body', 'ccxt', REFUSED, batch, { theft: thefts.changeBody('0.01', '9.01') }),
      refused('a field more', 'ccxt', REFUSED, order(), {
        theft: thefts.changeTarget(/$/, '&reduceOnly=true'),
      }),
      refused('a body behind the query', 'ccxt', MALFORMED, order(), { theft: thefts.addBody('size=9') }),
      // Whether the parameters stand in the query or in the body is not covered, and means the same.
      allowed('the query as a body', 'ccxt', order(), {
        theft: (request, send) =>
          send({ ...request, target: SEND_ORDER, body: Buffer.from(request.target.split('?')[1]) }),
      }),
      refused('a read as a POST', 'ccxt', [404, 'notFound', 'BadRequest'], fillsSince('1'), {
        theft: thefts.changeMethod('POST'),
      }),
      refused('without the prefix', 'ccxt', [404, 'notFound', 'BadRequest'], order(), {
        theft: thefts.changeTarget('/derivatives', ''),
      }),
      refused('without the key', 'ccxt', REFUSED, order(), { theft: thefts.dropHeaders('APIKey') }),
      refused('without the signature', 'ccxt', REFUSED, order(), { theft: thefts.dropHeaders('Authent') }),
      refused('unsigned, private route', 'ccxt', REFUSED, order(), {
        theft: (request, send) => thefts.dropHeaders('A')(request, send),
      }),
      refused('a second APIKey', 'ccxt', MALFORMED, order(), {
        theft: thefts.repeatHeader('apikey', 'another'),
      }),
    ],
  },
  {
    title: 'Kraken Futures: who is refused for what',
    cases: [
      ...[
        ['another address', 'fenced'],
        ['wrong secret', 'wrongSecret'],
        ['unknown key', 'invented'],
        ['revoked key', 'revoked'],
        ['disabled key', 'disabled'],
        ['key for the test environment', 'testing'],
        ['permission it lacks', 'reader'],
      ].map(([what, key]) => refused(what, 'ccxt', REFUSED, order(), { key })),
      refused('old secret, retired', 'ccxt', REFUSED, accounts, { key: 'rotated' }),
      refused('key in quarantine', 'ccxt', [200, 'accountInactive', 'ExchangeError'], order(), {
        key: 'quarantined',
      }),
      refused('expired key', 'ccxt', REFUSED, accounts, {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('instrument not allowed', 'ccxt', REFUSED, order({ symbol: 'PF_ETHUSD', maxCost: '900' }), {
        key: 'limited',
      }),
      refused('amount over the limit', 'ccxt', REFUSED, order({ maxCost: '1000.01' }), { key: 'limited' }),
      refused('batch by a limited key', 'ccxt', REFUSED, batch, { key: 'limited' }),
      refused('route that nobody declared', 'ccxt', [404, 'notFound', 'BadRequest'], (c) =>
        c.privateGetOpenpositions(),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, 'apiLimitExceeded', 'DDoSProtection'],
        threeTimes(accounts),
        { key: 'metered', expect: { passed: 2 } },
      ),
    ],
  },
  {
    title: 'Kraken Futures: the WebSocket and its challenge',
    cases: [
      overWebSocket('a challenge, then balances', 'ccxt.pro', 1, watched, {
        check: (_, { tap, upstream }) =>
          tap.upgrades.at(-1).got.some((text) => text.includes('"USD":900')) &&
          upstream.upgrades.at(-1).headers['x-countersign-account'] === 'acct_trader',
        expect: { code: 'success', upgrades: 1 },
      }),
      overWebSocket(
        'a second feed, the same challenge',
        'ccxt.pro',
        2,
        async (client) => {
          await watched(client);
          client.watchPositions().catch(() => {});
          return new Promise((resolve) => setTimeout(resolve, 300));
        },
        { expect: { code: 'success', upgrades: 1 } },
      ),
      overWebSocket(
        'public, before any challenge',
        'ccxt.pro',
        1,
        (_, stage) =>
          conversation(stage, (ask) =>
            ask({ event: 'subscribe', feed: 'ticker', product_ids: ['PF_XBTUSD'] }),
          ),
        {
          check: ({ event }, { upstream }) =>
            event === 'subscribed' && upstream.upgrades.at(-1).headers['x-countersign-account'] === undefined,
          expect: { upgrades: 1 },
        },
      ),
      overWebSocket(
        'a private feed without a proof',
        'ccxt.pro',
        0,
        (_, stage) => conversation(stage, (ask) => ask({ event: 'subscribe', feed: 'balances' })),
        { expect: { code: 'authenticationError', upgrades: 0 } },
      ),
      overWebSocket(
        'another challenge each time',
        'ccxt.pro',
        0,
        async (_, stage) => [
          await conversation(stage, (ask) => challengeOf(ask, stage.key)),
          await conversation(stage, (ask) => challengeOf(ask, stage.key)),
        ],
        { check: ([one, other]) => one.length === 36 && other.length === 36 && one !== other },
      ),
      overWebSocket(
        'a stolen subscription',
        'ccxt.pro',
        1,
        async (client, stage) => {
          await watched(client);
          const stolen = subscriptionOf(stage);
          return conversation(stage, async (ask) => {
            await challengeOf(ask, stage.key);
            return ask(stolen);
          });
        },
        { expect: { code: 'nonceDuplicate', upgrades: 1 } },
      ),
      overWebSocket(
        'its signature, another challenge',
        'ccxt.pro',
        1,
        async (client, stage) => {
          await watched(client);
          const stolen = JSON.parse(subscriptionOf(stage));
          return conversation(stage, async (ask) => {
            const original_challenge = await challengeOf(ask, stage.key);
            return ask({ ...stolen, original_challenge });
          });
        },
        { expect: { code: 'authenticationError', upgrades: 1 } },
      ),
      ...[
        ['wrong secret', 'wrongSecret', 'authenticationError'],
        ['revoked key', 'revoked', 'authenticationError'],
        ['another address', 'fenced', 'authenticationError'],
        ['key in quarantine', 'quarantined', 'accountInactive'],
      ].map(([what, key, code]) =>
        overWebSocket(what, 'ccxt.pro', 0, watched, {
          key,
          thrownNamesCode: false,
          expect: { code, thrown: 'ExchangeError', upgrades: 0 },
        }),
      ),
    ],
  },
];
