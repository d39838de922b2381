import { randomUUID } from 'node:crypto';
import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  answer: answerAsKraken,
  codeOf: codeIn,
  proofHeaders: /^api-(key|sign)$/,
  publicPosts: /^\/0\/public\/Time$/,
  moves: { out: /Withdraw/, within: /WalletTransfer/ },
  keys: {
    dialect: 'kraken',
    passphrase: false,
    read: 'read',
    trade: 'trade',
    instrument: 'XBTUSD',
    more: {
      // A key has one client: kraken-api counts microseconds, and nothing in milliseconds comes after it.
      native: { permissions: ['read', 'trade'] },
      nativeFenced: { permissions: ['read', 'trade'], allowedIps: ['203.0.113.0/24'] },
      restarted: { permissions: ['read', 'trade'] },
      seconds: { permissions: ['read'] },
      windowed: { permissions: ['read', 'trade'], nonceWindow: 10_000 },
      atOnce: { permissions: ['read', 'trade'], nonceWindow: 10_000 },
      overtaken: { permissions: ['read', 'trade'] },
    },
  },
  webSocket: { onMessage, codeOf: codeInMessage },
};

/** Whose a token is: what the exchange was told when it gave it out. */
const accounts = new Map();
let orders = 0;

/** The first error, or `ok`. */
function codeIn(body) {
  return JSON.parse(body.toString('utf8')).error[0] ?? 'ok';
}

function answerAsKraken(request) {
  const answer = ROUTES[request.path];
  return answer === undefined ? failed('EGeneral:Unknown method') : answer(request);
}

const ok = (result) => ({ body: { error: [], result } });
const failed = (error) => ({ body: { error: [error] } });

const ROUTES = {
  '/0/public/Time': () => ok({ unixtime: Math.floor(Date.now() / 1000) }),
  '/0/public/Assets': () =>
    ok({
      XXBT: { altname: 'XBT', decimals: 10, status: 'enabled' },
      ZUSD: { altname: 'USD', decimals: 4, status: 'enabled' },
    }),
  '/0/public/AssetPairs': () => ok({ XXBTZUSD: pairOf('XBT'), XETHZUSD: pairOf('ETH') }),

  '/0/private/GetWebSocketsToken': ({ headers }) => {
    const token = randomUUID();
    accounts.set(token, headers['x-countersign-account']);
    return ok({ token, expires: 900 });
  },
  '/0/private/Balance': ({ headers }) => ok({ ZUSD: '900', account: headers['x-countersign-account'] }),
  '/0/private/BalanceEx': () => ok({ ZUSD: { balance: '1000', hold_trade: '100' } }),
  // Gives back the text that was asked for, so that a client can see whether it arrived unharmed.
  '/0/private/OpenOrders': ({ form }) => ok({ open: {}, userref: form.get('userref') }),
  '/0/private/AddOrder': ({ form, json }) => placed(json ?? Object.fromEntries(form)),
  '/0/private/AddOrderBatch': ({ json }) => ok({ orders: json.orders.map(() => ({ txid: nextOrder() })) }),
  '/0/private/CancelOrder': () => ok({ count: 1 }),
  '/0/private/CancelOrderBatch': ({ json }) => ok({ count: json.orders.length }),
};

function pairOf(base) {
  return {
    altname: `${base}USD`,
    wsname: `${base}/USD`,
    base: base === 'XBT' ? 'XXBT' : 'XETH',
    quote: 'ZUSD',
    pair_decimals: 1,
    lot_decimals: 8,
    ordermin: '0.0001',
    status: 'online',
  };
}

function placed({ volume, price, maxCost, cl_ord_id }) {
  if (exceedsOwnLimit({ size: volume, price, sizeIsCost: false, maxCost }))
    return failed('EOrder:Cost exceeded');
  return ok({ txid: [nextOrder()], descr: { order: 'order' }, cl_ord_id });
}

function nextOrder() {
  orders += 1;
  return `OORDER-${orders}`;
}

/** A subscription is its token's account's, whoever sends it. */
function onMessage(text, { send }) {
  const { method, req_id, params } = JSON.parse(text);
  if (method === 'ping') return send({ method: 'pong', req_id });
  const account = accounts.get(params?.token);
  if (account === undefined)
    return send({ error: 'ESession:Invalid session', method, req_id, success: false });
  send({ method, req_id, success: true, result: { channel: params.channel, account } });
  return send({
    channel: 'balances',
    type: 'snapshot',
    data: [{ asset: 'USD', asset_class: 'currency', balance: 900 }],
    sequence: 1,
  });
}

function codeInMessage(text) {
  const { error, success } = JSON.parse(text);
  return success === true ? 'ok' : error;
}
