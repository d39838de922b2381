import { fileURLToPath } from 'node:url';
import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';

export const EXCHANGE = {
  manifest: fileURLToPath(new URL('../../../examples/manifests/okx-like.yaml', import.meta.url)),
  answer: answerAsOkx,
  moves: { atLeast: 3 },
  keys: { dialect: 'okx', read: 'read', trade: 'trade', instrument: 'BTC-USDT' },
  webSocket: {
    onMessage,
    codeOf: (text) => (text === 'pong' ? undefined : JSON.parse(text).code),
    proofMessages: /"login"|passphrase/i,
  },
};

let orders = 0;

/** Answers as OKX does, as far as its clients need it. */
function answerAsOkx(request) {
  const answer = ROUTES[`${request.method} ${request.path}`];
  if (answer === undefined) return failed(404, '50404', 'Request URL not found');
  return answer(request);
}

const ok = (data) => ({ body: { code: '0', msg: '', data } });
const failed = (status, code, msg) => ({ status, body: { code, msg, data: [] } });

const ROUTES = {
  'GET /api/v5/public/time': () => ok([{ ts: String(Date.now()) }]),
  'GET /api/v5/public/instruments': ({ query }) =>
    ok(query.get('instType') === 'SPOT' ? ['BTC-USDT', 'ETH-USDT'].map(instrument) : []),
  'GET /api/v5/market/ticker': ({ query }) => ok([{ instId: query.get('instId'), last: '50000' }]),

  'GET /api/v5/asset/currencies': () => ok([]),
  'GET /api/v5/account/config': ({ headers }) => ok([{ uid: headers['x-countersign-account'] }]),
  // Gives back the currency that was asked for, so that a client can see whether its text arrived unharmed.
  'GET /api/v5/account/balance': ({ query }) => {
    const details = [{ ccy: query.get('ccy') ?? 'USDT', eq: '1000', availEq: '900', frozenBal: '100' }];
    return ok([{ uTime: String(Date.now()), details }]);
  },

  'POST /api/v5/trade/order': ({ json }) => placed([json]),
  'POST /api/v5/trade/batch-orders': ({ json }) => placed(json),
  'POST /api/v5/trade/cancel-order': ({ json }) => ok([{ ordId: json?.ordId, sCode: '0', sMsg: '' }]),
  'POST /api/v5/trade/cancel-all-after': () => ok([{ triggerTime: '0' }]),
  'POST /api/v5/account/set-position-mode': () => ok([{ posMode: 'net_mode' }]),
  'POST /api/v5/asset/transfer': () => ok([{ transId: '1' }]),
  'POST /api/v5/asset/withdrawal': () => ok([{ wdId: '1' }]),
};

function instrument(instId) {
  const [baseCcy, quoteCcy] = instId.split('-');
  const sizes = { lotSz: '0.000001', minSz: '0.000001', tickSz: '0.01' };
  return { instType: 'SPOT', instId, baseCcy, quoteCcy, state: 'live', ...sizes };
}

function placed(list) {
  const isTooDear = ({ sz, px, tgtCcy, maxCost }) =>
    exceedsOwnLimit({ size: sz, price: px, sizeIsCost: tgtCcy === 'quote_ccy', maxCost });
  if (list.some(isTooDear)) return failed(400, '51000', 'Parameter maxCost error');
  return ok(list.map(({ clOrdId }) => ({ ordId: String(++orders), clOrdId, sCode: '0', sMsg: '' })));
}

/** Answers a subscription as OKX does, and pushes what it is for. */
function onMessage(text, { send, headers }) {
  if (text === 'ping') return send('pong');
  const { op: event, args } = JSON.parse(text);
  for (const arg of args) {
    send({ event, arg, connId: 'upstream' });
    const details = [{ ccy: 'USDT', eq: '1000', availEq: '900', availBal: '900', frozenBal: '100' }];
    send({ arg, data: [{ uTime: String(Date.now()), uid: headers['x-countersign-account'], details }] });
  }
}
