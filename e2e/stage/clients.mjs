import { RestClientV2 } from 'bitget-api';
import ccxt from 'ccxt';
import { RestClient } from 'okx-api';

/*
 * The exchanges' clients as their users install them: nothing is patched, and each is pointed at another address
 * in the way that it offers for that.
 */

const MAKERS = {
  ccxt: ({ exchange, url, key, more }) => {
    const credentials = { apiKey: key.id, secret: key.secret, password: key.passphrase };
    const client = new ccxt[exchange]({ ...credentials, enableRateLimit: false, timeout: 10_000, ...more });
    point(client.urls.api, url);
    return client;
  },
  'bitget-api': ({ url, key, more }) =>
    new RestClientV2({
      apiKey: key.id,
      apiSecret: key.secret,
      apiPass: key.passphrase,
      baseUrl: url,
      ...more,
    }),
  'okx-api': ({ url, key, more }) =>
    new RestClient({ apiKey: key.id, apiSecret: key.secret, apiPass: key.passphrase, baseUrl: url, ...more }),
};

/**
 * Makes a client.
 *
 * @param name `ccxt`, `bitget-api` or `okx-api`
 * @param options.exchange `bitget` or `okx`
 * @param options.key id, secret and passphrase
 * @param options.more the client's own options
 */
export function makeClient(name, options) {
  return MAKERS[name]({ more: {}, ...options });
}

/** ccxt has an address per part of an API: scheme and host are replaced, the path stays. */
function point(addresses, url) {
  for (const [name, address] of Object.entries(addresses)) {
    if (typeof address === 'string') {
      const { pathname } = new URL(address.replace('{hostname}', 'example.com'));
      addresses[name] = url + pathname.replace(/\/$/, '');
    } else point(address, url);
  }
}

/** What a client throws, in a word: the name of its class, or `object` where it throws a plain one. */
export function nameOfThrown(thrown) {
  const name = thrown?.constructor?.name;
  return name === 'Object' ? 'object' : (name ?? typeof thrown);
}
