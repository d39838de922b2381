import { bitgetLogin } from './bitget-login.ts';
import { concatenated } from './concatenated.ts';
import { bitgetLimits } from './rate-limit-headers.ts';
import { type ExchangeErrors, exchangeError, jsonAnswer } from './refusals.ts';
import { readMilliseconds } from './timestamps.ts';

const error = (code: number, message: string, status = 400) => ({ code: String(code), message, status });

/**
 * Codes, texts and statuses from Bitget's public documentation, checked against ccxt's error classes: its
 * clients tell 40018 (address) and 40012 (passphrase) apart, and not the newer 40036, 40038 and 40068.
 * Bitget has no error of its own for a replay, a constraint or an unreadable request: the nearest is taken.
 */
const ERRORS: ExchangeErrors = {
  missing: {
    key: error(40001, 'ACCESS_KEY cannot be empty'),
    signature: error(40002, 'ACCESS_SIGN cannot be empty'),
    timestamp: error(40003, 'ACCESS_TIMESTAMP cannot be empty'),
    passphrase: error(40011, 'ACCESS_PASSPHRASE cannot be empty'),
  },
  byCode: {
    credential_missing: error(40001, 'ACCESS_KEY cannot be empty'),
    malformed_request: error(40017, 'Parameter verification failed'),
    dialect_unknown: error(40017, 'Parameter verification failed'),
    environment_mismatch: error(40099, 'exchange environment is incorrect'),
    timestamp_invalid: error(40005, 'Invalid ACCESS_TIMESTAMP'),
    timestamp_out_of_window: error(40008, 'Request timestamp expired'),
    credential_unknown: error(40037, 'Apikey does not exist'),
    passphrase_mismatch: error(40012, 'apikey/password is incorrect'),
    signature_mismatch: error(40009, 'sign signature error'),
    algorithm_not_allowed: error(40009, 'sign signature error'),
    dialect_not_allowed: error(40006, 'Invalid ACCESS_KEY'),
    replayed: error(40008, 'Request timestamp expired: the request was used before'),
    credential_disabled: error(40006, 'Invalid ACCESS_KEY: disabled'),
    credential_revoked: error(40037, 'Apikey does not exist'),
    credential_expired: error(40006, 'Invalid ACCESS_KEY: expired'),
    credential_quarantined: error(40013, 'User status is abnormal'),
    account_frozen: error(40024, 'Account has been frozen'),
    ip_not_allowed: error(40018, 'Invalid IP'),
    route_unknown: error(40404, 'Request URL NOT FOUND', 404),
    permission_denied: error(40014, 'Incorrect permissions, need {0} permissions'),
    constraint_violated: error(40014, 'Incorrect permissions: outside of the limits of this Apikey'),
    step_up_required: error(40016, 'The user must bind the phone or Google'),
    rate_limited: error(429, 'Too Many Requests', 429),
    too_many_failures: error(429, 'Too Many Requests', 429),
    body_too_large: error(40017, 'Parameter verification failed: body too large', 413),
    unavailable: error(40604, 'Server is busy, please try again later', 503),
  },
};

const schemes = {
  hmac: { scheme: 'hmac-sha256', encoding: 'base64' },
  rsa: { scheme: 'rsa-v1_5-sha256', encoding: 'base64' },
} as const;

/**
 * Bitget, API versions 1 to 3: `timestamp + METHOD + path[?query] + body`, HMAC-SHA256 or RSA (PKCS#1 v1.5,
 * SHA-256), base64. Timestamp in ms, taken verbatim; 30 seconds either way; plain passphrase.
 */
export const bitget = concatenated({
  name: 'bitget',
  schemes,
  headers: {
    key: 'ACCESS-KEY',
    signature: 'ACCESS-SIGN',
    timestamp: 'ACCESS-TIMESTAMP',
    passphrase: 'ACCESS-PASSPHRASE',
  },
  window: { pastMs: 30_000, futureMs: 30_000 },
  timestampUnit: 'ms',
  readTimestamp: readMilliseconds,
  writeTimestamp: String,
  webSocket: bitgetLogin(schemes),
  rateLimitHeaders: bitgetLimits,
  refuse(refusal, { nowMs }) {
    const { code, message, status } = exchangeError(ERRORS, refusal);
    const msg = message.replace('{0}', refusal.permission ?? 'more');
    return jsonAnswer(status, { code, msg, requestTime: nowMs, data: null }, refusal);
  },
});
