import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  answer: answerAsCoinbase,
  codeOf: codeIn,
  proofHeaders: /^cb-access-/,
  ccxt: 'coinbaseexchange',
  keys: { dialect: 'coinbase-exchange', read: 'view', trade: 'trade', instrument: 'BTC-USD' },
  webSocket: { onMessage, codeOf: codeInMessage },
};

let orders = 0;

/** There are no codes: an answer without a message is `ok`. */
function codeIn(body) {
  return String(JSON.parse(body.toString('utf8')).message ?? 'ok');
}

function codeInMessage(text) {
  const { type, reason } = JSON.parse(text);
  return type === 'error' ? JSON.parse(reason).message : type;
}

/** Answers as Coinbase Exchange does, as far as its clients need it. */
function answerAsCoinbase(request) {
  const { method, path } = request;
  const answer = ROUTES[`${method} ${path.replace(/^\/orders\/.*/, '/orders/:id')}`];
  if (answer === undefined) return failed(404, 'Route not found');
  return answer(request);
}

const ok = (body) => ({ body });
const failed = (status, message) => ({ status, body: { message } });

const ROUTES = {
  'GET /time': () => ok({ iso: new Date().toISOString(), epoch: Date.now() / 1000 }),
  'GET /products': () => ok(['BTC', 'ETH'].map(productOf)),
  'GET /currencies': () => ok([]),

  'GET /accounts': ({ headers }) =>
    ok([
      {
        id: '1',
        currency: 'USD',
        balance: '1000',
        available: '900',
        hold: '100',
        profile_id: headers['x-countersign-account'],
      },
    ]),
  // Gives back the status that was asked for, so that a client can see whether its text arrived unharmed.
  'GET /orders': ({ query }) => ok([{ id: '1', status: query.get('status') }]),
  'GET /orders/:id': ({ path }) => ok({ id: path.split('/').at(-1) }),
  'POST /reports': ({ body }) => ok({ id: '1', size: body.length }),

  'POST /orders': ({ json }) => {
    const { size, price, maxCost, client_oid, note } = json;
    if (exceedsOwnLimit({ size, price, sizeIsCost: false, maxCost })) return failed(400, 'maxCost');
    return ok({ id: String(++orders), product_id: json.product_id, client_oid, note });
  },
  'DELETE /orders': ({ query, json }) => ok([query.get('product_id') ?? json?.product_id]),
  'DELETE /orders/:id': ({ path }) => ok(path.split('/').at(-1)),
};

function productOf(base_currency) {
  return {
    id: `${base_currency}-USD`,
    base_currency,
    quote_currency: 'USD',
    base_increment: '0.00000001',
    quote_increment: '0.01',
    min_market_funds: '1',
    status: 'online',
  };
}

/** Confirms what is subscribed to, and tells an account of an order that it has. */
function onMessage(text, { send, headers }) {
  const { channels: given, product_ids = [] } = JSON.parse(text);
  const channels = given.map((channel) => channel.name ?? channel);
  send({ type: 'subscriptions', channels: channels.map((name) => ({ name, product_ids })) });
  const account = headers['x-countersign-account'];
  const order = { product_id: 'BTC-USD', order_id: '1', time: new Date().toISOString(), side: 'buy' };
  const whose = { profile_id: account, user_id: account };
  if (channels.includes('ticker')) send({ type: 'ticker', ...order, price: '50000', sequence: 1 });
  if (!channels.includes('user') || account === undefined) return;
  const sizes = { order_type: 'limit', size: '0.01', price: '50000' };
  send({ type: 'received', sequence: 1, ...order, ...whose, ...sizes });
  const match = { maker_order_id: '1', taker_order_id: '2', trade_id: 1, maker_user_id: account };
  send({ type: 'match', sequence: 2, ...order, ...whose, ...sizes, ...match });
}
