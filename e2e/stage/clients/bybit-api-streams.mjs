import { WebsocketClient } from 'bybit-api';

const SILENT = { trace() {}, info() {}, error() {} };

/** The private streams of bybit-api. It reconnects by itself, so each is closed when its case is over. */
export const make = ({ url, key, more }) =>
  new WebsocketClient(
    {
      key: key.id,
      secret: key.secret ?? key.privateKey,
      wsUrl: `${url.replace(/^http/, 'ws')}/v5/private`,
      ...more,
    },
    SILENT,
  );

export const close = (client) => client.closeAll(true);
