import { describe, expect, it } from 'vitest';
import { aRequest, aSigningKey, NOW } from '../../test/given.ts';
import { type ClaimPart, DENIAL_CODES, type DenialCode, denial } from '../denial.ts';
import type { WireRequest } from '../message.ts';
import type { WebSocketLogin } from './dialect.ts';
import { mexc } from './mexc.ts';

const context = { nowMs: NOW, requestId: 'req-1' };
const login = mexc.webSocket as WebSocketLogin;
const ofContract = aRequest({ headers: ['Request-Time', '1'] });

type Expected = Record<DenialCode, [status: number, code: number]>;

/** What the exchange answers: the status and its own code. */
const SPOT: Expected = {
  credential_missing: [400, 400],
  malformed_request: [400, 700008],
  dialect_unknown: [400, 700008],
  environment_mismatch: [401, 401],
  timestamp_invalid: [400, 700008],
  timestamp_out_of_window: [400, 700003],
  credential_unknown: [401, 401],
  passphrase_mismatch: [401, 401],
  signature_mismatch: [400, 700002],
  algorithm_not_allowed: [400, 700002],
  dialect_not_allowed: [401, 401],
  replayed: [400, 700003],
  credential_disabled: [401, 401],
  credential_revoked: [401, 401],
  credential_expired: [401, 401],
  credential_quarantined: [401, 401],
  account_frozen: [400, 60005],
  ip_not_allowed: [403, 406],
  route_unknown: [404, 26],
  permission_denied: [403, 403],
  constraint_violated: [403, 403],
  step_up_required: [403, 403],
  rate_limited: [429, 429],
  too_many_failures: [429, 429],
  body_too_large: [413, 700008],
  unavailable: [503, 503],
};

const CONTRACT: Expected = {
  credential_missing: [401, 401],
  malformed_request: [400, 600],
  dialect_unknown: [400, 600],
  environment_mismatch: [401, 401],
  timestamp_invalid: [400, 513],
  timestamp_out_of_window: [400, 513],
  credential_unknown: [401, 401],
  passphrase_mismatch: [401, 401],
  signature_mismatch: [401, 602],
  algorithm_not_allowed: [401, 602],
  dialect_not_allowed: [401, 401],
  replayed: [400, 603],
  credential_disabled: [401, 401],
  credential_revoked: [401, 401],
  credential_expired: [401, 402],
  credential_quarantined: [401, 401],
  account_frozen: [403, 403],
  ip_not_allowed: [403, 406],
  route_unknown: [404, 511],
  permission_denied: [403, 511],
  constraint_violated: [403, 403],
  step_up_required: [403, 511],
  rate_limited: [429, 510],
  too_many_failures: [429, 510],
  body_too_large: [413, 601],
  unavailable: [503, 501],
};

const PARTS: ClaimPart[] = ['key', 'signature', 'timestamp'];

describe.each<[string, WireRequest | undefined, Expected, string[], number[]]>([
  ['spot', aRequest(), SPOT, ['code', 'msg'], [400, 700004, 700004]],
  ['no request at all', undefined, SPOT, ['code', 'msg'], [400, 700004, 700004]],
  ['contract', ofContract, CONTRACT, ['success', 'code', 'message'], [401, 602, 513]],
])('a refusal: %s', (_, request, expected, names, missing) => {
  it.each(DENIAL_CODES)('has an answer to %s', (code) => {
    const { status, headers, body } = mexc.refuse(denial(code, 'A detail.'), { ...context, request });
    const parsed = JSON.parse(body) as { code: number };
    expect([status, parsed.code]).toEqual(expected[code]);
    expect(headers['content-type']).toBe('application/json');
    expect(Object.keys(parsed)).toEqual(names);
    expect(body).not.toContain('A detail.');
  });

  it('has an error for each part that is missing', () => {
    const codes = PARTS.map((part) => {
      const { body } = mexc.refuse(denial('credential_missing', '', { part }), { ...context, request });
      return JSON.parse(body).code;
    });
    expect(codes).toEqual(missing);
  });
});

describe('the form', () => {
  it.each([
    [['X-MEXC-APIKEY', 'k'], true],
    [['request-time', '1'], true],
    [['apikey', 'k', 'signature', 's'], true],
    // The same header has another meaning in Kraken's futures, and `Signature` in RFC 9421.
    [['APIKey', 'k', 'Authent', 's'], false],
    [['Signature', 's', 'Signature-Input', 'i'], false],
  ])('is recognised by %j: %s', (headers, is) => expect(mexc.recognises(aRequest({ headers }))).toBe(is));

  it('is chosen by the path when signing', () => {
    const headersOf = (target: string) =>
      Object.keys(mexc.sign(aRequest({ target }), aSigningKey(), { ...context, nonce: '' }).headers);
    expect(headersOf('/api/v3/account')).toEqual(['X-MEXC-APIKEY']);
    expect(headersOf('/api/v1/private/account/assets')).toEqual(['ApiKey', 'Request-Time', 'Signature']);
  });

  it.each([
    ['a body besides a query', { method: 'POST', target: '/api/v1/x?a=1', body: Buffer.from('{}') }],
    ['a form', { method: 'POST', target: '/api/v1/x', body: Buffer.from('a=1') }],
    ['a form besides a query', { method: 'POST', target: '/api/v3/x?a=1', body: Buffer.from('b=1') }],
  ])('does not sign %s', (_, request) => {
    expect(() => mexc.sign(aRequest(request), aSigningKey(), { ...context, nonce: '' })).toThrow(TypeError);
  });
});

describe('the login inside a WebSocket', () => {
  it.each([
    ['{"method":"login"}', true],
    ['{"met\\u0068od":"login"}', true],
    ['{"method":"login","method":"ping"}', true],
    ['{"method":"ping"}', false],
    ['{"method":"sub.ticker","param":{"symbol":"login"}}', false],
    ['{"a":{"method":"login"}}', false],
    ['["method","login"]', false],
    ['login', false],
    ['', false],
  ])('recognises %s: %s', (message, is) => expect(login.recognises(message)).toBe(is));

  it('opens the connection, and is answered as by MEXC', () => {
    expect(login.opensConnection('{"method":"login"}')).toBe(true);
    expect(login.accept('{"method":"login"}', context)).toBe(
      `{"channel":"rs.login","data":"success","ts":${NOW}}`,
    );
    expect(login.refuse(denial('signature_mismatch', 'A detail.'), '{"method":"login"}', context)).toBe(
      `{"channel":"rs.error","data":"Signature verification failed!","ts":${NOW}}`,
    );
  });

  it('is not signed with a kind of key that the dialect does not know', () => {
    const key = aSigningKey(undefined, { kind: 'ed25519' });
    expect(() => login.sign(key, { nowMs: NOW, nonce: '1' })).toThrow(TypeError);
  });
});
