import { CBExchangeClient } from 'coinbase-api';

/** The Exchange client of the package coinbase-api: it signs with milliseconds as decimals. */
export const make = ({ url, key, more }) =>
  new CBExchangeClient({
    apiKey: key.id,
    apiSecret: key.secret,
    apiPassphrase: key.passphrase,
    baseUrl: url,
    ...more,
  });
