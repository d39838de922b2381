/*
 * The exchanges' clients as their users install them: nothing is patched, and each is pointed at another address
 * in the way that it offers for that. `clients/` has a file for each, named as its package.
 */

/**
 * Makes a client.
 *
 * @param name a file in `clients/`, without `.mjs`
 * @param options.exchange name of the exchange
 * @param options.url where the client finds it
 * @param options.key one of `issueKeys`
 * @param options.more the client's own options
 * @param options.ccxt the exchange's way with ccxt, see `clients/ccxt.mjs`
 */
export async function makeClient(name, { more = {}, ...options }) {
  const { make } = await loadClient(name);
  return make({ more, ...options });
}

/** Makes the client of a case, on its stage. */
export function makeClientFor({ exchange, tap, keys }, { client, key, more, ccxt = exchange.ccxt }) {
  return makeClient(client, { exchange: exchange.name, url: tap.url, key: keys[key], more, ccxt });
}

/** Ends what a client keeps open, where it keeps anything. */
export async function closeClient(name, client) {
  const { close } = await loadClient(name);
  await close?.(client);
}

function loadClient(name) {
  return import(new URL(`./clients/${name}.mjs`, import.meta.url).href);
}

/** What a client throws, in a word: the name of its class, or `object` where it throws a plain one. */
export function nameOfThrown(thrown) {
  const name = thrown?.constructor?.name;
  return name === 'Object' ? 'object' : (name ?? typeof thrown);
}
