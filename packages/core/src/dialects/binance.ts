import { BINANCE_ERRORS } from './binance-errors.ts';
import { binanceMessages } from './binance-messages.ts';
import { binanceLimits } from './rate-limit-headers.ts';
import { exchangeError, jsonAnswer } from './refusals.ts';
import { signedParameters } from './signed-parameters.ts';
import { readMillisecondsOrMicroseconds } from './timestamps.ts';

const schemes = {
  hmac: { scheme: 'hmac-sha256', encoding: 'hex' },
  rsa: { scheme: 'rsa-v1_5-sha256', encoding: 'base64' },
  ed25519: { scheme: 'ed25519', encoding: 'base64' },
} as const;

/**
 * Binance, spot, margin and futures: the query or the form, less `signature`; HMAC-SHA256 in hex, RSA (PKCS#1 v1.5,
 * SHA-256) or Ed25519 in base64. Timestamp in ms or microseconds, less than a second ahead and at most `recvWindow`
 * old (5 s, up to 60 s). Method, path and host are not covered.
 *
 * A request that only names its key, as for a listen key, has no signature and is refused.
 */
export const binance = signedParameters({
  name: 'binance',
  schemes,
  keyHeader: 'X-MBX-APIKEY',
  readTimestamp: readMillisecondsOrMicroseconds,
  messageParameter: 'apiKey',
  webSocket: binanceMessages(schemes),
  rateLimitHeaders: binanceLimits,
  refuse(refusal) {
    const { code, message, status } = exchangeError(BINANCE_ERRORS, refusal);
    return jsonAnswer(status, { code: Number(code), msg: message }, refusal);
  },
});
