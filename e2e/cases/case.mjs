/**
 * @typedef {object} Case One call of one client, and what must come of it.
 * @property {string} what in at most 30 characters
 * @property {'ccxt' | 'bitget-api' | 'okx-api'} client
 * @property {string} key a name of `stage/keys.mjs`
 * @property {object} [more] the client's own options
 * @property {(client: object) => Promise<unknown>} call
 * @property {Function} [theft] one of `stage/thefts.mjs`
 * @property {(key: object) => number} [notBefore] ms since 1970 before which the case makes no sense
 * @property {(value: unknown) => boolean} [check] whether the client got what it should
 * @property {'wire' | 'decoded' | 'decoded-plus' | 'encoded'} [matched] the spelling that the client signed
 * @property {{ status: number, code: string, thrown: string, passed?: number }} expect
 */

/** Makes the two kinds of cases of an exchange whose code for success is `success`. */
export function caseMakers(success) {
  return {
    /** A call that must be let through, once. */
    allowed: (what, client, call, more = {}) => ({
      what,
      client,
      key: 'trader',
      call,
      ...more,
      expect: { status: 200, code: success, thrown: 'none', passed: 1, ...more.expect },
    }),
    /** A call that must not reach the exchange. `answer` is status, code, and what the client throws. */
    refused: (what, client, answer, call, more = {}) => {
      const [status, code, thrown] = answer;
      return {
        what,
        client,
        key: 'trader',
        call,
        ...more,
        expect: { status, code, thrown, passed: 0, ...more.expect },
      };
    },
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
