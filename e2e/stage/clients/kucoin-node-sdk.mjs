import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The package keeps address and key for the whole process, so each client is a copy of its own. */
export function make({ url, key, more }) {
  for (const path of Object.keys(require.cache)) {
    if (path.includes('/kucoin-node-sdk/src/')) delete require.cache[path];
  }
  const sdk = require('kucoin-node-sdk');
  const apiAuth = { key: key.id, secret: key.secret, passphrase: key.passphrase };
  sdk.init({ baseUrl: url, apiAuth, authVersion: 2, ...more });
  return sdk;
}
