import { WebsocketAPIClient } from 'bybit-api';

const SILENT = { trace() {}, info() {}, error() {} };

/** Orders over bybit-api's WebSocket. It reconnects by itself, so each is closed when its case is over. */
export const make = ({ url, key, more }) =>
  new WebsocketAPIClient(
    {
      key: key.id,
      secret: key.secret ?? key.privateKey,
      wsUrl: `${url.replace(/^http/, 'ws')}/v5/trade`,
      attachEventListeners: false,
      ...more,
    },
    SILENT,
  );

export const close = (client) => client.getWSClient().closeAll(true);
