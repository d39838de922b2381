import { describe, expect, it } from 'vitest';
import { DENIAL_CODES, DENIALS, denial, publicDenial } from './denial.ts';

describe('the denial codes', () => {
  // Append-only: callers switch on these.
  it('are these, in this order', () => {
    expect(DENIAL_CODES).toEqual([
      'credential_missing',
      'malformed_request',
      'dialect_unknown',
      'environment_mismatch',
      'timestamp_invalid',
      'timestamp_out_of_window',
      'credential_unknown',
      'passphrase_mismatch',
      'signature_mismatch',
      'algorithm_not_allowed',
      'dialect_not_allowed',
      'replayed',
      'credential_disabled',
      'credential_revoked',
      'credential_expired',
      'credential_quarantined',
      'account_frozen',
      'ip_not_allowed',
      'route_unknown',
      'permission_denied',
      'constraint_violated',
      'step_up_required',
      'rate_limited',
      'too_many_failures',
      'body_too_large',
      'unavailable',
    ]);
  });

  it.each(DENIAL_CODES)('%s has a status of an error and a title without a full stop', (code) => {
    const { status, title } = DENIALS[code];
    expect([400, 401, 403, 404, 413, 429, 503]).toContain(status);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });

  it('says 401 of whoever did not prove who they are, and 403 of whoever did', () => {
    const statusOf = (code: (typeof DENIAL_CODES)[number]) => DENIALS[code].status;
    expect(statusOf('credential_unknown')).toBe(401);
    expect(statusOf('signature_mismatch')).toBe(401);
    expect(statusOf('passphrase_mismatch')).toBe(401);
    expect(statusOf('credential_expired')).toBe(403);
    expect(statusOf('ip_not_allowed')).toBe(403);
    expect(statusOf('permission_denied')).toBe(403);
  });
});

describe('denial', () => {
  it('makes a refusal as a value', () => {
    expect(denial('rate_limited', 'Slow down.', { retryAfterSeconds: 3 })).toEqual({
      ok: false,
      code: 'rate_limited',
      detail: 'Slow down.',
      retryAfterSeconds: 3,
    });
  });
});

describe('publicDenial', () => {
  it('shows credential_revoked as an id that never existed', () => {
    const revoked = denial('credential_revoked', 'The credential is revoked.', {
      part: 'key',
      clockDeltaMs: -5,
    });
    const unknown = denial('credential_unknown', 'No such credential.', { part: 'key', clockDeltaMs: -5 });
    expect(publicDenial(revoked)).toEqual(unknown);
    expect(JSON.stringify(publicDenial(revoked))).not.toContain('revoked');
  });

  it.each(DENIAL_CODES.filter((code) => code !== 'credential_revoked'))('leaves %s as it is', (code) => {
    const refusal = denial(code, 'Detail.', { part: 'key', permission: 'trade' });
    expect(publicDenial(refusal)).toBe(refusal);
  });
});
