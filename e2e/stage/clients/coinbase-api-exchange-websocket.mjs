import { WebsocketClient } from 'coinbase-api';

const SILENT = { trace() {}, info() {}, error() {} };

/** The WebSockets of the package coinbase-api. It reconnects by itself, so each is closed when its case is over. */
export const make = ({ url, key, more }) =>
  new WebsocketClient(
    {
      apiKey: key.id,
      apiSecret: key.secret,
      apiPassphrase: key.passphrase,
      wsUrl: url.replace(/^http/, 'ws'),
      ...more,
    },
    SILENT,
  );

export const close = (client) => client.closeAll(true);
