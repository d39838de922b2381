/**
 * Makes a ccxt client that finds its exchange at another address.
 *
 * @param classes `ccxt` or `ccxt.pro`
 * @param options.ccxt an id of ccxt's, where it is not the exchange's name, or an object:
 *   - `id` the same
 *   - `more` options for every client of the exchange; a case's own come on top
 *   - `credentials` takes a key, and returns what ccxt calls its parts
 *   - `point` takes the client and the address, for what does not stand in `urls.api`
 */
export function makeCcxt(classes, { exchange, url, key, more, ccxt }) {
  const way = typeof ccxt === 'string' ? { id: ccxt } : (ccxt ?? {});
  const { id = exchange, more: always = {}, credentials = credentialsOf } = way;
  const client = new classes[id]({
    ...credentials(key),
    enableRateLimit: false,
    timeout: 10_000,
    ...always,
    ...more,
    options: { ...always.options, ...more.options },
  });
  client.urls.api = addressesAt(url, client.urls.api);
  way.point?.(client, url);
  return client;
}

function credentialsOf({ id, secret, privateKey, passphrase }) {
  return { apiKey: id, secret: secret ?? privateKey, password: passphrase };
}

/** ccxt has an address per part of an API, in trees: scheme and host are replaced, the path stays as it is. */
function addressesAt(url, given) {
  if (typeof given === 'string') {
    const [, scheme, rest] = /^(\w+):\/\/[^/?#]*(.*)$/s.exec(given);
    return (/^wss?$/.test(scheme) ? url.replace(/^http/, 'ws') : url) + rest;
  }
  if (typeof given !== 'object' || given === null) return given;
  return Object.fromEntries(Object.entries(given).map(([name, each]) => [name, addressesAt(url, each)]));
}
