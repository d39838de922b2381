const SILENT = { trace() {}, info() {}, error() {} };

/**
 * Makes a WebSocket client that tells what it gets by events, as those of the bitget-api family do.
 *
 * @returns the client, with `firstUpdate(subscribe)`: it subscribes, and waits for what is pushed, or for the error
 */
export function subscriptions(WebsocketClient, options) {
  const client = new WebsocketClient(options, SILENT);
  // Without a listener, an error that comes later would end the process.
  client.on('exception', () => {});
  client.firstUpdate = (subscribe) =>
    new Promise((resolve, reject) => {
      client.once('update', resolve);
      client.once('exception', reject);
      Promise.resolve(subscribe(client)).catch(reject);
    });
  return client;
}
