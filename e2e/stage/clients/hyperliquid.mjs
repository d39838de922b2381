import { createRequire } from 'node:module';

// Its ES module does not find the package ws.
const { BASE_URLS, Hyperliquid, WSS_URLS } = createRequire(import.meta.url)('hyperliquid');

/** It has no option for an address, but a table of them, which is read when a client is made. */
export async function make({ url, key, more }) {
  BASE_URLS.PRODUCTION = url;
  WSS_URLS.PRODUCTION = `${url.replace(/^http/, 'ws')}/ws`;
  const client = new Hyperliquid({
    privateKey: key.privateKey,
    enableWs: false,
    disableAssetMapRefresh: true,
    ...more,
  });
  await client.refreshAssetMapsNow();
  // With its first order the package sends a referrer's code, by a timer, and nobody hears what came of it.
  client.exchange._i = 1;
  return client;
}

export const close = (client) => client.disconnect();
