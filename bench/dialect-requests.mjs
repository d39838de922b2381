/** What a customer's client would send in each dialect, before it is signed: one that moves money, where there is one. */

let serial = 0;
const next = () => `bot-7f3a9c-${String(++serial).padStart(16, '0')}`;
const json = (value) => Buffer.from(JSON.stringify(value));
const order = () => ({
  symbol: 'BTCUSDT',
  side: 'buy',
  orderType: 'limit',
  price: '23222.5',
  size: '1',
  clientOid: next(),
});
const cryptocomOrder = () => ({
  instrument_name: 'BTC_USDT',
  side: 'BUY',
  type: 'LIMIT',
  price: '23222.5',
  quantity: '1',
  client_oid: next(),
});
const form = (fields) => Buffer.from(new URLSearchParams(fields).toString());

const post = (target, body) => ({ method: 'POST', target, body });
const posted = (target) => () => post(target, json(order()));

/** By the dialect's name: makes a new request, never the same one twice. */
export const REQUESTS = {
  bitget: posted('/api/v2/spot/trade/place-order'),
  okx: posted('/api/v5/trade/order'),
  binance: () => post(`/api/v3/order?${form(order())}`, Buffer.alloc(0)),
  mexc: () => post(`/api/v3/order?${form(order())}`, Buffer.alloc(0)),
  bybit: posted('/v5/order/create'),
  gate: posted('/api/v4/spot/orders'),
  kucoin: posted('/api/v1/orders'),
  'coinbase-exchange': posted('/orders'),
  'coinbase-cdp': posted('/api/v3/brokerage/orders'),
  kraken: () => post('/0/private/AddOrder', form(order())),
  'kraken-futures': () => post('/derivatives/api/v3/sendorder', form(order())),
  bitfinex: posted('/v2/auth/w/order/submit'),
  cryptocom: () =>
    post(
      '/exchange/v1/private/create-order',
      json({ id: ++serial, method: 'private/create-order', params: cryptocomOrder() }),
    ),
  // Its signature covers no body, and a time in seconds: the query tells one request from the next.
  htx: () => post(`/v1/order/orders/place?client=${next()}`, json(order())),
  hyperliquid: () =>
    post(
      '/exchange',
      json({
        action: {
          type: 'order',
          orders: [
            { a: 0, b: true, p: '23222.5', s: '1', r: false, t: { limit: { tif: 'Gtc' } }, c: `0x${next()}` },
          ],
          grouping: 'na',
        },
      }),
    ),
  rfc9421: posted('/v1/orders'),
  sigv4: posted('/v1/orders'),
  bearer: posted('/v1/orders'),
};
