import { createECDH } from 'node:crypto';
import { addressOf } from '../../../packages/core/dist/index.js';

export const EXCHANGE = {
  answer: answerAsHyperliquid,
  codeOf: codeIn,
  proofHeaders: /^authorization$/,
  publicPosts: /^\/info$/,
  moves: false,
  ccxt: {
    // What ccxt sends of itself before the first order, and the lists that it loads: some cases want them.
    more: { options: { refSet: true, approvedBuilderFee: true, enableUnifiedMargin: false } },
    credentials: ({ publicKey, privateKey }) => ({ walletAddress: publicKey, privateKey }),
    point: (client) => client.setMarkets(['BTC', 'ETH'].map(marketOf)),
  },
  keys: {
    dialect: 'hyperliquid',
    passphrase: false,
    read: 'read',
    trade: 'trade',
    instrument: 'order',
    proof: () => ({ kind: 'secp256k1', ...makeAgent() }),
    // Nobody can sign for another key here: whoever signs with another one is another one.
    wrong: ({ trader }) => ({ wrongSecret: undefined, invented: { ...trader, ...makeAgent() } }),
    more: {
      trader: { permissions: ['read', 'trade', 'act'] },
      // A bot's key: it trades, and sends nothing away.
      tradeOnly: { permissions: ['trade'] },
      // The types of actions that it may do. How much an order is worth stands in a list, so no limit is set to it.
      limited: { permissions: ['read', 'trade', 'act'], constraints: { instruments: ['order', 'cancel'] } },
      // The id of a key that is brought along is its address, as its customer knows it.
      imported: () => withAddressAsId(makeAgent()),
    },
  },
  webSocket: { onMessage, codeOf: codeInMessage },
};

/** A pair as a customer makes it: the private key stays with the bot, and the address is its name. */
function makeAgent() {
  const pair = createECDH('secp256k1');
  pair.generateKeys();
  const privateKey = `0x${pair.getPrivateKey('hex').padStart(64, '0')}`;
  return { publicKey: addressOf(pair.getPublicKey()), privateKey };
}

function withAddressAsId(agent) {
  return { kind: 'secp256k1', permissions: ['read', 'trade', 'act'], id: agent.publicKey, ...agent };
}

/** A list of ccxt's, so that it need not be loaded for each case. */
function marketOf(base, index) {
  return {
    id: String(index),
    baseId: String(index),
    symbol: `${base}/USDC:USDC`,
    base,
    quote: 'USDC',
    settle: 'USDC',
    type: 'swap',
    swap: true,
    spot: false,
    contract: true,
    linear: true,
    precision: { amount: 0.00001, price: 0.1 },
    limits: { leverage: {}, amount: {}, price: {}, cost: {} },
    info: {},
  };
}

let orders = 0;

/** Hyperliquid has no codes: a refusal is told by its text. */
function codeIn(body) {
  const { status, response } = JSON.parse(body.toString('utf8'));
  return status === 'err' ? response : 'ok';
}

function codeInMessage(text) {
  const { channel, data } = JSON.parse(text);
  if (channel !== 'post') return undefined;
  return codeIn(JSON.stringify(data.response.payload));
}

/** Answers as Hyperliquid does, as far as its clients need it. */
function answerAsHyperliquid({ method, target, json, headers }) {
  if (method === 'POST' && target === '/info') return { body: INFO[json.type]?.() ?? null };
  if (method === 'GET' && target === '/key') return { body: { account: headers['x-countersign-account'] } };
  return { body: done(json.action, headers['x-countersign-account']) };
}

const PERPETUALS = ['BTC', 'ETH'].map((name) => ({ name, szDecimals: 5, maxLeverage: 40 }));
const CONTEXT = {
  funding: '0.0000125',
  openInterest: '1.0',
  prevDayPx: '50000.0',
  dayNtlVlm: '1.0',
  premium: '0.0',
  oraclePx: '50000.0',
  markPx: '50000.0',
  midPx: '50000.0',
};
const TOKENS = ['USDC', 'PURR'].map((name, index) => ({ name, index, szDecimals: 5, weiDecimals: 8 }));
const PAIR = { name: 'PURR/USDC', tokens: [1, 0], index: 0, isCanonical: true };

const INFO = {
  exchangeStatus: () => ({ specialStatuses: null, time: Date.now() }),
  metaAndAssetCtxs: () => [{ universe: PERPETUALS }, PERPETUALS.map(() => CONTEXT)],
  spotMeta: () => ({ tokens: TOKENS, universe: [PAIR] }),
  spotMetaAndAssetCtxs: () => [{ tokens: TOKENS, universe: [PAIR] }, [{ ...CONTEXT, coin: 'PURR/USDC' }]],
  perpDexs: () => [null],
  userAbstraction: () => 'disabled',
};

/** Gives back who acted, and with what client order id, so that a client can see what arrived. */
function done({ type, orders: placed, displayName }, account) {
  if (type === 'order') {
    const statuses = placed.map(({ c }) => ({ resting: { oid: ++orders, cloid: c, account } }));
    return { status: 'ok', response: { type, data: { statuses } } };
  }
  if (type === 'cancel') return { status: 'ok', response: { type, data: { statuses: ['success'] } } };
  return { status: 'ok', response: { type: 'default', displayName, account } };
}

/** Who it is stands in the headers of the handshake. */
function onMessage(text, { send, headers }) {
  const { method, id, request, subscription } = JSON.parse(text);
  if (method === 'ping') return send({ channel: 'pong' });
  if (method === 'subscribe') return subscribed(subscription, send);
  const payload =
    request.type === 'info'
      ? { type: request.payload.type, data: INFO[request.payload.type]() }
      : done(request.payload.action, headers['x-countersign-account']);
  return send({ channel: 'post', data: { id, response: { type: request.type, payload } } });
}

function subscribed(subscription, send) {
  send({ channel: 'subscriptionResponse', data: { method: 'subscribe', subscription } });
  const { type, coin } = subscription;
  if (type !== 'l2Book') return;
  const level = (px) => [{ px, sz: '1.0', n: 1 }];
  send({ channel: 'l2Book', data: { coin, time: Date.now(), levels: [level('49999.0'), level('50001.0')] } });
}
