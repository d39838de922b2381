import { expect, it } from 'vitest';
import { NOW } from '../../test/given.ts';
import { type ClaimPart, DENIAL_CODES, type Denial, type DenialCode, denial } from '../denial.ts';
import { bitget } from './bitget.ts';

const answerTo = (refusal: Denial) => bitget.refuse(refusal, { nowMs: NOW, requestId: 'req-1' });

/** What the exchange answers: the status and its own code. */
const EXPECTED: Record<DenialCode, [status: number, code: string]> = {
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

it.each(DENIAL_CODES)('has an answer to %s', (code) => {
  const { status, headers, body } = answerTo(denial(code, 'A detail.'));
  const parsed = JSON.parse(body) as { code: string; msg: string };
  expect([status, parsed.code]).toEqual(EXPECTED[code]);
  expect(headers['content-type']).toBe('application/json');
  expect(Object.keys(parsed)).toEqual(['code', 'msg', 'requestTime', 'data']);
  expect(parsed.msg).not.toBe('');
  expect(parsed.msg).not.toMatch(/[{}]/);
});

it('has an error of its own for each part of a credential that is missing', () => {
  const parts: ClaimPart[] = ['key', 'signature', 'timestamp', 'passphrase'];
  const codes = parts.map(
    (part) => JSON.parse(answerTo(denial('credential_missing', '', { part })).body).code,
  );
  expect(codes).toEqual(['40001', '40002', '40003', '40011']);
});

it('names the permission that is lacking, and the time', () => {
  const refusal = denial('permission_denied', '', { permission: 'spot.trade' });
  expect(JSON.parse(answerTo(refusal).body)).toEqual({
    code: '40014',
    msg: 'Incorrect permissions, need spot.trade permissions',
    requestTime: NOW,
    data: null,
  });
});
