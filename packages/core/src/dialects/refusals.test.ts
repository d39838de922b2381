import { describe, expect, it } from 'vitest';
import {
  aCredential,
  aProof,
  aRequest,
  aSigningKey,
  ask,
  denialOf,
  keyRow,
  NOW,
  signed,
} from '../../test/given.ts';
import { type ClaimPart, DENIAL_CODES, DENIALS, type Denial, denial } from '../denial.ts';
import { bearer } from './bearer.ts';
import { bitget } from './bitget.ts';
import type { Dialect, HttpAnswer } from './dialect.ts';
import { okx } from './okx.ts';
import { DIALECTS, dialectNamed } from './registry.ts';

const context = { nowMs: NOW, requestId: 'req-1' };
const answerTo = (dialect: Dialect, refusal: Denial, nowMs = NOW) =>
  dialect.refuse(refusal, { ...context, nowMs });
const withoutTime = ({ body, ...rest }: HttpAnswer) => ({
  ...rest,
  body: body.replace(/"requestTime":\d+/, ''),
});

/** What each exchange answers: the status and its own code. */
const BITGET: Record<(typeof DENIAL_CODES)[number], [status: number, code: string]> = {
  credential_missing: [400, '40001'],
  malformed_request: [400, '40017'],
  dialect_unknown: [400, '40017'],
  environment_mismatch: [400, '40099'],
  timestamp_invalid: [400, '40005'],
  timestamp_out_of_window: [400, '40008'],
  credential_unknown: [400, '40037'],
  passphrase_mismatch: [400, '40012'],
  signature_mismatch: [400, '40009'],
  algorithm_not_allowed: [400, '40009'],
  dialect_not_allowed: [400, '40006'],
  replayed: [400, '40008'],
  credential_disabled: [400, '40006'],
  credential_revoked: [400, '40037'],
  credential_expired: [400, '40006'],
  credential_quarantined: [400, '40013'],
  account_frozen: [400, '40024'],
  ip_not_allowed: [400, '40018'],
  route_unknown: [404, '40404'],
  permission_denied: [400, '40014'],
  constraint_violated: [400, '40014'],
  step_up_required: [400, '40016'],
  rate_limited: [429, '429'],
  too_many_failures: [429, '429'],
  body_too_large: [413, '40017'],
  unavailable: [503, '40604'],
};
const OKX: typeof BITGET = {
  credential_missing: [401, '50103'],
  malformed_request: [400, '50000'],
  dialect_unknown: [400, '50000'],
  environment_mismatch: [401, '50101'],
  timestamp_invalid: [401, '50112'],
  timestamp_out_of_window: [401, '50102'],
  credential_unknown: [401, '50119'],
  passphrase_mismatch: [401, '50105'],
  signature_mismatch: [401, '50113'],
  algorithm_not_allowed: [401, '50113'],
  dialect_not_allowed: [401, '50111'],
  replayed: [401, '50102'],
  credential_disabled: [401, '50111'],
  credential_revoked: [401, '50119'],
  credential_expired: [401, '50111'],
  credential_quarantined: [401, '50100'],
  account_frozen: [401, '50100'],
  ip_not_allowed: [401, '50110'],
  route_unknown: [404, '50404'],
  permission_denied: [401, '50120'],
  constraint_violated: [401, '50120'],
  step_up_required: [401, '50120'],
  rate_limited: [429, '50011'],
  too_many_failures: [429, '50011'],
  body_too_large: [413, '50000'],
  unavailable: [503, '50001'],
};

