import { describe, expect, it } from 'vitest';
import { aRequest, aSigningKey, NOW } from '../../test/given.ts';
import { type ClaimPart, DENIAL_CODES, type Denial, type DenialCode, denial } from '../denial.ts';
import { binance } from './binance.ts';
import type { WebSocketLogin } from './dialect.ts';

const context = { nowMs: NOW, requestId: 'req-1' };
const answerTo = (refusal: Denial) => binance.refuse(refusal, context);
const messages = binance.webSocket as WebSocketLogin;

/** What the exchange answers: the status and its own code. */
const EXPECTED: Record<DenialCode, [status: number, code: number]> = {
  credential_missing: [401, -2014],
  malformed_request: [400, -1100],
  dialect_unknown: [400, -1100],
  environment_mismatch: [401, -2015],
  timestamp_invalid: [400, -1100],
  timestamp_out_of_window: [400, -1021],
  credential_unknown: [401, -2015],
  passphrase_mismatch: [401, -2015],
  signature_mismatch: [400, -1022],
  algorithm_not_allowed: [400, -1022],
  dialect_not_allowed: [401, -2015],
  replayed: [400, -1021],
  credential_disabled: [401, -2015],
  credential_revoked: [401, -2015],
  credential_expired: [401, -2015],
  credential_quarantined: [401, -2015],
  account_frozen: [400, -2010],
  ip_not_allowed: [401, -1002],
  route_unknown: [404, -1020],
  permission_denied: [401, -1002],
  constraint_violated: [401, -1002],
  step_up_required: [401, -1002],
  rate_limited: [429, -1003],
  too_many_failures: [429, -1003],
  body_too_large: [413, -1101],
  unavailable: [503, 1],
};

describe('a refusal', () => {
  it.each(DENIAL_CODES)('has an answer to %s', (code) => {
    const { status, headers, body } = answerTo(denial(code, 'A detail.'));
    const parsed = JSON.parse(body) as { code: number; msg: string };
    expect([status, parsed.code]).toEqual(EXPECTED[code]);
    expect(headers['content-type']).toBe('application/json');
    expect(Object.keys(parsed)).toEqual(['code', 'msg']);
    expect(parsed.msg).not.toBe('');
    expect(parsed.msg).not.toContain('A detail.');
  });

  it('has an error of its own for each part that is missing', () => {
    const parts: ClaimPart[] = ['key', 'signature', 'timestamp'];
    const texts = parts.map(
      (part) => JSON.parse(answerTo(denial('credential_missing', '', { part })).body).msg,
    );
    expect(texts).toEqual([
      'API-key format invalid.',
      "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.",
      "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
    ]);
  });

  it.each(DENIAL_CODES)('says the same of %s to a message', (code) => {
    const message = JSON.parse(messages.refuse(denial(code, 'A detail.'), '{"id":7}', context));
    const [status, error] = EXPECTED[code];
    expect(message).toMatchObject({ id: 7, status, error: { code: error } });
    expect(Object.keys(message.error)).toEqual(['code', 'msg']);
  });

  it('says to a message when to come back', () => {
    const refusal = denial('rate_limited', '', { retryAfterSeconds: 3 });
    expect(JSON.parse(messages.refuse(refusal, '{"id":1}', context)).error.data).toEqual({
      serverTime: NOW,
      retryAfter: NOW + 3000,
    });
  });

  it.each([
    ['"a\\u0062"', '"a\\u0062"'],
    ['12345678901234567890', '12345678901234567890'],
    ['null', 'null'],
    ['{"a":1}', 'null'],
    ['[1]', 'null'],
  ])('gives back the id %s', (id, given) => {
    const answer = messages.refuse(denial('unavailable', ''), `{"method":"ping","id":${id}}`, context);
    expect(answer).toContain(`{"id":${given},`);
  });

  it.each(['', 'ping', '[]', '{}', '{"id":'])('has an id of null for the message %s', (message) => {
    expect(messages.refuse(denial('unavailable', ''), message, context)).toContain('{"id":null,');
  });
});

const message = (method: string, params: object = { signature: 's' }) =>
  JSON.stringify({ id: 1, method, params });

describe('a message', () => {
  it.each([
    message('order.place'),
    message('session.logon', {}),
    message('v3/session.logon'),
    '{"method":"order.place","params":{"sign\\u0061ture":"s"}}',
    '{"params":{"signature":"s"},"params":{}}',
    '{"method":"session.logon","method":"ping"}',
  ])('carries a proof: %s', (text) => expect(messages.recognises(text)).toBe(true));

  it.each([
    '',
    'signature',
    '"signature"',
    '["params",{"signature":"s"}]',
    '{"signature":"s"}',
    '{"params":"{\\"signature\\":\\"s\\"}"}',
    '{"params":["signature"]}',
    '{"params":{"a":{"signature":"s"}}}',
    message('ping', {}),
    message('session.status', {}),
    message('session.logonx', {}),
  ])('carries none: %s', (text) => expect(messages.recognises(text)).toBe(false));

  it.each([
    ['session.logon', true],
    ['v3/session.logon', true],
    ['order.place', false],
    ['userDataStream.subscribe.signature', false],
  ])('opens the connection: %s, %s', (method, opens) => {
    expect(messages.opensConnection(message(method))).toBe(opens);
    expect(messages.accept(message(method), context) !== undefined).toBe(opens);
  });

  it('that logs on is answered as by Binance', () => {
    const logon = message('session.logon', { apiKey: 'key-1', timestamp: NOW, signature: 's' });
    expect(JSON.parse(messages.accept(logon, context) as string)).toEqual({
      id: 1,
      status: 200,
      result: {
        apiKey: 'key-1',
        authorizedSince: NOW,
        connectedSince: NOW,
        returnRateLimits: false,
        serverTime: NOW,
        userDataStream: false,
      },
    });
  });

  it.each([
    ['account.status', true],
    ['v2/account.position', true],
    ['openOrders.status', true],
    ['order.status', true],
    ['allOrders', true],
    ['myTrades', true],
    ['userDataStream.subscribe.signature', true],
    ['order.place', false],
    ['order.test', false],
    ['openOrders.cancelAll', false],
    ['order.statusless', false],
    ['something.new', false],
    ['mystery', false],
  ])('only asks to see something: %s, %s', (method, isReadOnly) => {
    const text = message(method, { apiKey: 'key-1', timestamp: NOW, signature: 's' });
    expect(messages.read(text, { handshake: aRequest() })).toMatchObject({ ok: true, isReadOnly });
  });

  it('is not signed with a kind of key that the dialect does not know', () => {
    const key = aSigningKey(undefined, { kind: 'p256' });
    expect(() => messages.sign(key, { nowMs: NOW, nonce: '1' })).toThrow(TypeError);
  });
});
