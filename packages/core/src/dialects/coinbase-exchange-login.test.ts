import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRequest, NOW } from '../../test/given.ts';
import { type Denial, denial } from '../denial.ts';
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

it('never throws, on any message, nor does its refusal', () => {
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('1795500000', 1_795_500_000.5, 'text') },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
  );
  const proof = { key: value, signature: value, timestamp: value, passphrase: value };
  const objects = fc
    .oneof(fc.record(proof), fc.record({ ...proof, channels: value }, { requiredKeys: [] }))
    .map((object) => JSON.stringify(object));
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.oneof(objects, fc.json({ maxDepth: 2 }), fc.string()), (message) => {
      login.recognises(message);
      const claim = login.read(message, { handshake: aRequest() });
      seen.add(claim.ok ? 'ok' : claim.code);
      login.refuse(claim.ok ? denial('signature_mismatch', '') : (claim as Denial), message, context);
    }),
    { numRuns: 1000 },
  );
  expect(seen).toContain('ok');
  expect(seen).toContain('credential_missing');
  expect(seen).toContain('timestamp_invalid');
});
