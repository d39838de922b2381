import ccxt from 'ccxt';
import { makeCcxt } from '../ccxt-at.mjs';

/** ccxt's WebSocket clients. They reconnect by themselves, so each is closed when its case is over. */
export async function make(options) {
  const client = makeCcxt(ccxt.pro, options);
  await client.loadHttpProxyAgent(); // Without it, ccxt takes the TLS agent for `ws://`, too.
  return client;
}

export const close = (client) => client.close();
