/** An order that this exchange takes. */
export const ORDER = {
  currency_pair: 'BTC_USDT',
  side: 'buy',
  type: 'limit',
  amount: '0.01',
  price: '50000',
};

let sent = 0;
/** Seconds tick slowly: what is equal and sent in one of them has one signature, and these cases are quick. */
export const different = () => `t-${++sent}`;

/** Makes a call twice at once. */
export const twice = (call) => (client) => Promise.all([call(client), call(client)]);