describe.each([
  { dialect: bitget, expected: BITGET, keys: ['code', 'msg', 'requestTime', 'data'] },
  { dialect: okx, expected: OKX, keys: ['code', 'msg', 'data'] },
])('$dialect.name', ({ dialect, expected, keys }) => {
  it.each(DENIAL_CODES)('has an answer to %s', (code) => {
    const { status, headers, body } = answerTo(dialect, denial(code, 'A detail.'));
    const parsed = JSON.parse(body) as { code: string; msg: string };
    expect([status, parsed.code]).toEqual(expected[code]);
    expect(headers['content-type']).toBe('application/json');
    expect(Object.keys(parsed)).toEqual(keys);
    expect(parsed.msg).not.toBe('');
    expect(parsed.msg).not.toMatch(/[{}]/);
  });

  it('has an error of its own for each part of a credential that is missing', () => {
    const parts: ClaimPart[] = ['key', 'signature', 'timestamp', 'passphrase'];
    const codes = parts.map(
      (part) => JSON.parse(answerTo(dialect, denial('credential_missing', '', { part })).body).code,
    );
    expect(codes).toEqual(
      dialect === bitget ? ['40001', '40002', '40003', '40011'] : ['50103', '50106', '50107', '50104'],
    );
  });

  it('keeps our detail, which can name the server time, out of the exchange format', () => {
    const { body } = answerTo(dialect, denial('timestamp_out_of_window', 'UNIQUE DETAIL'));
    expect(body).not.toContain('UNIQUE DETAIL');
  });
});

it('bitget names the permission that is lacking, and the time', () => {
  const refusal = denial('permission_denied', '', { permission: 'spot.trade' });
  expect(JSON.parse(answerTo(bitget, refusal).body)).toEqual({
    code: '40014',
    msg: 'Incorrect permissions, need spot.trade permissions',
    requestTime: NOW,
    data: null,
  });
});

describe.each(DIALECTS)('$name', (dialect) => {
  it.each(DENIAL_CODES)('answers %s with JSON and a status of an error', (code) => {
    const { status, headers, body } = answerTo(dialect, denial(code, 'A detail.'));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(headers['content-type']).toMatch(/^application\/(problem\+)?json$/);
    expect(() => JSON.parse(body)).not.toThrow();
  });

  it('says when to come back, where the refusal knows', () => {
    const refusal = denial('rate_limited', '', { retryAfterSeconds: 7 });
    expect(answerTo(dialect, refusal).headers['retry-after']).toBe('7');
    expect(answerTo(dialect, denial('rate_limited', '')).headers).not.toHaveProperty('retry-after');
  });

  it('answers credential_revoked byte for byte as credential_unknown', () => {
    const revoked = denial('credential_revoked', 'The credential is revoked.', {
      part: 'key',
      clockDeltaMs: 3,
    });
    const unknown = denial('credential_unknown', 'No such credential.', { part: 'key', clockDeltaMs: 3 });
    expect(answerTo(dialect, revoked)).toEqual(answerTo(dialect, unknown));
    expect(withoutTime(answerTo(dialect, revoked, NOW + 9))).toEqual(withoutTime(answerTo(dialect, unknown)));
    expect(JSON.stringify(answerTo(dialect, revoked))).not.toContain('revoked');
  });
});

describe('a stranger who names a revoked credential', () => {
  const revokedRecord = aCredential({ standing: 'revoked', proofs: [] });
  const withSecret = aCredential({ standing: 'revoked' });
  const bearerRequest = aRequest({ headers: ['Authorization', 'Bearer abc'] });

  it.each([
    { dialect: bitget, request: signed(bitget, aRequest()) },
    { dialect: okx, request: signed(okx, aRequest()) },
    { dialect: bearer, request: bearerRequest },
  ])('gets the same answer as for an id that never existed: $dialect.name', ({ dialect, request }) => {
    const revoked = denialOf(ask(dialect, request, revokedRecord));
    const unknown = denialOf(ask(dialect, request, undefined));
    expect([revoked.code, unknown.code]).toEqual(['credential_revoked', 'credential_unknown']);
    expect(answerTo(dialect, revoked)).toEqual(answerTo(dialect, unknown));
  });

  it('does so too while the secret is not destroyed yet, and the signature right', () => {
    const request = signed(bitget, aRequest());
    const revoked = denialOf(ask(bitget, request, withSecret));
    expect(revoked.code).toBe('credential_revoked');
    expect(answerTo(bitget, revoked)).toEqual(answerTo(bitget, denialOf(ask(bitget, request, undefined))));
  });
});

