import { concatenated } from './concatenated.ts';
import { okxLogin } from './okx-login.ts';
import { type ExchangeErrors, exchangeError, jsonAnswer } from './refusals.ts';
import { readIsoInstant, writeIsoInstant } from './timestamps.ts';

const error = (code: number, message: string, status = 401) => ({ code: String(code), message, status });

/** Codes and texts from OKX's public documentation. Where OKX has no error of its own, the nearest is taken. */
const ERRORS: ExchangeErrors = {
  missing: {
    key: error(50103, 'Request header "OK-ACCESS-KEY" cannot be empty.'),
    signature: error(50106, 'Request header "OK-ACCESS-SIGN" cannot be empty.'),
    timestamp: error(50107, 'Request header "OK-ACCESS-TIMESTAMP" cannot be empty.'),
    passphrase: error(50104, 'Request header "OK-ACCESS-PASSPHRASE" cannot be empty.'),
  },
  byCode: {
    credential_missing: error(50103, 'Request header "OK-ACCESS-KEY" cannot be empty.'),
    malformed_request: error(50000, 'Body or request line cannot be read.', 400),
    dialect_unknown: error(50000, 'Body or request line cannot be read.', 400),
    environment_mismatch: error(50101, 'APIKey does not match current environment.'),
    timestamp_invalid: error(50112, 'Invalid OK-ACCESS-TIMESTAMP'),
    timestamp_out_of_window: error(50102, 'Timestamp request expired'),
    credential_unknown: error(50119, "API key doesn't exist"),
    passphrase_mismatch: error(50105, 'Request header "OK-ACCESS-PASSPHRASE" incorrect.'),
    signature_mismatch: error(50113, 'Invalid Sign'),
    algorithm_not_allowed: error(50113, 'Invalid Sign'),
    dialect_not_allowed: error(50111, 'Invalid OK-ACCESS-KEY'),
    replayed: error(50102, 'Timestamp request expired: the request was used before'),
    credential_disabled: error(50111, 'Invalid OK-ACCESS-KEY: disabled'),
    credential_revoked: error(50119, "API key doesn't exist"),
    credential_expired: error(50111, 'Invalid OK-ACCESS-KEY: expired'),
    credential_quarantined: error(50100, 'API frozen, please contact customer service.'),
    account_frozen: error(50100, 'API frozen, please contact customer service.'),
    ip_not_allowed: error(50110, "Your IP is not included in your API key's IP whitelist."),
    route_unknown: error(50404, 'Request URL not found', 404),
    permission_denied: error(50120, "This API key doesn't have permission to use this function"),
    constraint_violated: error(50120, 'Outside of the limits of this API key'),
    step_up_required: error(50120, 'A second factor is needed'),
    rate_limited: error(50011, 'Too Many Requests', 429),
    too_many_failures: error(50011, 'Too Many Requests', 429),
    body_too_large: error(50000, 'Body too large', 413),
    unavailable: error(50001, 'Service temporarily unavailable. Try again later', 503),
  },
};

const schemes = { hmac: { scheme: 'hmac-sha256', encoding: 'base64' } } as const;

/**
 * OKX v5: `timestamp + METHOD + path[?query] + body`, HMAC-SHA256, base64. Timestamp in ISO 8601 with
 * milliseconds and `Z`, taken verbatim; 30 seconds either way; plain passphrase. A body that a client leaves
 * out is signed as nothing.
 */
export const okx = concatenated({
  name: 'okx',
  schemes,
  headers: {
    key: 'OK-ACCESS-KEY',
    signature: 'OK-ACCESS-SIGN',
    timestamp: 'OK-ACCESS-TIMESTAMP',
    passphrase: 'OK-ACCESS-PASSPHRASE',
  },
  window: { pastMs: 30_000, futureMs: 30_000 },
  timestampUnit: 'ISO 8601',
  readTimestamp: readIsoInstant,
  writeTimestamp: writeIsoInstant,
  webSocket: okxLogin(schemes),
  refuse(refusal) {
    const { code, message, status } = exchangeError(ERRORS, refusal);
    return jsonAnswer(status, { code, msg: message, data: [] }, refusal);
  },
});
