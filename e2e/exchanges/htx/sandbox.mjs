import { Agent } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

/** The host is signed. So clients sign the name of the exchange, and the service knows it from its settings. */
export const HOST = 'api.example.com';

export const EXCHANGE = {
  answer: answerAsHtx,
  codeOf: codeIn,
  settings: { PUBLIC_HOST: HOST },
  keys: {
    dialect: 'htx',
    passphrase: false,
    read: 'read',
    trade: 'trade',
    instrument: 'btcusdt',
  },
  ccxt: {
    more: { options: { fetchMarkets: { types: { spot: true, linear: false, inverse: false } } } },
    point: (client, url) => pointTo(HOST, client, url),
  },
  webSocket: { onOpen, onMessage, codeOf: codeInMessage, proofMessages: /signature/i },
};

/**
 * ccxt takes the host that it signs from its settings. That of a WebSocket it takes out of the URL, which it finds to be
 * `wss`: the agent connects in the plain all the same.
 */
export function pointTo(host, client, url) {
  client.hostname = host;
  client.urls.hostnames = { spot: host, contract: host };
  const contract = { private: `wss://${host}/notification`, privateV5: `wss://${host}/ws/v5/notification` };
  client.urls.api.ws = {
    api: {
      spot: { private: `wss://${host}/ws/v2` },
      swap: { linear: contract, inverse: contract },
    },
  };
  client.options.ws = { ...client.options.ws, options: { agent: new PlainAgent(new URL(url)) } };
}

class PlainAgent extends Agent {
  #port;

  constructor({ port }) {
    super();
    this.protocol = 'https:';
    this.#port = Number(port);
  }

  createConnection() {
    return connect(this.#port, '127.0.0.1');
  }
}

/** An answer has a status, and a code where that is an error. */
function codeIn(body) {
  const { status, 'err-code': ofSpot, err_code: ofContract } = JSON.parse(body.toString('utf8'));
  return ofSpot ?? ofContract ?? status;
}

let orders = 0;

/** Answers as HTX does, as far as ccxt needs it. */
function answerAsHtx(request) {
  const answer = ROUTES[`${request.method} ${request.path.replace(/\/\d+\//, '/1/')}`];
  if (answer === undefined) return failed(404, 'bad-request', 'There is no such path');
  return answer(request);
}

const ok = (data) => ({ body: { status: 'ok', data } });
const failed = (status, code, text) => ({
  status,
  body: { status: 'error', 'err-code': code, 'err-msg': text, data: null },
});

const ROUTES = {
  'GET /v1/common/symbols': () => ok(['btc', 'eth'].map(symbolOf)),
  'GET /v1/common/timestamp': () => ok(Date.now()),
  'GET /v2/reference/currencies': () => ok([]),

  'GET /v1/account/accounts': ({ headers }) =>
    ok([{ id: 1, type: 'spot', subtype: '', state: 'working', uid: headers['x-countersign-account'] }]),
  'GET /v1/account/accounts/1/balance': () =>
    ok({ id: 1, list: [balanceOf('trade', '900'), balanceOf('frozen', '100')] }),
  // Gives back the symbol that was asked for, so that a client can see whether its text arrived unharmed.
  'GET /v1/order/openOrders': ({ query }) => ok([{ id: 1, symbol: query.get('symbol') }]),
  'GET /v2/user/uid': ({ headers }) => ok(headers['x-countersign-account']),
  'GET /v5/account/balance': () =>
    ok({ details: [{ currency: 'USDT', available_margin: '900', equity: '1000' }] }),

  'POST /v1/order/orders/place': ({ json }) => placed(json.amount, json.price, json['max-cost']),
  'POST /v1/order/orders/1/submitcancel': () => ok('1'),
  'POST /v1/order/batch-orders': ({ json }) =>
    ok(json.map((order) => ({ 'order-id': ++orders, 'client-order-id': order['client-order-id'] }))),
  'POST /v5/trade/order': ({ json }) => placed(json.volume, json.price, json.max_cost, json),
};

const balanceOf = (type, balance) => ({ currency: 'usdt', type, balance });

function symbolOf(base) {
  return {
    'base-currency': base,
    'quote-currency': 'usdt',
    'price-precision': 2,
    'amount-precision': 6,
    'value-precision': 8,
    symbol: `${base}usdt`,
    state: 'online',
    'min-order-amt': 0.0001,
    'max-order-amt': 1000,
    'min-order-value': 5,
  };
}

function placed(size, price, maxCost, { note } = {}) {
  if (exceedsOwnLimit({ size, price, sizeIsCost: false, maxCost }))
    return failed(200, 'bad-request', 'max-cost');
  return ok(note === undefined ? String(++orders) : { order_id: ++orders, note });
}

/** Contracts are sent in gzip. */
const isContract = ({ upgrade }) => upgrade.target === '/ws/v5/notification';
const sendTo = (line, message) => line.send(isContract(line) ? gzipSync(JSON.stringify(message)) : message);

/** Asks for a sign of life, and says nothing else before it came. */
function onOpen(line) {
  const ts = Date.now();
  sendTo(line, isContract(line) ? { op: 'ping', ts: String(ts) } : { action: 'ping', data: { ts } });
}

function onMessage(text, line) {
  const { op, action, ch, topic } = JSON.parse(text);
  line.waiting ??= [];
  if ((op ?? action) === 'pong') {
    for (const answer of line.waiting) answer();
    line.isAlive = true;
    return;
  }
  const answer = () => {
    for (const message of answersTo({ ch, topic })) sendTo(line, message);
  };
  if (line.isAlive) answer();
  else line.waiting.push(answer);
}

function answersTo({ ch, topic }) {
  if (topic !== undefined) {
    const details = [{ currency: 'USDT', withdraw_available: '900', equity: '1000' }];
    return [
      { op: 'sub', topic, 'err-code': 0, ts: Date.now() },
      { op: 'notify', topic, data: { details }, ts: Date.now() },
    ];
  }
  const data = { currency: 'usdt', available: '900', balance: '1000', changeTime: Date.now() };
  return [
    { action: 'sub', code: 200, ch, data: {} },
    { action: 'push', ch, data },
  ];
}

function codeInMessage(text) {
  const { code, 'err-code': ofContract } = JSON.parse(text);
  return code ?? ofContract;
}
