import { close, make as makeClient } from './hyperliquid.mjs';

/** The same package over a WebSocket. It prints every message that it sends and gets. */
export async function make({ more, ...options }) {
  const client = await makeClient({ ...options, more: { ...more, enableWs: true } });
  await client.connect();
  return client;
}

export { close };
