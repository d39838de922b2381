import { caseMakers, TEXTS, threeTimes } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';
import { WEB_SOCKETS } from './web-socket-cases.mjs';

const { allowed, refused } = caseMakers('ok');
const ADVANCED = 'coinbase-api-advanced';
const ORDER = {
  client_order_id: 'order-1',
  product_id: 'BTC-USD',
  side: 'BUY',
  order_configuration: { limit_limit_gtc: { base_size: '0.01', limit_price: '50000', post_only: false } },
};

const accounts = (cursor) => (c) => c.v3PrivateGetBrokerageAccounts(cursor === undefined ? {} : { cursor });
const accountsByApi = (cursor) => (c) => c.getAccounts(cursor === undefined ? undefined : { cursor });
const orderOf = (client, id) =>
  client === 'ccxt'
    ? (c) => c.v3PrivateGetBrokerageOrdersHistoricalOrderId({ order_id: id })
    : (c) => c.getOrder({ order_id: id });
const order = (more) => (c) => c.v3PrivatePostBrokerageOrders({ ...ORDER, ...more });
/** The package wants its own mark before each id. */
const orderByApi =
  ({ client_order_id: id = ORDER.client_order_id, ...more } = {}) =>
  (c) =>
    c.submitOrder({ ...ORDER, ...more, client_order_id: `cbnode${id}` });
const placeOrder = (client, more) => (client === 'ccxt' ? order(more) : orderByApi(more));
const gotOrderId = (text) => (answer) =>
  answer.success_response.client_order_id.replace(/^cbnode/, '') === text;
const gotCursor = (text) => (answer) => answer.cursor === text;

/** Every text in the query of a GET, in the body of a POST, and in a path: none is covered but the path. */
const texts = (what, client, text, more = {}) => [
  allowed(`GET, ${what}`, client, client === 'ccxt' ? accounts(text) : accountsByApi(text), {
    check: gotCursor(text),
    matched: 'wire',
    ...more,
  }),
  allowed(`POST, ${what}`, client, placeOrder(client, { client_order_id: text }), {
    check: gotOrderId(text),
    matched: 'wire',
    ...more,
  }),
];
const inPath = (what, client, text, more = {}) =>
  allowed(`path, ${what}`, client, orderOf(client, text), {
    check: (answer) => answer.order.order_id === text,
    matched: 'wire',
    ...more,
  });

const UNAUTHORIZED = [401, 'unauthorized', 'AuthenticationError'];
const EXPIRED = [401, 'UNAUTHENTICATED', 'InvalidNonce'];
const DENIED = [403, 'PERMISSION_DENIED', 'PermissionDenied'];
const MALFORMED = [400, 'INVALID_ARGUMENT', 'BadRequest'];
const asObject = ([status, code]) => [status, code, 'object'];

/** Sends the request and, when it went through, sends it again with something changed. */
const andThen = (theft) => async (request, sendOn) => {
  await sendOn(request);
  return theft(request, sendOn);
};

/** The order of P-256's group: of a signature (r, s), anybody can make (r, -s), which is as good. */
const GROUP_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function withOtherSignature(authorization) {
  const at = authorization.lastIndexOf('.') + 1;
  const bytes = Buffer.from(authorization.slice(at), 'base64url');
  const s = BigInt(`0x${bytes.toString('hex', 32)}`);
  bytes.write((GROUP_ORDER - s).toString(16).padStart(64, '0'), 32, 'hex');
  return authorization.slice(0, at) + bytes.toString('base64url');
}

function withHeaderOf(over) {
  return (authorization) => {
    const [head, ...rest] = authorization.slice('Bearer '.length).split('.');
    const header = { ...JSON.parse(Buffer.from(head, 'base64url')), ...over };
    return `Bearer ${[Buffer.from(JSON.stringify(header)).toString('base64url'), ...rest].join('.')}`;
  };
}

/** A client whose clock is wrong by so many seconds. */
const withClock = (seconds, call) => (c) => {
  const { milliseconds } = c;
  c.seconds = () => Math.floor(milliseconds() / 1000) + seconds;
  return call(c);
};
const withClockByApi = (seconds, call) => (c) => {
  c.getSignTimestampMs = () => Date.now() + seconds * 1000;
  return call(c);
};

