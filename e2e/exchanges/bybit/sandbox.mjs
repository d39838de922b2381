import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  answer: answerAsBybit,
  codeOf: codeIn,
  proofHeaders: /^x-bapi-/,
  keys: {
    dialect: 'bybit',
    passphrase: false,
    read: 'read',
    trade: 'trade',
    instrument: 'BTCUSDT',
    more: { rsa: { permissions: ['read', 'trade'], kind: 'rsa' } },
  },
  webSocket: { onMessage, codeOf: codeInMessage, proofMessages: /"op":"auth"/ },
};

let orders = 0;

function codeIn(body) {
  return String(JSON.parse(body.toString('utf8')).retCode ?? 'no code');
}

/** The streams say `success`, the socket for orders has a `retCode`, and what is pushed has neither. */
function codeInMessage(text) {
  const { retCode, ret_code, success } = JSON.parse(text);
  const code = retCode ?? ret_code ?? (success ? 0 : undefined);
  return code === undefined ? undefined : String(code);
}

/** Answers as Bybit does, as far as its clients need it. */
function answerAsBybit(request) {
  const answer = ROUTES[`${request.method} ${request.path}`];
  if (answer === undefined) return failed(10017, 'Route not found.');
  return answer(request);
}

const answered = (retCode, retMsg, result) => ({
  body: { retCode, retMsg, result, retExtInfo: {}, time: Date.now() },
});
const ok = (result) => answered(0, 'OK', result);
const failed = (retCode, retMsg) => answered(retCode, retMsg, {});

const ROUTES = {
  'GET /v5/market/time': () => ok({ timeSecond: '1', timeNano: '1000000000' }),
  'GET /v5/market/instruments-info': ({ query }) => {
    const category = query.get('category');
    return ok({
      category,
      list: category === 'spot' ? ['BTC', 'ETH'].map(symbolOf) : [],
      nextPageCursor: '',
    });
  },

  'GET /v5/asset/coin/query-info': () => ok({ rows: [] }),
  'GET /v5/user/query-api': ({ headers }) =>
    ok({ userID: headers['x-countersign-account'], unified: 0, uta: 1 }),
  'GET /v5/account/info': () => ok({ unifiedMarginStatus: 6 }),
  'GET /v5/account/wallet-balance': () =>
    ok({
      list: [{ accountType: 'UNIFIED', coin: [{ coin: 'USDT', walletBalance: '1000', locked: '100' }] }],
    }),
  // Gives back the text that was asked for, so that a client can see whether it arrived unharmed.
  'GET /v5/order/realtime': ({ query }) =>
    ok({ list: [{ orderId: '1', orderLinkId: query.get('orderLinkId') }] }),

  'POST /v5/order/create': ({ json }) => placed(json),
  'POST /v5/order/cancel': ({ json }) => ok({ orderId: json.orderId, orderLinkId: '' }),
  'POST /v5/order/create-batch': ({ json }) =>
    ok({ list: json.request.map(() => ({ orderId: String(++orders) })) }),
  'POST /v5/order/cancel-all': () => ok({ list: [] }),
};

function symbolOf(baseCoin) {
  return {
    symbol: `${baseCoin}USDT`,
    baseCoin,
    quoteCoin: 'USDT',
    status: 'Trading',
    marginTrading: 'none',
    lotSizeFilter: {
      basePrecision: '0.000001',
      quotePrecision: '0.00000001',
      minOrderQty: '0.000001',
      maxOrderQty: '100',
      minOrderAmt: '1',
      maxOrderAmt: '8000000',
    },
    priceFilter: { tickSize: '0.01' },
  };
}

function placed({ qty, price, maxCost, orderLinkId }) {
  if (exceedsOwnLimit({ size: qty, price, sizeIsCost: false, maxCost })) return failed(170140, 'maxCost');
  return ok({ orderId: String(++orders), orderLinkId });
}

function onMessage(text, { send, upgrade, headers }) {
  const { op, args, req_id, reqId } = JSON.parse(text);
  if (op === 'ping') return send({ success: true, ret_msg: 'pong', op: 'ping', req_id });
  if (upgrade.target === '/v5/trade') {
    const [order] = args;
    return send({ reqId, retCode: 0, retMsg: 'OK', op, data: placed(order).body.result, connId: '1' });
  }
  send({ success: true, ret_msg: '', op, req_id, conn_id: '1' });
  if (op === 'subscribe' && args.includes('wallet')) return send(walletOf(headers['x-countersign-account']));
}

function walletOf(uid) {
  const coin = [{ coin: 'USDT', walletBalance: '1000', locked: '100' }];
  return { topic: 'wallet', id: uid, creationTime: Date.now(), data: [{ accountType: 'UNIFIED', coin }] };
}
