import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  answer: answerAsCryptocom,
  codeOf: (body) => JSON.parse(body.toString('utf8')).code,
  keys: {
    dialect: 'cryptocom',
    passphrase: false,
    read: 'read',
    trade: 'trade',
    instrument: 'BTC_USD',
  },
  webSocket: {
    onOpen: ({ send }) => send({ id: 1, method: 'public/heartbeat', code: 0 }),
    onMessage,
    codeOf: codeOfMessage,
    proofMessages: /"sig"/,
  },
};

const PREFIX = '/exchange/v1/';
let orders = 0;

/** Answers as Crypto.com does, as far as ccxt needs it. What is to be done stands in the path, and in the body again. */
function answerAsCryptocom({ path, headers, json }) {
  const method = path.slice(PREFIX.length);
  const result = METHODS[method]?.(json?.params ?? {}, headers['x-countersign-account']);
  if (result === undefined) return { status: 404, body: { code: 10_008, message: 'METHOD_NOT_FOUND' } };
  return { body: { id: json?.id, method, code: 0, result } };
}

const BALANCE = { instrument_name: 'USD', quantity: '1000', reserved_qty: '100' };

const METHODS = {
  'public/get-instruments': () => ({ data: ['BTC', 'ETH'].map(instrumentOf) }),
  'private/get-currency-networks': () => ({ currency_map: {} }),
  'private/user-balance': (_, uid) => ({ data: [{ uid, position_balances: [BALANCE] }] }),
  'private/get-open-orders': () => ({ data: [] }),
  'private/create-order': placed,
  'private/cancel-order': ({ order_id }) => ({ order_id }),
  'private/create-order-list': ({ order_list }) =>
    order_list.map(({ client_oid }, index) => ({ index, code: 0, order_id: String(++orders), client_oid })),
};

function instrumentOf(base) {
  return {
    symbol: `${base}_USD`,
    inst_type: 'CCY_PAIR',
    base_ccy: base,
    quote_ccy: 'USD',
    price_tick_size: '0.01',
    qty_tick_size: '0.00001',
    tradable: true,
  };
}

function placed({ price, quantity, max_cost: maxCost, client_oid }) {
  if (exceedsOwnLimit({ size: quantity, price, sizeIsCost: false, maxCost })) return undefined;
  return { order_id: String(++orders), client_oid };
}

/** Answers nothing before its heartbeat was answered. */
function onMessage(text, line) {
  const { id, method, params } = JSON.parse(text);
  line.waiting ??= [];
  if (method === 'public/respond-heartbeat') {
    for (const answer of line.waiting) answer();
    line.isAlive = true;
    return;
  }
  const answer = () => line.send({ id, method, code: 0, result: resultOf(method, params, line.headers) });
  if (line.isAlive) answer();
  else line.waiting.push(answer);
}

/** Who it is stands in the headers of the handshake. */
function resultOf(method, params, headers) {
  if (method !== 'subscribe') return METHODS[method](params);
  const [channel] = params.channels;
  const { data } = METHODS['private/user-balance']({}, headers['x-countersign-account']);
  return { channel, subscription: channel, data };
}

/** A heartbeat has a code as well, which says nothing. */
function codeOfMessage(text) {
  const { method, code } = JSON.parse(text);
  return method === 'public/heartbeat' ? undefined : code;
}
