import { COINBASE_EXCHANGE_ERRORS } from './coinbase-exchange-errors.ts';
import { coinbaseExchangeLogin } from './coinbase-exchange-login.ts';
import { concatenated } from './concatenated.ts';
import { exchangeError, jsonAnswer } from './refusals.ts';
import { readSeconds, writeSeconds } from './timestamps.ts';

const schemes = { hmac: { scheme: 'hmac-sha256', encoding: 'base64', key: 'base64' } } as const;

/**
 * Coinbase Exchange, formerly Pro and GDAX: `timestamp + METHOD + path[?query] + body`, HMAC-SHA256 under the bytes that
 * the secret is base64 of, base64. Timestamp in seconds, decimals allowed, taken verbatim; 30 seconds either way; plain
 * passphrase.
 *
 * Coinbase International has the same headers and signs no query; that is another form, and is refused here wherever
 * there is a query.
 */
export const coinbaseExchange = concatenated({
  name: 'coinbase-exchange',
  schemes,
  headers: {
    key: 'CB-ACCESS-KEY',
    signature: 'CB-ACCESS-SIGN',
    timestamp: 'CB-ACCESS-TIMESTAMP',
    passphrase: 'CB-ACCESS-PASSPHRASE',
  },
  window: { pastMs: 30_000, futureMs: 30_000 },
  timestampUnit: 'seconds',
  webSocket: coinbaseExchangeLogin(schemes),
  readTimestamp: readSeconds,
  writeTimestamp: writeSeconds,
  refuse(refusal) {
    const { message, status } = exchangeError(COINBASE_EXCHANGE_ERRORS, refusal);
    return jsonAnswer(status, { message }, refusal);
  },
});
