import { WebsocketClientV2 } from 'bitget-api';
import { subscriptions } from '../subscriptions.mjs';

/** The WebSocket client of the package bitget-api. It reconnects by itself, so each is closed when its case is over. */
export const make = ({ url, key, more }) =>
  subscriptions(WebsocketClientV2, {
    apiKey: key.id,
    apiSecret: key.secret,
    apiPass: key.passphrase,
    wsUrl: `${url.replace(/^http/, 'ws')}/v2/ws/private`,
    ...more,
  });

export const close = (client) => client.closeAll(true);