describe('bearer', () => {
  it.each(DENIAL_CODES)('answers %s as a problem (RFC 9457)', (code) => {
    const { status, headers, body } = answerTo(bearer, denial(code, 'A detail.'));
    const shown = code === 'credential_revoked' ? 'credential_unknown' : code;
    expect(status).toBe(DENIALS[shown].status);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(headers['www-authenticate']).toBe(status === 401 ? 'Bearer realm="countersign"' : undefined);
    expect(JSON.parse(body)).toEqual({
      type: `/docs/errors/${shown}`,
      title: DENIALS[shown].title,
      status,
      detail: shown === code ? 'A detail.' : 'No such credential.',
      code: shown,
      requestId: 'req-1',
    });
  });

  it('adds the difference of the clocks where it is known', () => {
    const refusal = denial('signature_mismatch', '', { clockDeltaMs: -12 });
    expect(JSON.parse(answerTo(bearer, refusal).body)).toMatchObject({ clockDeltaMs: -12 });
  });
});

describe('the table of dialects', () => {
  it('offers a request to these, in this order', () => {
    expect(DIALECTS.map(({ name }) => name)).toEqual(['bitget', 'okx', 'rfc9421', 'bearer']);
  });

  it('finds each by its name, and no other', () => {
    for (const dialect of DIALECTS) expect(dialectNamed(dialect.name)).toBe(dialect);
    for (const name of ['', 'Bitget', 'toString', '__proto__', 'constructor'])
      expect(dialectNamed(name)).toBeUndefined();
  });

  it.each([bitget, okx])('$name recognises its own requests, and no other', (dialect) => {
    const request = signed(dialect, aRequest());
    expect(DIALECTS.filter((other) => other.recognises(request))).toEqual([dialect]);
    const [keyName, keyId, signName, signature] = request.headers as [string, string, string, string];
    expect(dialect.recognises(aRequest({ headers: [keyName.toLowerCase(), keyId] }))).toBe(true);
    expect(dialect.recognises(aRequest({ headers: [signName, signature] }))).toBe(true);
    expect(dialect.recognises(aRequest({ headers: [keyName, 'a', keyName, 'b'] }))).toBe(true);
    expect(dialect.recognises(aRequest())).toBe(false);
  });

  it('recognises a bearer token by its scheme alone', () => {
    const of = (value: string) => bearer.recognises(aRequest({ headers: ['Authorization', value] }));
    for (const value of ['Bearer abc', 'bearer abc', 'Bearer']) expect(of(value)).toBe(true);
    for (const value of ['Basic abc', 'Bearerabc', '', 'x Bearer abc']) expect(of(value)).toBe(false);
    expect(bearer.recognises(aRequest({ headers: ['Authorization', 'a', 'authorization', 'b'] }))).toBe(true);
    expect(bearer.recognises(aRequest())).toBe(false);
  });

  it.each([bitget, okx])('$name lists every header that carries its proof', (dialect) => {
    const names = Object.keys(dialect.sign(aRequest(), aSigningKey(), { nowMs: NOW, nonce: '' }));
    expect([...dialect.securityHeaders].sort()).toEqual(names.map((name) => name.toLowerCase()).sort());
  });

  it.each([bitget, okx, bearer])('$name does not sign with a kind that it does not know', (dialect) => {
    const key = aSigningKey(undefined, { kind: 'p256' });
    expect(() => dialect.sign(aRequest(), key, { nowMs: NOW, nonce: '' })).toThrow(TypeError);
  });

  it('bearer signs with the token itself', () => {
    const key = aSigningKey(undefined, { kind: 'bearer', sign: () => 'the-token' });
    const headers = bearer.sign(aRequest(), key, { nowMs: NOW, nonce: '' });
    expect(headers).toEqual({ Authorization: 'Bearer the-token' });
  });
});

it('the dummy of these tests is never the answer', () => {
  const request = signed(bitget, aRequest(), aSigningKey('nobody knows this'));
  expect(denialOf(ask(bitget, request, undefined)).code).toBe('credential_unknown');
  const empty = aCredential({ proofs: [aProof({ key: keyRow('') })] });
  expect(denialOf(ask(bitget, signed(bitget, aRequest(), aSigningKey('')), empty)).code).toBe(
    'signature_mismatch',
  );
});
