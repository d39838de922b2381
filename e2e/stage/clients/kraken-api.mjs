import KrakenClient from 'kraken-api';

/** Has no classes of errors: what it throws is an Error with Kraken's texts, less the `E` in front. */
export const make = ({ url, key, more }) => new KrakenClient(key.id, key.secret, { url, ...more });
