/**
 * @typedef {object} Case One call of one client, and what must come of it.
 * @property {string} what in at most 30 characters
 * @property {string} client a file in `stage/clients/`, without `.mjs`
 * @property {string} key a name of `stage/key-profiles.mjs`, or one of the exchange's own
 * @property {object} [more] the client's own options
 * @property {string | object} [ccxt] in place of the exchange's `ccxt`
 * @property {(client: object, stage: object) => Promise<unknown>} call the stage has the case's `key`, too
 * @property {Function} [theft] one of `stage/thefts.mjs`, or one of the exchange's own
 * @property {(key: object) => number} [notBefore] ms since 1970 before which the case makes no sense
 * @property {(value: unknown, stage: object) => boolean} [check] whether the client got what it should
 * @property {string} [matched] the spelling that the client signed: `wire`, `decoded`, `encoded`, …
 * @property {boolean} [thrownNamesCode] in place of the exchange's: whether what the client throws holds the code
 * @property {boolean} [proxyOnly] not asked of `POST /v1/verify` as well, as with WebSockets
 * @property {Expected} expect what is absent or `undefined` may be anything
 *
 * @typedef {object} Expected
 * @property {number} [status] of the last answer that the client got; of a WebSocket that opened, 101
 * @property {string} [code] the exchange's own, in that answer, or in the last message that has one
 * @property {string} [thrown] class of what the client threw, `object` for a plain one, `none`
 * @property {number} [passed] how many requests reached the exchange
 * @property {number} [upgrades] how many WebSocket handshakes did
 * @property {number} [messages] how many WebSocket messages did
 */

/** Makes the kinds of cases of an exchange whose code for success is `success`. */
export function caseMakers(success) {
  const make = (what, client, call, { expect, ...more }, expected) => ({
    what,
    client,
    key: 'trader',
    call,
    ...more,
    expect: { ...expected, ...expect },
  });
  return {
    /** A call that must be let through, once. */
    allowed: (what, client, call, more = {}) =>
      make(what, client, call, more, { status: 200, code: success, thrown: 'none', passed: 1 }),
    /** A call that must not reach the exchange. `answer` is status, code, and what the client throws. */
    refused: (what, client, [status, code, thrown], call, more = {}) =>
      make(what, client, call, more, { status, code, thrown, passed: 0 }),
    /** A call over a WebSocket that opens, and through which so many messages must pass. */
    overWebSocket: (what, client, messages, call, more = {}) =>
      make(what, client, call, { proxyOnly: true, ...more }, { status: 101, thrown: 'none', messages }),
  };
}

/** Texts that clients spell in more ways than one. */
export const TEXTS = {
  emoji: '🚀',
  quote: "it's",
  doubleQuote: 'say "hi"',
  spaces: 'two words',
  plus: '1+1',
  umlaut: 'Zürich',
  slash: 'a/b',
  mixed: `it's "two words" 1+1 🚀 Zürich a/b`,
  ampersand: 'a&b=c',
};

/** The third call is one too many for the key `metered`: each weighs 2, and its limit is 4. */
export function threeTimes(call) {
  return async (client) => {
    await call(client);
    await call(client);
    return call(client);
  };
}
