import { WebsocketClient } from 'coinbase-api';
import { asFromCoinbase } from '../../exchanges/coinbase-cdp/private-key.mjs';

const SILENT = { trace() {}, info() {}, error() {} };

/** The WebSockets of the package coinbase-api. It reconnects by itself, so each is closed when its case is over. */
export const make = ({ url, key, more }) =>
  new WebsocketClient(
    {
      apiKey: key.id,
      apiSecret: asFromCoinbase(key),
      wsUrl: url.replace(/^http/, 'ws'),
      wsOptions: { rejectUnauthorized: false },
      ...more,
    },
    SILENT,
  );

export const close = (client) => client.closeAll(true);
