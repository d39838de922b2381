import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  answer: answerAsMexc,
  codeOf: codeIn,
  proofHeaders: /^(x-mexc-apikey|apikey|request-time|signature)$/,
  keys: {
    dialect: 'mexc',
    passphrase: false,
    read: 'read',
    trade: 'trade',
    instrument: 'BTCUSDT',
    more: {
      limitedContract: {
        permissions: ['read', 'trade'],
        constraints: { instruments: ['BTC_USDT'], maxNotionalPerOrder: '1000' },
      },
    },
  },
  webSocket: {
    onOpen: pushBalance,
    onMessage,
    codeOf: (text) => JSON.parse(text).channel,
    proofMessages: /signature/,
  },
};

let orders = 0;

/** Spot has no code for success: an answer without one is `ok`, as is the contract API's 0. */
function codeIn(body) {
  return String(JSON.parse(body.toString('utf8')).code || 'ok');
}

/** Answers as MEXC does, as far as ccxt needs it. */
function answerAsMexc(request) {
  const { method, path } = request;
  const answer = ROUTES[`${method} ${path.replace(/\/open_orders\/.*/, '/open_orders')}`];
  if (answer === undefined) return failed(404, 26, 'operation not allowed');
  return answer(request);
}

const ok = (body) => ({ body });
const ofContract = (data) => ok({ success: true, code: 0, data });
const failed = (status, code, msg) => ({ status, body: { code, msg } });

const ROUTES = {
  'GET /api/v3/time': () => ok({ serverTime: Date.now() }),
  'GET /api/v3/exchangeInfo': () => ok({ symbols: ['BTC', 'ETH'].map(symbolOf) }),
  'GET /api/v1/contract/detail': () => ofContract([]),
  'GET /api/v3/capital/config/getall': () => ok([]),

  'GET /api/v3/account': ({ headers }) =>
    ok({ uid: headers['x-countersign-account'], balances: [{ asset: 'USDT', free: '900', locked: '100' }] }),
  // Gives back the symbol that was asked for, so that a client can see whether its text arrived unharmed.
  'GET /api/v3/openOrders': ({ query }) => ok([{ symbol: query.get('symbol'), orderId: '1' }]),
  'POST /api/v3/userDataStream': () => ok({ listenKey: 'listen' }),
  'POST /api/v3/order': ({ query }) =>
    placed(query.get('quantity'), query.get('price'), query.get('maxCost'), ok),
  'DELETE /api/v3/order': ({ query }) =>
    ok({ symbol: query.get('symbol'), orderId: query.get('orderId'), status: 'CANCELED' }),

  'GET /api/v1/private/account/assets': ({ headers }) =>
    ofContract([{ currency: 'USDT', availableBalance: 900, uid: headers['x-countersign-account'] }]),
  'GET /api/v1/private/order/list/open_orders': () => ofContract([]),
  'GET /api/v1/private/position/list/history_positions': ({ query }) =>
    ofContract([{ symbol: query.get('symbol') }]),
  'POST /api/v1/private/order/submit': ({ json }) =>
    placed(json.vol, json.price, json.maxCost, ofContract, json),
  'POST /api/v1/private/order/cancel': ({ json }) =>
    ofContract(json.map((orderId) => ({ orderId, errorCode: 0 }))),
  'POST /api/v1/private/order/cancel_all': () => ofContract([]),
};

function symbolOf(baseAsset) {
  const precision = {
    baseAssetPrecision: 8,
    quoteAssetPrecision: 8,
    quotePrecision: 8,
    baseSizePrecision: '0.00001',
  };
  return {
    symbol: `${baseAsset}USDT`,
    status: '1',
    baseAsset,
    quoteAsset: 'USDT',
    ...precision,
    orderTypes: ['LIMIT', 'MARKET'],
    isSpotTradingAllowed: true,
    permissions: ['SPOT'],
  };
}

function placed(size, price, maxCost, answer, { externalOid } = {}) {
  if (exceedsOwnLimit({ size, price, sizeIsCost: false, maxCost: maxCost ?? undefined }))
    return failed(400, 30005, 'maxCost');
  return answer({ orderId: String(++orders), externalOid });
}

/** The contract WebSocket sends what is new without being asked, to whom has logged in. */
function pushBalance({ headers, send }) {
  if (headers['x-countersign-account'] === undefined) return;
  const data = { currency: 'USDT', availableBalance: 900, frozenBalance: 0, positionMargin: 0 };
  send({ channel: 'push.personal.asset', data, ts: Date.now() });
}

function onMessage(text, { send }) {
  const { method, param } = JSON.parse(text);
  if (method === 'ping') return send({ channel: 'pong', data: Date.now() });
  return send({
    channel: 'push.ticker',
    symbol: param?.symbol,
    data: { symbol: param?.symbol, lastPrice: 50_000 },
  });
}
