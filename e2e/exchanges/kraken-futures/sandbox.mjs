import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  answer: answerAsKrakenFutures,
  codeOf: codeIn,
  proofHeaders: /^(apikey|authent|nonce)$/,
  ccxt: 'krakenfutures',
  moves: { out: /withdraw/, within: /transfer/ },
  keys: {
    dialect: 'kraken-futures',
    passphrase: false,
    read: 'read',
    trade: 'trade',
    instrument: 'PF_XBTUSD',
    more: {
      counting: { permissions: ['read', 'trade'] },
      windowed: { permissions: ['read', 'trade'], nonceWindow: 10_000 },
    },
  },
  webSocket: { onMessage, codeOf: (text) => codeInMessage(JSON.parse(text)) },
};

let orders = 0;

/** The name of the error, or `success`. */
function codeIn(body) {
  const { error, result } = JSON.parse(body.toString('utf8'));
  return error ?? result;
}

function answerAsKrakenFutures(request) {
  const { method, path, query, form } = request;
  const answer = ROUTES[`${method} ${path}`];
  if (answer === undefined) return failed('notFound');
  // The parameters stand in the query or in the body.
  return answer({ ...request, parameters: query.size > 0 ? query : form });
}

const ok = (more) => ({ body: { result: 'success', ...more, serverTime: new Date().toISOString() } });
const failed = (error) => ({ body: { result: 'error', error, serverTime: new Date().toISOString() } });

const ROUTES = {
  'GET /derivatives/api/v3/instruments': () =>
    ok({ instruments: ['pf_xbtusd', 'pf_ethusd'].map(instrument) }),
  'GET /derivatives/api/v3/tickers': () => ok({ tickers: [] }),
  'GET /derivatives/api/v3/accounts': ({ headers }) =>
    ok({
      uid: headers['x-countersign-account'],
      accounts: {
        cash: { type: 'cashAccount', balances: { xbt: '2' } },
        flex: {
          type: 'multiCollateralMarginAccount',
          currencies: { USD: { quantity: '1000', available: '900' } },
        },
      },
    }),
  'GET /derivatives/api/v3/openorders': () => ok({ openOrders: [] }),
  // Gives back the text that was asked for, so that a client can see whether it arrived unharmed.
  'GET /derivatives/api/v3/fills': ({ query }) => ok({ fills: [], lastFillTime: query.get('lastFillTime') }),
  'GET /api/history/v2/orders': () => ok({ elements: [] }),
  'POST /derivatives/api/v3/sendorder': ({ parameters }) => placed(Object.fromEntries(parameters)),
  'POST /derivatives/api/v3/batchorder': ({ body }) => {
    const { batchOrder } = JSON.parse(body.toString('utf8').slice('json='.length));
    return ok({
      batchStatus: batchOrder.map(({ cliOrdId }) => ({ status: 'placed', cliOrdId, order_id: nextOrder() })),
    });
  },
  'POST /derivatives/api/v3/cancelorder': ({ parameters }) =>
    ok({ cancelStatus: { status: 'cancelled', order_id: parameters.get('order_id') } }),
  'POST /derivatives/api/v3/cancelallorders': () => ok({ cancelStatus: { status: 'cancelled' } }),
};

function instrument(symbol) {
  return {
    symbol,
    type: 'flexible_futures',
    tradeable: true,
    tickSize: 0.5,
    contractSize: 1,
    contractValueTradePrecision: 4,
  };
}

function placed({ size, limitPrice: price, maxCost, cliOrdId }) {
  if (exceedsOwnLimit({ size, price, sizeIsCost: false, maxCost })) return failed('invalidAmount');
  return ok({ sendStatus: { status: 'placed', order_id: nextOrder(), cliOrdId, orderEvents: [] } });
}

function nextOrder() {
  orders += 1;
  return `order-${orders}`;
}

/** Pushes what was subscribed to: the balances of whom the handshake names, and prices to anybody. */
function onMessage(text, { headers, send }) {
  const { event, feed, product_ids } = JSON.parse(text);
  const account = headers['x-countersign-account'];
  if (event !== 'subscribe') return send({ event: `${event}d`, feed });
  if (feed !== 'balances') return send({ event: 'subscribed', feed, product_ids });
  if (account === undefined) return send({ event: 'alert', message: 'Nobody', error: 'nobody' });
  send({ event: 'subscribed', feed });
  return send({
    feed: 'balances_snapshot',
    account,
    holding: { USD: 900 },
    futures: {},
    flex_futures: {},
    seq: 0,
  });
}

function codeInMessage({ event, error }) {
  if (event === 'alert') return error;
  return event === 'subscribed' ? 'success' : undefined;
}
