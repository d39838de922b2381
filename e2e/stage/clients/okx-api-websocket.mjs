import { WebsocketClient } from 'okx-api';
import { subscriptions } from '../subscriptions.mjs';

/** The WebSocket client of the package okx-api. It reconnects by itself, so each is closed when its case is over. */
export const make = ({ url, key, more }) =>
  subscriptions(WebsocketClient, {
    accounts: [{ apiKey: key.id, apiSecret: key.secret, apiPass: key.passphrase }],
    wsUrl: `${url.replace(/^http/, 'ws')}/ws/v5/private`,
    ...more,
  });

export const close = (client) => client.closeAll(true);
