import { randomUUID } from 'node:crypto';
import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  answer: answerAsKucoin,
  // Those of a broker, KC-API-PARTNER and others, go on to the exchange.
  proofHeaders: /^kc-api-(key|sign|timestamp|passphrase|key-version)$/,
  publicPosts: /^\/api\/v1\/bullet-public$/,
  keys: {
    dialect: 'kucoin',
    read: 'read',
    trade: 'trade',
    instrument: 'BTC-USDT',
    more: { streamer: { permissions: ['read'] } },
  },
  webSocket: { onOpen: welcome, onMessage, codeOf: (text) => JSON.parse(text).type },
};

let orders = 0;
/** Whose each token for a private stream is: the handshake says nothing of it. */
const accounts = new Map();

/** Answers as KuCoin does, as far as its clients need it. */
function answerAsKucoin(request) {
  const { method, path } = request;
  const named = path.replace(/(\/orders)\/(?!multi-cancel).*/, '$1/:id');
  const answer = ROUTES[`${method} ${named}`];
  if (answer === undefined) return failed(404, '404000', 'Url Not Found');
  return answer(request);
}

const ok = (data) => ({ body: { code: '200000', data } });
const failed = (status, code, msg) => ({ status, body: { code, msg } });

const ROUTES = {
  'GET /api/v1/timestamp': () => ok(Date.now()),
  'GET /api/v2/symbols': () => ok(['BTC', 'ETH'].map(symbolOf)),
  'GET /api/v3/currencies': () =>
    ok([{ currency: 'USDT', name: 'USDT', fullName: 'Tether', precision: 8, chains: [] }]),
  'GET /api/v1/market/allTickers': () => ok({ time: Date.now(), ticker: [] }),
  'GET /api/v1/contracts/active': () => ok([]),
  'POST /api/v1/bullet-public': (request) => ok(streamFor(request, undefined)),

  'GET /api/ua/v1/account/mode': () => ok({ selfAccountMode: 'CLASSIC' }),
  'GET /api/v3/margin/symbols': () => ok({ timestamp: Date.now(), items: [] }),
  'GET /api/v1/isolated/symbols': () => ok([]),
  'GET /api/v1/hf/accounts/opened': () => ok(true),

  // Gives back the currency that was asked for, so that a client can see whether its text arrived unharmed.
  'GET /api/v1/accounts': ({ query, headers }) =>
    ok([accountOf(query.get('currency') ?? 'USDT', query.get('type'), headers)]),
  'GET /api/v1/sub/user': ({ headers }) => ok([{ userId: headers['x-countersign-account'] }]),
  'GET /api/v1/account-overview': ({ query }) =>
    ok({ currency: query.get('currency'), accountEquity: 1000, availableBalance: 900 }),
  'GET /api/v1/orders': ({ query }) => ok({ items: [{ id: '1', symbol: query.get('symbol') }] }),
  'GET /api/v1/orders/:id': ({ path }) => ok({ id: path.split('/').at(-1) }),
  'POST /api/v1/bullet-private': (request) =>
    ok(streamFor(request, request.headers['x-countersign-account'])),

  'POST /api/v1/orders': placed,
  'POST /api/v1/hf/orders': placed,
  'DELETE /api/v1/hf/orders/:id': ({ path }) => ok({ orderId: path.split('/').at(-1) }),
  'DELETE /api/v1/orders': ({ query }) => ok({ cancelledOrderIds: [query.get('symbol')] }),
  'DELETE /api/v1/orders/:id': ({ path }) => ok({ cancelledOrderIds: [path.split('/').at(-1)] }),
  'DELETE /api/v1/orders/multi-cancel': ({ json }) => ok(json.orderIdsList.map((orderId) => ({ orderId }))),
};

function symbolOf(baseCurrency) {
  return {
    symbol: `${baseCurrency}-USDT`,
    baseCurrency,
    quoteCurrency: 'USDT',
    baseMinSize: '0.00001',
    baseMaxSize: '10000',
    quoteMinSize: '0.1',
    quoteMaxSize: '99999999',
    baseIncrement: '0.00000001',
    quoteIncrement: '0.000001',
    priceIncrement: '0.1',
    enableTrading: true,
  };
}

function accountOf(currency, type, { 'x-countersign-account': id }) {
  return { id, currency, type, balance: '1000', available: '900', holds: '100' };
}

function placed({ json }) {
  const { size, price, maxCost, clientOid, remark } = json;
  if (exceedsOwnLimit({ size, price, sizeIsCost: false, maxCost })) return failed(400, '400100', 'maxCost');
  return ok({ orderId: String(++orders), clientOid, remark });
}

/** Where a stream is opened, and the token for it. Clients come back the way they came. */
function streamFor({ headers }, account) {
  const token = randomUUID();
  accounts.set(token, account);
  const endpoint = `ws://${headers['x-forwarded-host']}/endpoint`;
  const server = {
    endpoint,
    protocol: 'websocket',
    encrypt: false,
    pingInterval: 18_000,
    pingTimeout: 10_000,
  };
  return { token, instanceServers: [server] };
}

function tokenOf({ upgrade }) {
  return new URL(upgrade.target, 'ws://sandbox').searchParams.get('token');
}

function welcome(line) {
  if (!accounts.has(tokenOf(line))) {
    line.send({ type: 'error', code: 401, data: 'token is invalid' });
    return line.close(1008, '');
  }
  line.send({ id: '1', type: 'welcome' });
}

function onMessage(text, line) {
  const { id, type, topic } = JSON.parse(text);
  if (type === 'ping') return line.send({ id, type: 'pong' });
  const account = accounts.get(tokenOf(line));
  if (topic.startsWith('/account') && account === undefined) {
    return line.send({ id, type: 'error', code: 403, data: 'login is required' });
  }
  line.send({ id, type: 'ack' });
  const data = { accountId: account, currency: 'USDT', total: '1000', available: '900', hold: '100' };
  const event = { relationEvent: 'trade.hold', time: String(Date.now()) };
  line.send({ type: 'message', topic, subject: 'account.balance', data: { ...data, ...event } });
}
