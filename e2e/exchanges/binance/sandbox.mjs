import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  answer: answerAsBinance,
  codeOf: codeIn,
  proofHeaders: /^x-mbx-apikey$/,
  keys: {
    dialect: 'binance',
    passphrase: false,
    read: 'read',
    trade: 'trade',
    instrument: 'BTCUSDT',
    more: {
      ed25519: { permissions: ['read', 'trade'], kind: 'ed25519' },
      rsa: { permissions: ['read', 'trade'], kind: 'rsa' },
    },
  },
  webSocket: { onMessage, codeOf: (text) => codeIn(text) },
};

let orders = 0;

/** Binance has no code for success: an answer without one is `ok`. */
function codeIn(body) {
  const { code, error } = JSON.parse(body.toString('utf8'));
  return String(error?.code ?? code ?? 'ok');
}

/** Answers as Binance does, as far as its clients need it. Parameters stand in the query or in a form. */
function answerAsBinance(request) {
  const answer = ROUTES[`${request.method} ${request.path}`];
  if (answer === undefined) return failed(404, -1020, 'This operation is not supported.');
  return answer(request);
}

const ok = (body) => ({ body });
const failed = (status, code, msg) => ({ status, body: { code, msg } });

/** A parameter, from wherever it stands. */
function parameter({ query, form }, name) {
  return query.get(name) ?? form.get(name) ?? undefined;
}

const ROUTES = {
  'GET /api/v3/ping': () => ok({}),
  'GET /api/v3/time': () => ok({ serverTime: Date.now() }),
  'GET /api/v3/exchangeInfo': () => ok({ symbols: ['BTC', 'ETH'].map(symbolOf) }),
  'GET /fapi/v1/exchangeInfo': () => ok({ symbols: [] }),
  'GET /dapi/v1/exchangeInfo': () => ok({ symbols: [] }),
  'GET /sapi/v1/capital/config/getall': () => ok([]),
  'GET /sapi/v1/margin/allPairs': () => ok([]),
  'GET /sapi/v1/margin/isolated/allPairs': () => ok([]),

  'GET /api/v3/account': ({ headers }) =>
    ok({ uid: headers['x-countersign-account'], balances: [{ asset: 'USDT', free: '900', locked: '100' }] }),
  // Gives back the symbol that was asked for, so that a client can see whether its text arrived unharmed.
  'GET /api/v3/openOrders': ({ query }) => ok([{ symbol: query.get('symbol'), orderId: 1 }]),
  'GET /api/v3/order': ({ query }) => ok({ symbol: query.get('symbol'), orderId: 1 }),

  'POST /api/v3/order': placed,
  'POST /api/v3/order/test': () => ok({}),
  'DELETE /api/v3/order': (request) => ok({ orderId: parameter(request, 'orderId'), status: 'CANCELED' }),
  'POST /fapi/v1/order': placed,
  'POST /fapi/v1/batchOrders': (request) =>
    ok(JSON.parse(parameter(request, 'batchOrders')).map(({ symbol }) => ({ symbol, orderId: ++orders }))),
  'POST /sapi/v1/margin/order': placed,
  'POST /sapi/v1/capital/withdraw/apply': () => ok({ id: '1' }),
};

function symbolOf(baseAsset) {
  const precision = { baseAssetPrecision: 8, quotePrecision: 8 };
  return {
    symbol: `${baseAsset}USDT`,
    status: 'TRADING',
    baseAsset,
    quoteAsset: 'USDT',
    ...precision,
    orderTypes: ['LIMIT', 'MARKET'],
    isSpotTradingAllowed: true,
    permissions: ['SPOT'],
    filters: [],
  };
}

function placed(request) {
  const [size, price, maxCost] = ['quantity', 'price', 'maxCost'].map((name) => parameter(request, name));
  if (exceedsOwnLimit({ size, price, sizeIsCost: false, maxCost })) return failed(400, -1013, 'MAX_COST');
  const clientOrderId = parameter(request, 'newClientOrderId');
  return ok({ symbol: parameter(request, 'symbol'), orderId: ++orders, clientOrderId, status: 'NEW' });
}

/** The WebSocket API. Who it is stands in the headers of the handshake. */
function onMessage(text, { send, headers }) {
  const { id, method, params } = JSON.parse(text);
  const result = METHODS[method]?.(params, headers['x-countersign-account']);
  if (result === undefined) {
    return send({ id, status: 400, error: { code: -1020, msg: 'This operation is not supported.' } });
  }
  return send({ id, status: 200, result });
}

const METHODS = {
  ping: () => ({}),
  time: () => ({ serverTime: Date.now() }),
  'account.status': (_, uid) => ({ uid, balances: [{ asset: 'USDT', free: '900', locked: '100' }] }),
  'order.place': ({ symbol, newClientOrderId }) => ({
    symbol,
    orderId: ++orders,
    clientOrderId: newClientOrderId,
    status: 'NEW',
  }),
  'userDataStream.subscribe.signature': () => ({ subscriptionId: 0 }),
};
