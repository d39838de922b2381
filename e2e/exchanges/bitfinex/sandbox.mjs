import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  answer: answerAsBitfinex,
  codeOf: codeIn,
  thrownNamesCode: false,
  proofHeaders: /^bfx-(apikey|signature|nonce)$/,
  moves: { out: /withdraw/, within: /transfer/ },
  keys: {
    dialect: 'bitfinex',
    passphrase: false,
    read: 'read',
    trade: 'trade',
    instrument: 'tBTCUSD',
    more: {
      restarted: { permissions: ['read', 'trade'] },
      windowed: { permissions: ['read', 'trade'], nonceWindow: 10_000 },
      micro: { permissions: ['read', 'trade'] },
      streamer: { permissions: ['read', 'trade'] },
    },
  },
  webSocket: { onOpen: pushWallets, onMessage, codeOf: codeInMessage, proofMessages: /authSig/ },
};

let orders = 0;

/** `code text` of a refusal: Bitfinex has one code for several of them. */
function codeIn(body) {
  const [first, code, text] = JSON.parse(body.toString('utf8'));
  return first === 'error' ? `${code} ${text}` : 'ok';
}

function answerAsBitfinex(request) {
  const { method, path } = request;
  const answer = ROUTES[`${method} ${path.replace(/^(\/v2\/conf|\/v2\/auth\/r\/orders)\/.*$/, '$1')}`];
  return answer === undefined ? failed(10020, 'path: unknown') : answer(request);
}

const ok = (body) => ({ body });
const failed = (code, text) => ({ status: 500, body: ['error', code, text] });

const PAIRS = ['BTCUSD', 'ETHUSD'];
const SWAPS = ['BTCF0:USTF0'];
/** Bitfinex describes a pair by a list: its smallest and largest order are the fourth and the fifth. */
const described = (pair) => [pair, [null, null, null, '0.0001', '2000']];
const CONFIGS = {
  'pub:info:pair': PAIRS.map(described),
  'pub:info:pair:futures': SWAPS.map(described),
};

const ROUTES = {
  'GET /v2/platform/status': () => ok([1]),
  'GET /v2/conf': ({ path }) =>
    ok(
      decodeURIComponent(path)
        .slice('/v2/conf/'.length)
        .split(',')
        .map((name) => CONFIGS[name] ?? []),
    ),

  'POST /v2/auth/r/info/user': ({ headers }) => ok([1, headers['x-countersign-account']]),
  'POST /v2/auth/r/wallets': () => ok([['exchange', 'USD', 1000, 0, 900, null, null]]),
  // Gives back the text that was asked for, so that a client can see whether it arrived unharmed.
  'POST /v2/auth/r/orders': ({ json, path }) => ok([json?.text ?? null, path]),
  'POST /v2/auth/w/order/submit': ({ json }) => placed(json),
  'POST /v2/auth/w/order/cancel': ({ json }) => ok(notified('oc-req', orderOf(json))),
  'POST /v2/auth/w/order/multi': ({ json }) => ok(notified('ox_multi-req', [json.ops.length])),
};

function placed(json) {
  const { amount, price, maxCost } = json;
  if (exceedsOwnLimit({ size: amount, price, sizeIsCost: false, maxCost })) return failed(10001, 'maxCost');
  return ok(notified('on-req', [orderOf({ ...json, id: nextOrder() })]));
}

function nextOrder() {
  orders += 1;
  return orders;
}

const notified = (type, what) => [Date.now(), type, null, null, what, null, 'SUCCESS', 'done'];

/** An order is a list of more than thirty; these are the ones that ccxt reads. */
function orderOf({ id, cid = null, symbol = 'tBTCUSD', amount = '0', type = 'EXCHANGE LIMIT', price = '0' }) {
  const order = new Array(32).fill(null);
  const known = { 0: id, 2: cid, 3: symbol, 4: Date.now(), 5: Date.now(), 6: amount, 7: amount, 8: type };
  Object.assign(order, known, { 13: 'ACTIVE', 16: price });
  return order;
}

/** Pushes the wallets without being asked to whom has logged in. */
function pushWallets({ headers, send }) {
  if (headers['x-countersign-account'] === undefined) return;
  send([0, 'ws', [['exchange', 'USD', 1000, 0, 900, null, null]]]);
}

function onMessage(text, { headers, send }) {
  const message = JSON.parse(text);
  if (Array.isArray(message)) {
    const [, type, , what] = message;
    return send([
      0,
      'n',
      [Date.now(), `${type}-req`, null, null, what, null, 'SUCCESS', headers['x-countersign-account']],
    ]);
  }
  if (message.event === 'ping') return send({ event: 'pong', ts: Date.now(), cid: message.cid });
  return send({ event: 'subscribed', channel: message.channel, chanId: 17, symbol: message.symbol });
}

function codeInMessage(text) {
  const { event, status, code, msg } = JSON.parse(text);
  if (event !== 'auth') return undefined;
  return status === 'OK' ? 'ok' : `${code} ${msg}`;
}
