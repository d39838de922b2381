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
import {
  credentialOf,
  requestOf,
  type Vector,
  type VectorCredential,
  type VectorFile,
  vectorFilesOf,
} from '../../test/vectors.ts';
import { CREDENTIAL_KINDS, type CredentialKind } from '../credential/credential.ts';
import { DENIAL_CODES, DENIALS, type Denial, denial } from '../denial.ts';
import { bearer } from './bearer.ts';
import { bitget } from './bitget.ts';
import type { Dialect, HttpAnswer } from './dialect.ts';
import { DIALECTS, dialectNamed } from './registry.ts';
import { writeIsoInstant } from './timestamps.ts';

const context = { nowMs: NOW, requestId: 'req-1' };
const answerTo = (dialect: Dialect, refusal: Denial, nowMs = NOW) =>
  dialect.refuse(refusal, { ...context, nowMs });
/** An answer in which the time of asking is not written: exchanges do so in ms, in seconds or in ISO 8601. */
const withoutTime = ({ body, ...rest }: HttpAnswer, nowMs: number) => {
  const spellings = [nowMs, Math.floor(nowMs / 1000), writeIsoInstant(nowMs)].map(String);
  return { ...rest, body: spellings.reduce((text, spelling) => text.replaceAll(spelling, ''), body) };
};

describe.each(DIALECTS)('$name', (dialect) => {
  it.each(DENIAL_CODES)('answers %s with JSON, and a status of an error or 200', (code) => {
    const { status, headers, body } = answerTo(dialect, denial(code, 'A detail.'));
    // Some exchanges answer 200 whatever is wrong, and their clients look into the body.
    if (status !== 200) expect(status).toBeGreaterThanOrEqual(400);
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
    const later = withoutTime(answerTo(dialect, revoked, NOW + 9), NOW + 9);
    expect(later).toEqual(withoutTime(answerTo(dialect, unknown), NOW));
    expect(JSON.stringify(answerTo(dialect, revoked))).not.toContain('revoked');
  });
});

describe.each(DIALECTS)('a stranger who names a revoked credential: $name', (dialect) => {
  const [vector, vectors] = firstGood(dialect);
  const row = vectors.credentials[vector.credential] as VectorCredential;
  const request = requestOf(vector.request);
  const given = { nowMs: vector.nowMs, context: vector.context ?? {} };
  const unknown = denialOf(ask(dialect, request, undefined, given));

  it('gets the same answer as for an id that never existed', () => {
    const revoked = denialOf(ask(dialect, request, credentialOf({ ...row, standing: 'revoked' }), given));
    expect([revoked.code, unknown.code]).toEqual(['credential_revoked', 'credential_unknown']);
    expect(answerTo(dialect, revoked)).toEqual(answerTo(dialect, unknown));
  });

  it('does so too while the secret is not destroyed yet, and the signature right', () => {
    const withSecret = { ...credentialOf(row), standing: 'revoked' as const };
    const revoked = denialOf(ask(dialect, request, withSecret, given));
    expect(revoked.code).toBe('credential_revoked');
    expect(answerTo(dialect, revoked)).toEqual(answerTo(dialect, unknown));
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
  it('finds each by its name, and no other', () => {
    for (const dialect of DIALECTS) expect(dialectNamed(dialect.name)).toBe(dialect);
    for (const name of ['', 'Bitget', 'toString', '__proto__', 'constructor'])
      expect(dialectNamed(name)).toBeUndefined();
  });

  it.each(DIALECTS)('$name recognises its own requests, and none does so before it', (dialect) => {
    for (const { vectors } of vectorFilesOf(dialect.name)) {
      for (const { outcome, message, request } of vectors.cases) {
        if (outcome !== 'ok' || message !== undefined) continue;
        expect(DIALECTS.find((other) => other.recognises(requestOf(request)))).toBe(dialect);
      }
    }
    expect(dialect.recognises(aRequest())).toBe(false);
  });

  it.each(DIALECTS)(
    '$name still recognises a request that lacks one of its headers, or has one twice',
    (dialect) => {
      const [{ request }] = firstGood(dialect);
      const { headers, ...rest } = requestOf(request);
      for (const [i, name] of headers.entries()) {
        if (i % 2 === 1 || !dialect.securityHeaders.includes(name.toLowerCase())) continue;
        expect(dialect.recognises({ ...rest, headers: [...headers, name, 'x'] })).toBe(true);
        expect(dialect.recognises({ ...rest, headers: headers.with(i, name.toUpperCase()) })).toBe(true);
      }
    },
  );

  it('recognises a bearer token by its scheme alone', () => {
    const of = (value: string) => bearer.recognises(aRequest({ headers: ['Authorization', value] }));
    for (const value of ['Bearer abc', 'bearer abc', 'Bearer']) expect(of(value)).toBe(true);
    for (const value of ['Basic abc', 'Bearerabc', '', 'x Bearer abc']) expect(of(value)).toBe(false);
    expect(bearer.recognises(aRequest({ headers: ['Authorization', 'a', 'authorization', 'b'] }))).toBe(true);
    expect(bearer.recognises(aRequest())).toBe(false);
  });

  it.each(DIALECTS)('$name does not sign with a kind that it does not know', (dialect) => {
    const unknown = CREDENTIAL_KINDS.find((kind) => dialect.schemes[kind] === undefined) as CredentialKind;
    const key = aSigningKey(undefined, { kind: unknown });
    expect(() => dialect.sign(aRequest(), key, { nowMs: NOW, nonce: '1' })).toThrow(TypeError);
  });

  it('bearer signs with the token itself', () => {
    const key = aSigningKey(undefined, { kind: 'bearer', sign: () => 'the-token' });
    const { headers } = bearer.sign(aRequest(), key, { nowMs: NOW, nonce: '' });
    expect(headers).toEqual({ Authorization: 'Bearer the-token' });
  });
});

/** The first vector of a dialect that is let through, and its file. */
function firstGood(dialect: Dialect): [Vector, VectorFile] {
  for (const { vectors } of vectorFilesOf(dialect.name)) {
    const found = vectors.cases.find(({ outcome, message }) => outcome === 'ok' && message === undefined);
    if (found !== undefined) return [found, vectors];
  }
  throw new Error(`${dialect.name} has no vector that is let through`);
}

it('the dummy of these tests is never the answer', () => {
  const request = signed(bitget, aRequest(), aSigningKey('nobody knows this'));
  expect(denialOf(ask(bitget, request, undefined)).code).toBe('credential_unknown');
  const empty = aCredential({ proofs: [aProof({ key: keyRow('') })] });
  expect(denialOf(ask(bitget, signed(bitget, aRequest(), aSigningKey('')), empty)).code).toBe(
    'signature_mismatch',
  );
});
