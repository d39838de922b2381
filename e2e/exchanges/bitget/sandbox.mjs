import { fileURLToPath } from 'node:url';
import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  manifest: fileURLToPath(new URL('../../../examples/manifests/bitget-like.yaml', import.meta.url)),
  answer: answerAsBitget,
  moves: { atLeast: 3 },
  keys: {
    dialect: 'bitget',
    read: 'spot.read',
    trade: 'spot.trade',
    instrument: 'BTCUSDT',
    more: {
      unified: { permissions: ['unified.read', 'unified.trade'] },
      both: { permissions: ['spot.read', 'unified.read'] },
    },
  },
  webSocket: {
    onMessage,
    codeOf: (text) => (text === 'pong' ? undefined : JSON.parse(text).code?.toString()),
    proofMessages: /"login"|passphrase/i,
  },
};

const INSTRUMENTS = [
  { symbol: 'BTCUSDT', baseCoin: 'BTC', quoteCoin: 'USDT' },
  { symbol: 'ETHUSDT', baseCoin: 'ETH', quoteCoin: 'USDT' },
];
const COINS = ['BTC', 'ETH', 'USDT'];
let orders = 0;

/**
 * Answers as Bitget does, as far as its clients need it. Who the customer is stands in the header that
 * Countersign sets, and nowhere else.
 */
function answerAsBitget(request) {
  const answer = ROUTES[`${request.method} ${request.path}`];
  if (answer === undefined) return failed(404, '40404', 'Request URL NOT FOUND');
  return answer(request);
}

const ok = (data) => ({ body: { code: '00000', msg: 'success', requestTime: Date.now(), data } });
const failed = (status, code, msg) => ({ status, body: { code, msg, requestTime: Date.now(), data: null } });
const accountOf = ({ headers }) => headers['x-countersign-account'];

const ROUTES = {
  'GET /api/v2/public/time': () => ok({ serverTime: String(Date.now()) }),
  'GET /api/v2/spot/public/coins': () => ok(COINS.map((coin) => ({ coin, transfer: 'true', chains: [] }))),
  'GET /api/v2/spot/public/symbols': () =>
    ok(
      INSTRUMENTS.map((each) => ({ ...each, status: 'online', pricePrecision: '2', quantityPrecision: '6' })),
    ),
  'GET /api/v2/spot/market/tickers': ({ query }) => ok([{ symbol: query.get('symbol'), lastPr: '50000' }]),
  'GET /api/v2/margin/currencies': () => ok([]),
  'GET /api/v2/mix/market/contracts': () => ok([]),
  'GET /api/v3/market/instruments': ({ query }) =>
    ok(query.get('category') === 'SPOT' ? INSTRUMENTS.map(asUnified) : []),

  'GET /api/v2/spot/account/info': (request) => ok({ userId: accountOf(request), authorities: [] }),
  // Gives back the coin that was asked for, so that a client can see whether its text arrived unharmed.
  'GET /api/v2/spot/account/assets': ({ query }) =>
    ok([{ coin: query.get('coin') ?? 'USDT', available: '1000', frozen: '0' }]),
  'GET /api/v2/spot/trade/unfilled-orders': () => ok([]),
  'GET /api/v3/account/settings': (request) => ok({ uid: accountOf(request), accountMode: 'unified' }),
  'GET /api/v3/account/assets': () =>
    ok({ assets: [{ coin: 'USDT', equity: '1000', available: '900', locked: '100' }] }),

  'POST /api/v2/spot/trade/place-order': ({ json }) => placed(json, json?.size),
  'POST /api/v2/spot/trade/cancel-order': ({ json }) => ok({ orderId: json?.orderId }),
  'POST /api/v2/spot/trade/cancel-symbol-order': ({ json }) => ok({ symbol: json?.symbol ?? 'all' }),
  'POST /api/v3/trade/place-order': ({ json }) => placed(json, json?.qty),
  'POST /api/v3/trade/cancel-order': ({ json }) => ok({ orderId: json?.orderId }),
  'POST /api/v2/spot/wallet/transfer': () => ok({ transferId: '1' }),
  'POST /api/v2/spot/wallet/withdrawal': () => ok({ orderId: '1' }),
};

function asUnified(each) {
  return { ...each, category: 'SPOT', status: 'online', pricePrecision: '2', quantityPrecision: '6' };
}

function placed(order, size) {
  if (order === undefined) return failed(400, '40017', 'Parameter verification failed');
  const { price, maxCost, orderType, side } = order;
  const sizeIsCost = orderType === 'market' && side === 'buy';
  if (exceedsOwnLimit({ size, price, sizeIsCost, maxCost })) {
    return failed(400, '40017', 'Parameter verification failed: the order costs more than maxCost');
  }
  return ok({ orderId: String(++orders), clientOid: order.clientOid });
}

/** Answers a subscription as Bitget does, and pushes what it is for. */
function onMessage(text, { send, headers }) {
  if (text === 'ping') return send('pong');
  const { op, args } = JSON.parse(text);
  for (const arg of args) {
    send({ event: op, arg });
    const coin = { coin: 'USDT', available: '900', frozen: '100', uid: headers['x-countersign-account'] };
    send({ action: 'snapshot', arg, data: [coin], ts: Date.now() });
  }
}
