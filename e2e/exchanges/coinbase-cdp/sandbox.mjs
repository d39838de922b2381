import { generateKeyPairSync } from 'node:crypto';
import { Agent } from 'node:https';
import { exceedsOwnLimit } from '../../sandbox/order-cost.mjs';
import { asFromCoinbase } from './private-key.mjs';

const BOTH = ['read', 'trade'];
const publicKeyInPem = ({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' });

export const EXCHANGE = {
  answer: answerAsCoinbase,
  codeOf: codeIn,
  proofHeaders: /^authorization$/,
  // Clients sign the address without its `https://`, and nothing else.
  tls: true,
  keys: {
    dialect: 'coinbase-cdp',
    passphrase: false,
    read: 'read',
    trade: 'trade',
    instrument: 'BTC-USD',
    proof: () => ({ kind: 'p256' }),
    more: {
      ed25519: { permissions: BOTH, kind: 'ed25519' },
      readerEd25519: { permissions: ['read'], kind: 'ed25519' },
      // As a platform brings them along that issued keys in Coinbase's form.
      imported: {
        permissions: BOTH,
        id: 'organizations/3b910e93-1111-4222-8333-444455556666/apiKeys/95e2f1a0-7777-4888-9999-aaaabbbbcccc',
      },
      importedEd25519: {
        permissions: BOTH,
        kind: 'ed25519',
        id: 'c0ffee00-1111-4222-8333-444455556666',
      },
      // The public key that the service knows is for the other algorithm than the one the client signs with.
      ed25519ForP256: () => {
        const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        const forClient = { kind: 'p256', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
        const registered = generateKeyPairSync('ed25519');
        if (publicKeyInPem({ publicKey }) === publicKeyInPem(registered)) throw new Error('two equal keys');
        return { permissions: BOTH, kind: 'ed25519', publicKey: publicKeyInPem(registered), forClient };
      },
    },
  },
  ccxt: {
    id: 'coinbase',
    more: { validateServerSsl: false },
    credentials: (key) => ({ apiKey: key.id, secret: asFromCoinbase(key) }),
    // Of an agent for WebSockets, ccxt takes this to heart as well.
    point: (client) => {
      client.agent = new Agent({ rejectUnauthorized: false });
    },
  },
  webSocket: { onMessage, codeOf: codeInMessage },
  moves: { out: /transactions$/, within: /move_funds$/ },
};

let orders = 0;

/** Coinbase has no code for success: an answer without an error is `ok`. */
function codeIn(body) {
  const { error, message } = JSON.parse(body.toString('utf8'));
  return String(error ?? message ?? 'ok');
}

/** Nor has a message one: it is an error, or data of a channel. */
function codeInMessage(text) {
  const { type, message, channel } = JSON.parse(text);
  return type === 'error' ? message : channel;
}

/** Answers as Coinbase's Advanced Trade and its App API do, as far as their clients need it. */
function answerAsCoinbase(request) {
  const { method, path } = request;
  const route = ROUTES.find(([name, pattern]) => name === method && pattern.test(path));
  if (route === undefined) return { status: 404, body: { error: 'not_found', message: path } };
  return route[2](request, decodeURIComponent(path.split('/').at(-1)));
}

const ok = (body) => ({ body });
const V3 = '/api/v3/brokerage';
const routeTo = (method, path, answer) => [method, new RegExp(`^${path}$`), answer];

const ROUTES = [
  routeTo('GET', '/v2/currencies(/crypto)?', () => ok({ data: [] })),
  routeTo('GET', '/v2/exchange-rates', () => ok({ data: { currency: 'USD', rates: {} } })),
  routeTo('GET', `${V3}/time`, () => ok({ epochMillis: String(Date.now()) })),
  routeTo('GET', `${V3}/market/products`, ({ query }) =>
    ok({ products: query.has('product_type') ? [] : ['BTC', 'ETH'].map(productOf) }),
  ),
  routeTo('GET', `${V3}/transaction_summary`, () =>
    ok({ fee_tier: { maker_fee_rate: '0', taker_fee_rate: '0' } }),
  ),
  // Gives back what was asked for, so that a client can see whether its text arrived unharmed.
  routeTo('GET', `${V3}/accounts`, ({ headers, query }) =>
    ok({ accounts: [accountOf(headers)], cursor: query.get('cursor') ?? '', has_next: false }),
  ),
  routeTo('GET', `${V3}/orders/historical/batch`, ({ query }) =>
    ok({ orders: [], cursor: query.get('cursor'), product_ids: query.getAll('product_ids') }),
  ),
  routeTo('GET', `${V3}/orders/historical/[^/]+`, (_, id) => ok({ order: { order_id: id } })),
  routeTo('POST', `${V3}/orders`, placed),
  routeTo('POST', `${V3}/orders/batch_cancel`, ({ json }) =>
    ok({ results: json.order_ids.map((order_id) => ({ success: true, order_id })) }),
  ),
  routeTo('POST', `${V3}/portfolios`, ({ body }) =>
    ok({ portfolio: { uuid: 'p-1' }, bytes: body.length, text: body.toString('utf8') }),
  ),
  routeTo('PUT', `${V3}/portfolios/[^/]+`, ({ json }, uuid) => ok({ portfolio: { uuid, name: json.name } })),
  routeTo('DELETE', `${V3}/portfolios/[^/]+`, (_, uuid) => ok({ uuid })),
  routeTo('POST', `${V3}/portfolios/move_funds`, () => ok({})),
  routeTo('GET', '/v2/user', ({ headers }) => ok({ data: { id: headers['x-countersign-account'] } })),
  routeTo('POST', '/v2/accounts/[^/]+/transactions', () => ok({ data: { id: '1' } })),
];

function accountOf(headers) {
  return {
    uuid: headers['x-countersign-account'],
    name: 'USD Wallet',
    currency: 'USD',
    available_balance: { value: '900', currency: 'USD' },
    hold: { value: '100', currency: 'USD' },
    type: 'ACCOUNT_TYPE_FIAT',
    active: true,
    ready: true,
  };
}

function productOf(base) {
  return {
    product_id: `${base}-USD`,
    price: '50000',
    base_increment: '0.00000001',
    quote_increment: '0.01',
    price_increment: '0.01',
    quote_min_size: '1',
    quote_max_size: '150000000',
    base_min_size: '0.00000001',
    base_max_size: '3400',
    status: 'online',
    product_type: 'SPOT',
    base_currency_id: base,
    quote_currency_id: 'USD',
  };
}

function placed({ json }) {
  const { product_id, client_order_id, max_cost: maxCost, order_configuration = {} } = json;
  const [{ base_size: size = 0, limit_price: price } = {}] = Object.values(order_configuration);
  if (exceedsOwnLimit({ size, price, sizeIsCost: false, maxCost }))
    return { status: 400, body: { error: 'INVALID_ARGUMENT', message: 'max_cost' } };
  const order = { order_id: String(++orders), product_id, client_order_id, side: 'BUY' };
  return ok({ success: true, success_response: order, order_configuration });
}

/** The market data feed. Each message subscribes, or ends that; who it is stands in the headers of the handshake. */
function onMessage(text, { send, headers }) {
  const { type, channel, product_ids: ids = [] } = JSON.parse(text);
  const account = headers['x-countersign-account'];
  if (type === 'unsubscribe') return send(dataOf('subscriptions', [{ subscriptions: {} }]));
  if (channel === 'user' && account === undefined)
    return send({ type: 'error', message: 'authentication failure' });
  send(dataOf('subscriptions', [{ subscriptions: { [channel]: ids } }]));
  if (channel === 'user')
    return send(dataOf('user', [{ type: 'snapshot', orders: [orderOf(account, ids)] }]));
  const tickers = ids.map((product_id) => ({ type: 'ticker', product_id, price: '50000' }));
  return send(dataOf(channel, [{ type: 'snapshot', tickers }]));
}

function dataOf(channel, events) {
  return { channel, client_id: '', timestamp: new Date().toISOString(), sequence_num: 0, events };
}

function orderOf(account, [product_id = 'BTC-USD']) {
  return {
    order_id: '1',
    client_order_id: account,
    product_id,
    status: 'OPEN',
    order_side: 'BUY',
    order_type: 'Limit',
    creation_time: new Date().toISOString(),
  };
}
