import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  answer: answerAsGate,
  codeOf: (body) => JSON.parse(body.toString('utf8')).label ?? 'ok',
  proofHeaders: /^(key|sign|timestamp)$/,
  keys: {
    dialect: 'gate',
    passphrase: false,
    read: 'read',
    trade: 'trade',
    instrument: 'BTC_USDT',
  },
  webSocket: { onMessage, codeOf: codeInMessage, proofMessages: /\.login"/ },
};

let orders = 0;

/** The label of an error; in the answers to subscriptions it stands in a text of JSON. */
function codeInMessage(text) {
  const { error, data, header, result } = JSON.parse(text);
  if (error !== undefined) return JSON.parse(error.message).label;
  return data?.errs?.label ?? (header?.status === '200' || result?.status === 'success' ? 'ok' : undefined);
}

/** Answers as Gate does, as far as its clients need it. */
function answerAsGate(request) {
  const { method, path } = request;
  const route = `${method} ${path.replace('/api/v4', '')}`.replace(/\/(orders|positions)\/[^/]+/, '/$1/:id');
  const answer = ROUTES[route];
  if (answer === undefined) return failed(404, 'METHOD_NOT_ALLOWED', 'There is no such method and path');
  return answer(request);
}

const ok = (body) => ({ body });
const failed = (status, label, message) => ({ status, body: { label, message } });

const ROUTES = {
  'GET /spot/time': () => ok({ server_time: Date.now() }),
  'GET /spot/currencies': () => ok([]),
  'GET /spot/currency_pairs': () => ok(['BTC', 'ETH'].map(pairOf)),
  'GET /margin/currency_pairs': () => ok([]),
  'GET /futures/usdt/contracts': () => ok([]),
  'GET /futures/btc/contracts': () => ok([]),
  'GET /delivery/usdt/contracts': () => ok([]),
  'GET /delivery/btc/contracts': () => ok([]),
  'GET /options/underlyings': () => ok([]),

  'GET /account/detail': ({ headers }) => ok({ user_id: headers['x-countersign-account'], key: { mode: 1 } }),
  'GET /spot/accounts': () => ok([{ currency: 'USDT', available: '900', locked: '100' }]),
  // Gives back the text that was asked for, so that a client can see whether it arrived unharmed.
  'GET /spot/orders': ({ query }) => ok([{ id: '1', text: query.get('text') }]),

  'POST /spot/orders': ({ json }) => placed(json),
  'PATCH /spot/orders/:id': ({ json, query }) => ok({ id: '1', price: json.price, text: query.get('text') }),
  'DELETE /spot/orders/:id': () => ok({ id: '1', currency_pair: 'BTC_USDT', status: 'cancelled' }),
  'DELETE /spot/orders': ({ query }) => ok([{ id: '1', text: query.get('text') }]),
  'POST /spot/batch_orders': ({ json }) => ok(json.map(({ text }) => ({ id: String(++orders), text }))),
  'POST /spot/countdown_cancel_all': () => ok({ triggerTime: '0' }),
  'POST /futures/usdt/positions/:id/leverage': ({ query }) => ok({ leverage: query.get('leverage') }),
};

function pairOf(base) {
  const precision = { amount_precision: 6, precision: 2 };
  return { id: `${base}_USDT`, base, quote: 'USDT', fee: '0.2', trade_status: 'tradable', ...precision };
}

function placed({ amount, price, maxCost, text, currency_pair }) {
  if (exceedsOwnLimit({ size: amount, price, sizeIsCost: false, maxCost })) {
    return failed(400, 'INVALID_PARAM_VALUE', 'maxCost');
  }
  return ok({ id: String(++orders), text, currency_pair, status: 'open' });
}

function onMessage(message, { send, headers }) {
  const { id, channel, event, payload } = JSON.parse(message);
  const time = Math.floor(Date.now() / 1000);
  if (channel.endsWith('.ping')) return send({ time, channel: channel.replace('.ping', '.pong'), event: '' });
  if (event === 'api') {
    const header = { response_time: String(Date.now()), status: '200', channel, event };
    return send({ request_id: payload.req_id, ack: false, header, data: { result: resultOf(payload) } });
  }
  send({ time, id, channel, event, payload, error: undefined, result: { status: 'success' } });
  if (event === 'subscribe' && channel.endsWith('.balances')) {
    const user = headers['x-countersign-account'];
    const change = { user, currency: 'USDT', total: '1000', available: '900', balance: 900 };
    send({ time, channel, event: 'update', result: [{ timestamp: String(time), ...change }] });
  }
}

function resultOf({ req_param }) {
  return { id: String(++orders), text: req_param.text, currency_pair: 'BTC_USDT', status: 'open' };
}
