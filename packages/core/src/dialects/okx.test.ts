import { expect, it } from 'vitest';
import { NOW } from '../../test/given.ts';
import { type ClaimPart, DENIAL_CODES, type Denial, type DenialCode, denial } from '../denial.ts';
import { okx } from './okx.ts';

const answerTo = (refusal: Denial) => okx.refuse(refusal, { nowMs: NOW, requestId: 'req-1' });

/** What the exchange answers: the status and its own code. */
const EXPECTED: Record<DenialCode, [status: number, code: string]> = {
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

it.each(DENIAL_CODES)('has an answer to %s', (code) => {
  const { status, headers, body } = answerTo(denial(code, 'A detail.'));
  const parsed = JSON.parse(body) as { code: string; msg: string };
  expect([status, parsed.code]).toEqual(EXPECTED[code]);
  expect(headers['content-type']).toBe('application/json');
  expect(Object.keys(parsed)).toEqual(['code', 'msg', 'data']);
  expect(parsed.msg).not.toBe('');
  expect(parsed.msg).not.toMatch(/[{}]/);
});

it('has an error of its own for each part of a credential that is missing', () => {
  const parts: ClaimPart[] = ['key', 'signature', 'timestamp', 'passphrase'];
  const codes = parts.map(
    (part) => JSON.parse(answerTo(denial('credential_missing', '', { part })).body).code,
  );
  expect(codes).toEqual(['50103', '50106', '50107', '50104']);
});
