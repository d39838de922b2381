import { describe, expect, it } from 'vitest';
import { NOW } from '../../test/given.ts';
import { denial } from '../denial.ts';
import { coinbaseExchange } from './coinbase-exchange.ts';
import type { WebSocketLogin } from './dialect.ts';

const login = coinbaseExchange.webSocket as WebSocketLogin;
const context = { nowMs: NOW, requestId: 'req-1' };

describe('which messages are logins', () => {
  it.each([
    '{"type":"subscribe","channels":["user"],"signature":"s","key":"k","timestamp":1,"passphrase":"p"}',
    '{"signature":null}',
    '{"key":{}}',
    '{"k\\u0065y":"k"}',
    '{"type":"unsubscribe","signature":"s"}',
  ])('%s', (message) => expect(login.recognises(message)).toBe(true));

  it.each([
    '{"type":"subscribe","channels":["ticker"]}',
    '{"type":"subscribe","channels":[{"name":"user","key":"k"}]}',
    '["signature"]',
    'signature',
    '',
    '{"signature"',
  ])('and not %s', (message) => expect(login.recognises(message)).toBe(false));
});

it('is answered by the upstream, when it was let through', () => {
  const message = '{"type":"subscribe","channels":["user"],"signature":"s"}';
  expect(login.opensConnection(message)).toBe(true);
  expect(login.accept(message, context)).toBeUndefined();
});

it.each([
  ['signature_mismatch', 'Authentication Failed', 'invalid signature'],
  ['credential_missing', 'Authentication Failed', 'CB-ACCESS-KEY header is required'],
  ['rate_limited', 'Failed to subscribe', 'Private rate limit exceeded'],
  ['unavailable', 'Failed to subscribe', 'Service unavailable'],
] as const)('refuses %s as an error that clients know', (code, message, reason) => {
  const answer: unknown = JSON.parse(login.refuse(denial(code, 'A detail.'), '', context));
  expect(answer).toEqual({ type: 'error', message, reason: JSON.stringify({ message: reason }) });
});
