import { WebsocketClient } from 'gateio-api';

const SILENT = { trace() {}, info() {}, error() {} };

/** The spot WebSocket of gateio-api. It reconnects by itself, so each is closed when its case is over. */
export const make = ({ url, key, more }) =>
  new WebsocketClient(
    {
      apiKey: key.id,
      apiSecret: key.secret,
      wsUrl: `${url.replace(/^http/, 'ws')}/ws/v4/`,
      ...more,
    },
    SILENT,
  );

export const close = (client) => client.closeAll(true);
