import { concatenated } from './concatenated.ts';
import { KUCOIN_ERRORS } from './kucoin-errors.ts';
import { kucoinLimits } from './rate-limit-headers.ts';
import { exchangeError, jsonAnswer } from './refusals.ts';
import { readMilliseconds } from './timestamps.ts';

/**
 * KuCoin, spot and futures: `timestamp + METHOD + path[?query] + body`, HMAC-SHA256, base64. Timestamp in ms, taken
 * verbatim; 5 seconds either way. The passphrase is sent as it is in version 1 of a key, and as base64 of its
 * HMAC-SHA256 under the secret in versions 2 and 3. The version is no part of what is signed: with another one, the
 * passphrase does not fit.
 *
 * KuCoin's own SDKs send `/api/v1/accounts?` and sign it without the `?`, and sign the query of a DELETE decoded. There
 * is no login inside a WebSocket: a signed POST fetches a token for it, which the exchange itself checks. What brokers
 * send besides (`KC-API-PARTNER…`) is not read.
 */
export const kucoin = concatenated({
  name: 'kucoin',
  schemes: { hmac: { scheme: 'hmac-sha256', encoding: 'base64' } },
  headers: {
    key: 'KC-API-KEY',
    signature: 'KC-API-SIGN',
    timestamp: 'KC-API-TIMESTAMP',
    passphrase: 'KC-API-PASSPHRASE',
  },
  keyVersion: {
    header: 'KC-API-KEY-VERSION',
    signsPassphrase: new Map([
      ['1', false],
      ['2', true],
      ['3', true],
    ]),
    absent: '1',
    written: '3',
  },
  omitsBareMark: true,
  queryOrBody: 'DELETE',
  window: { pastMs: 5_000, futureMs: 5_000 },
  timestampUnit: 'ms',
  readTimestamp: readMilliseconds,
  writeTimestamp: String,
  rateLimitHeaders: kucoinLimits,
  refuse(refusal) {
    const { code, message, status } = exchangeError(KUCOIN_ERRORS, refusal);
    return jsonAnswer(status, { code, msg: message }, refusal);
  },
});
