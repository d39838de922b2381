import { WebsocketAPIClient } from 'binance';

const SILENT = { trace() {}, info() {}, error() {} };

/** The WebSocket API of the package binance. It reconnects by itself, so each is closed when its case is over. */
export const make = ({ url, key, more }) =>
  new WebsocketAPIClient(
    {
      api_key: key.id,
      api_secret: key.secret ?? key.privateKey,
      wsUrl: url.replace(/^http/, 'ws'),
      attachEventListeners: false,
      ...more,
    },
    SILENT,
  );

export const close = (client) => client.getWSClient().closeAll(true);
