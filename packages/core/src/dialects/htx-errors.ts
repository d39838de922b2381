import type { Denial } from '../denial.ts';
import { pathOf } from '../message.ts';
import type { HttpAnswer, RefusalContext } from './dialect.ts';
import { type ExchangeError, type ExchangeErrors, exchangeError, jsonAnswer } from './refusals.ts';

const BAD_SIGNATURE = 'api-signature-not-valid';

const error = (code: string, message: string, status = 200) => ({ code, message, status });
const invalid = (why: string) => error(BAD_SIGNATURE, `Signature not valid: ${why}`);

const WRONG_KEY = invalid('Incorrect Access key [Access key错误]');
const WRONG_SIGNATURE = invalid('Verification failure [校验失败]');
const WRONG_TIME = invalid(
  'Invalid submission time or incorrect time format [无效的提交时间,或时间格式错误]',
);
const NO_PERMISSION = invalid('API key has no permission [API Key没有权限]');
const MALFORMED = error('bad-request', 'The request cannot be read');
const missing = (field: string) => error('validation-constraints-required', `Field is missing: ${field}.`);
const LOCKED = error('account-locked', 'The account is locked');
const TOO_MANY = error(
  'base-request-exceed-frequency-limit',
  'Frequency of requests has exceeded the limit, please try again later',
  429,
);

/**
 * HTX says nearly everything with one code and HTTP 200; the text tells them apart. Codes and texts as its clients have
 * reported them, checked against ccxt's error classes. `account-locked` and the text of a replay are ours.
 */
const ERRORS: ExchangeErrors = {
  missing: {
    key: missing('AccessKeyId'),
    signature: missing('Signature'),
    timestamp: missing('Timestamp'),
    passphrase: MALFORMED,
  },
  byCode: {
    credential_missing: missing('AccessKeyId'),
    malformed_request: MALFORMED,
    dialect_unknown: MALFORMED,
    environment_mismatch: WRONG_KEY,
    timestamp_invalid: WRONG_TIME,
    timestamp_out_of_window: WRONG_TIME,
    credential_unknown: WRONG_KEY,
    passphrase_mismatch: WRONG_KEY,
    signature_mismatch: WRONG_SIGNATURE,
    algorithm_not_allowed: WRONG_SIGNATURE,
    dialect_not_allowed: WRONG_KEY,
    replayed: invalid('Invalid submission time: it was used before'),
    credential_disabled: WRONG_KEY,
    credential_revoked: WRONG_KEY,
    credential_expired: WRONG_KEY,
    credential_quarantined: LOCKED,
    account_frozen: LOCKED,
    ip_not_allowed: invalid('Incorrect IP address [IP地址错误]'),
    route_unknown: error('bad-request', 'There is no such method and path', 404),
    permission_denied: NO_PERMISSION,
    constraint_violated: NO_PERMISSION,
    step_up_required: NO_PERMISSION,
    rate_limited: TOO_MANY,
    too_many_failures: TOO_MANY,
    body_too_large: error('bad-request', 'The body is too large', 413),
    unavailable: error('system-maintenance', 'System is in maintenance!', 503),
  },
};

/** A path of the spot API begins so; any other is one of a contract API. What those under /v5/ answer was not checked. */
const SPOT = /^\/v[12]\//;
const CONTRACT_SIGNATURE = 403;

/** The names of the members differ between spot and contract, and so does the code of a bad signature. */
export function htxAnswer(refusal: Denial, { nowMs, request }: RefusalContext): HttpAnswer {
  const { code, message, status } = exchangeError(ERRORS, refusal);
  if (request === undefined || SPOT.test(pathOf(request.target))) {
    const body = { status: 'error', 'err-code': code, 'err-msg': message, data: null };
    return jsonAnswer(status, body, refusal);
  }
  const numeric = code === BAD_SIGNATURE ? CONTRACT_SIGNATURE : code;
  const body = { status: 'error', err_code: numeric, err_msg: message, ts: nowMs };
  return jsonAnswer(status, body, refusal);
}

const AUTH_FAILED = '2002';

/** In a WebSocket there is one code for whatever is wrong with a login; its text is that of a request. */
export function htxLoginError(refusal: Denial): ExchangeError {
  return { ...exchangeError(ERRORS, refusal), code: AUTH_FAILED };
}