const bothReads = (c) => Promise.all([accounts()(c), accounts()(c), accounts(TEXTS.mixed)(c)]);

export const CASES = [
  {
    title: 'Coinbase: what customers do',
    cases: [
      allowed('loadMarkets, fetchBalance', 'ccxt', (c) => c.fetchBalance({ v3: true }), {
        check: (balance) => balance.USD.free === 900,
        expect: { passed: undefined },
      }),
      allowed(
        'loadMarkets, createOrder',
        'ccxt',
        (c) => c.createOrder('BTC/USD', 'limit', 'buy', 0.01, 50_000),
        {
          check: ({ id }) => id !== undefined,
          expect: { passed: undefined },
        },
      ),
      allowed('fetchBalance with EdDSA', 'ccxt', (c) => c.fetchBalance({ v3: true }), {
        key: 'ed25519',
        check: (balance) => balance.USD.total === 1000,
        expect: { passed: undefined },
      }),
      ...['trader', 'ed25519', 'imported', 'importedEd25519'].flatMap((key) =>
        ['ccxt', ADVANCED].flatMap((client) => [
          allowed(`GET with the key ${key}`, client, client === 'ccxt' ? accounts() : accountsByApi(), {
            key,
            matched: 'wire',
            check: (answer) => answer.accounts[0].uuid === `acct_${key}`,
          }),
          allowed(`POST with the key ${key}`, client, placeOrder(client), { key, matched: 'wire' }),
        ]),
      ),
      ...['ccxt', ADVANCED].flatMap((client) => [
        ...texts('an emoji', client, TEXTS.emoji),
        ...texts("a '", client, TEXTS.quote),
        ...texts('a "', client, TEXTS.doubleQuote),
        ...texts('spaces', client, TEXTS.spaces),
        ...texts('a +', client, TEXTS.plus),
        ...texts('an umlaut', client, TEXTS.umlaut),
        ...texts('a /', client, TEXTS.slash),
        ...texts('an &', client, TEXTS.ampersand),
        ...texts('all of them', client, TEXTS.mixed),
        ...texts('all of them, EdDSA', client, TEXTS.mixed, { key: 'ed25519' }),
        inPath('an emoji', client, TEXTS.emoji),
        inPath("a '", client, TEXTS.quote),
        inPath('a "', client, TEXTS.doubleQuote),
        inPath('spaces', client, TEXTS.spaces),
        inPath('a +', client, TEXTS.plus),
        inPath('an umlaut, EdDSA', client, TEXTS.umlaut, { key: 'ed25519' }),
      ]),
      allowed(
        'a list in the query',
        'ccxt',
        (c) => c.v3PrivateGetBrokerageOrdersHistoricalBatch({ product_ids: ['BTC-USD', 'ETH-USD'] }),
        {
          check: (answer) => answer.product_ids.join() === 'BTC-USD,ETH-USD',
        },
      ),
      allowed('POST without a body', 'ccxt', (c) => c.v3PrivatePostBrokeragePortfolios(), {
        check: ({ bytes }) => String(bytes) === '0',
      }),
      allowed('POST with an empty object', ADVANCED, (c) => c.createPortfolio({}), {
        check: ({ text }) => text === '{}',
      }),
      allowed(
        'PUT',
        'ccxt',
        (c) => c.v3PrivatePutBrokeragePortfoliosPortfolioUuid({ portfolio_uuid: 'p-1', name: TEXTS.umlaut }),
        {
          check: ({ portfolio }) => portfolio.name === TEXTS.umlaut,
        },
      ),
      allowed('DELETE', 'ccxt', (c) =>
        c.v3PrivateDeleteBrokeragePortfoliosPortfolioUuid({ portfolio_uuid: 'p-1' }),
      ),
      allowed('DELETE', ADVANCED, (c) => c.deletePortfolio({ portfolio_uuid: 'p-1' })),
      allowed('version 2 of the API', 'ccxt', (c) => c.v2PrivateGetUser(), {
        check: ({ data }, { key }) => data.id === key.accountId,
      }),
      allowed('three reads at once', 'ccxt', bothReads, { expect: { passed: 3 } }),
      allowed('a token that is valid for 10 s', ADVANCED, accountsByApi(), {
        more: { jwtExpiresSeconds: 10 },
      }),
      allowed('a clock that is 3 s ahead', 'ccxt', withClock(3, accounts())),
      allowed('a clock that is 60 s slow', ADVANCED, withClockByApi(-60, accountsByApi())),
      allowed('from the right address', 'ccxt', order(), { key: 'home' }),
      allowed('within its limits', 'ccxt', order({ max_cost: '500' }), { key: 'limited' }),
      allowed('the old key, in its grace', 'ccxt', accounts(), { key: 'rotatedInGrace' }),
    ],
  },
  {
    title: 'Coinbase: what a thief does with a captured request',
    cases: [
      refused('an order sent twice', 'ccxt', EXPIRED, order(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('an order sent twice, EdDSA', 'ccxt', EXPIRED, order(), {
        key: 'ed25519',
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('an order sent twice', ADVANCED, asObject(EXPIRED), orderByApi(), {
        theft: thefts.replay,
        expect: { passed: 1 },
      }),
      refused('the other signature of ECDSA', 'ccxt', EXPIRED, order(), {
        theft: andThen(thefts.changeHeader('authorization', withOtherSignature)),
        expect: { passed: 1 },
      }),
      refused('then another body', 'ccxt', EXPIRED, order(), {
        theft: andThen(thefts.changeBody('0.01', '9.99')),
        expect: { passed: 1 },
      }),
      refused('then another query', 'ccxt', EXPIRED, accounts('1'), {
        theft: andThen(thefts.changeTarget('cursor=1', 'cursor=2')),
        expect: { passed: 1 },
      }),
      refused('then a query that there was not', ADVANCED, asObject(EXPIRED), accountsByApi(), {
        theft: andThen(thefts.changeTarget(/$/, '?limit=250')),
        expect: { passed: 1 },
      }),
      refused('then a body that there was not', 'ccxt', EXPIRED, accounts(), {
        theft: andThen(thefts.addBody('{}')),
        expect: { passed: 1 },
      }),
      allowed('a read sent again as it was', 'ccxt', accounts(), {
        theft: thefts.replay,
        expect: { passed: 2 },
      }),
      refused('another path', 'ccxt', UNAUTHORIZED, order(), {
        theft: thefts.changeTarget('/orders', '/portfolios'),
      }),
      refused('a withdrawal', 'ccxt', UNAUTHORIZED, order(), {
        theft: (request, sendOn) => sendOn({ ...request, target: '/v2/accounts/a-1/transactions' }),
      }),
      refused('another order, in the path', 'ccxt', UNAUTHORIZED, orderOf('ccxt', 'o-1'), {
        theft: thefts.changeTarget('o-1', 'o-2'),
      }),
      refused(
        'another method',
        'ccxt',
        UNAUTHORIZED,
        (c) => c.v3PrivatePutBrokeragePortfoliosPortfolioUuid({ portfolio_uuid: 'p-1', name: 'x' }),
        {
          theft: thefts.changeMethod('DELETE'),
        },
      ),
      refused('another host', 'ccxt', UNAUTHORIZED, order(), {
        theft: thefts.changeHeader('host', 'evil.example'),
      }),
      refused('alg none', 'ccxt', UNAUTHORIZED, order(), {
        theft: thefts.changeHeader('authorization', withHeaderOf({ alg: 'none' })),
      }),
      refused('alg EdDSA', 'ccxt', UNAUTHORIZED, order(), {
        theft: thefts.changeHeader('authorization', withHeaderOf({ alg: 'EdDSA' })),
      }),
      refused('another nonce', 'ccxt', UNAUTHORIZED, order(), {
        theft: thefts.changeHeader('authorization', withHeaderOf({ nonce: 'another' })),
      }),
      refused('without a signature', 'ccxt', UNAUTHORIZED, order(), {
        theft: thefts.changeHeader('authorization', (value) => value.replace(/[^.]*$/, '')),
      }),
      refused('without a token', 'ccxt', UNAUTHORIZED, order(), {
        theft: thefts.dropHeaders('authorization'),
      }),
      refused('a second Authorization', 'ccxt', MALFORMED, order(), {
        theft: thefts.repeatHeader('authorization', 'Bearer x'),
      }),
    ],
  },
  {
    title: 'Coinbase: who is refused for what',
    cases: [
      refused('a token that has expired', 'ccxt', EXPIRED, withClock(-121, order())),
      refused('a token that has expired', ADVANCED, asObject(EXPIRED), withClockByApi(-121, orderByApi())),
      refused('nbf 20 s ahead', 'ccxt', EXPIRED, withClock(20, order())),
      refused('a token for an hour', ADVANCED, asObject(EXPIRED), accountsByApi(), {
        more: { jwtExpiresSeconds: 3600 },
      }),
      refused('wrong private key', 'ccxt', UNAUTHORIZED, order(), { key: 'wrongSecret' }),
      refused('wrong private key', ADVANCED, asObject(UNAUTHORIZED), orderByApi(), { key: 'wrongSecret' }),
      refused('a key of the other algorithm', 'ccxt', UNAUTHORIZED, order(), { key: 'ed25519ForP256' }),
      refused('unknown key', 'ccxt', UNAUTHORIZED, order(), { key: 'invented' }),
      refused('unknown key', ADVANCED, asObject(UNAUTHORIZED), orderByApi(), { key: 'invented' }),
      refused('revoked key', 'ccxt', UNAUTHORIZED, order(), { key: 'revoked' }),
      refused('disabled key', 'ccxt', UNAUTHORIZED, order(), { key: 'disabled' }),
      refused('rotated key, the old one', 'ccxt', UNAUTHORIZED, accounts(), { key: 'rotated' }),
      refused('key in quarantine', 'ccxt', DENIED, order(), { key: 'quarantined' }),
      refused('expired key', 'ccxt', [401, 'expired_token', 'AuthenticationError'], accounts(), {
        key: 'shortLived',
        notBefore: ({ expiresAt }) => Date.parse(expiresAt) + 1,
      }),
      refused('key for the test environment', 'ccxt', UNAUTHORIZED, order(), { key: 'testing' }),
      refused('another address', 'ccxt', DENIED, order(), { key: 'fenced' }),
      refused('another address', ADVANCED, asObject(DENIED), orderByApi(), { key: 'fenced' }),
      refused('permission it lacks', 'ccxt', DENIED, order(), { key: 'reader' }),
      refused('permission it lacks, EdDSA', 'ccxt', DENIED, order(), { key: 'readerEd25519' }),
      refused('permission it lacks', ADVANCED, asObject(DENIED), orderByApi(), { key: 'reader' }),
      refused('a withdrawal it may not make', 'ccxt', DENIED, (c) =>
        c.v2PrivatePostAccountsAccountIdTransactions({ account_id: 'a-1', type: 'send' }),
      ),
      refused('instrument not allowed', 'ccxt', DENIED, order({ product_id: 'ETH-USD', max_cost: '500' }), {
        key: 'limited',
      }),
      refused('amount over the limit', 'ccxt', DENIED, order({ max_cost: '1000.01' }), { key: 'limited' }),
      refused(
        'batch by a limited key',
        'ccxt',
        DENIED,
        (c) => c.v3PrivatePostBrokerageOrdersBatchCancel({ order_ids: ['1'] }),
        { key: 'limited' },
      ),
      refused('route that nobody declared', 'ccxt', [404, 'not_found', 'ExchangeError'], (c) =>
        c.v3PrivateGetBrokeragePaymentMethods(),
      ),
      refused(
        'rate limit used up',
        'ccxt',
        [429, 'rate_limit_exceeded', 'RateLimitExceeded'],
        threeTimes(accounts()),
        { key: 'metered', expect: { passed: 2 } },
      ),
    ],
  },
  WEB_SOCKETS,
];
