import { describe, expect, it } from 'vitest';
import { ask, askLogin, rawHeaders } from '../../test/given.ts';
import {
  credentialOf,
  loginContextOf,
  prehashOf,
  requestOf,
  signingKeyOf,
  type Vector,
  type VectorCredential,
  vectorFilesOf,
} from '../../test/vectors.ts';
import { DENIALS, type Denial } from '../denial.ts';
import { faultInRequestLine, type WireRequest } from '../message.ts';
import { prehashBytes } from '../schemes/prehash.ts';
import { SCHEMES } from '../schemes/scheme.ts';
import type { Claim, Dialect } from './dialect.ts';
import { DIALECTS } from './registry.ts';

const FILES = DIALECTS.flatMap((dialect) =>
  vectorFilesOf(dialect.name).map(({ file, vectors }) => ({ dialect, file, vectors })),
);

it('there are vectors of each dialect', () => {
  for (const { name } of DIALECTS) expect(vectorFilesOf(name), name).not.toHaveLength(0);
});

describe.each(FILES)('$file', ({ dialect, vectors: { credentials, cases } }) => {
  const byName = new Map(Object.entries(credentials).map(([name, row]) => [name, credentialOf(row)]));
  const read = (vector: Vector): Claim | Denial => readVector(dialect, vector);

  it('has names of their own for its cases, credentials that exist, and both outcomes', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    for (const { credential } of cases) expect(['none', ...byName.keys()]).toContain(credential);
    for (const { outcome } of cases) if (outcome !== 'ok') expect(DENIALS).toHaveProperty(outcome);
    expect(new Set(cases.map(({ outcome }) => outcome === 'ok')).size).toBe(2);
  });

  it.each(cases)('$outcome: $name', (vector) => {
    const credential = byName.get(vector.credential);
    const given = { nowMs: vector.nowMs, context: vector.context ?? {} };
    const result =
      vector.message === undefined
        ? ask(dialect, requestOf(vector.request), credential, given)
        : askLogin(dialect, vector.message, requestOf(vector.request), credential, given);
    expect(result.ok ? 'ok' : result.denial.code).toBe(vector.outcome);
    if (result.ok) expect(result.matched).toBe(vector.matched ?? 'wire');
    else expect(result.denial.part).toBe(vector.part);
    const claim = read(vector);
    if (vector.keyId !== undefined) expect(claim).toMatchObject({ ok: true, keyId: vector.keyId });
    if (result.ok && claim.ok) expect(claim.keyId).toBe(credential?.id);
  });

  it.each(cases.filter(({ outcome }) => outcome === 'ok'))(
    'has a readable first line: $name',
    ({ request }) => {
      expect(faultInRequestLine(request.method, request.target)).toBeUndefined();
    },
  );

  const withPrehash = cases.filter((vector) => vector.outcome === 'ok' && prehashOf(vector) !== undefined);
  it.each(withPrehash)('the prehash: $name', (vector) => {
    const claim = read(vector);
    if (!claim.ok) throw new Error(claim.code);
    const { matched = 'wire' } = vector;
    const other = claim.alternatives?.().find(({ form }) => form === matched);
    const prehash = matched === 'wire' ? claim.prehash : other?.prehash;
    expect(prehash && prehashBytes(prehash)).toEqual(prehashOf(vector));
  });

  it.each(cases.filter((vector) => isSignedAnew(vector, credentials)))(
    'signing makes it: $name',
    (vector) => {
      const row = credentials[vector.credential] as VectorCredential;
      const claim = read(vector);
      if (!claim.ok) throw new Error(claim.code);
      const made = readVector(dialect, { ...vector, ...signedAnew(dialect, vector, row, claim) });
      if (!made.ok) throw new Error(made.code);
      expect(prehashBytes(made.prehash).toString('latin1')).toBe(
        prehashBytes(claim.prehash).toString('latin1'),
      );
      const scheme = SCHEMES[(dialect.schemes[row.kind] as { scheme: keyof typeof SCHEMES }).scheme];
      // The others put chance into every signature.
      if (scheme.kind !== 'p256' && !('saltLength' in scheme)) expect(made.signature).toBe(claim.signature);
      const credential = credentialOf(row);
      const given = { nowMs: vector.nowMs, context: vector.context ?? {} };
      const again = signedAnew(dialect, vector, row, claim);
      const result =
        again.message === undefined
          ? ask(dialect, again.wire, credential, given)
          : askLogin(dialect, again.message, again.wire, credential, given);
      expect(result).toMatchObject({ ok: true, matched: 'wire' });
    },
  );
});

/** Whether our own signer must come to the same as the vector's client. */
function isSignedAnew(
  { outcome, matched = 'wire', sign, credential }: Vector,
  credentials: Readonly<Record<string, VectorCredential>>,
): boolean {
  const row = credentials[credential];
  return (
    outcome === 'ok' &&
    matched === 'wire' &&
    sign !== false &&
    row !== undefined &&
    signingKeyOf(row) !== undefined
  );
}

/** The vector's request or message, signed by us: without its own proof, at its own time. */
function signedAnew(
  dialect: Dialect,
  vector: Vector,
  row: VectorCredential,
  claim: Claim,
): { wire: WireRequest; message?: string } {
  const key = signingKeyOf(row);
  if (key === undefined) throw new Error('no secret');
  const how = vector.sign === false ? undefined : vector.sign;
  const nowMs = how?.nowMs ?? claim.timestampMs ?? vector.nowMs;
  const context = { ...vector.context, nowMs, nonce: how?.nonce ?? claim.nonce ?? '' };
  const request = requestOf(vector.request);
  if (vector.message !== undefined) {
    if (dialect.webSocket === undefined) throw new Error('no WebSocket login');
    return { wire: request, message: dialect.webSocket.sign(key, context) };
  }
  const unsigned = how?.request === undefined ? withoutProof(dialect, request) : requestOf(how.request);
  const { target, headers, body } = dialect.sign(unsigned, key, context);
  return { wire: { ...unsigned, target, headers: [...unsigned.headers, ...rawHeaders(headers)], body } };
}

function withoutProof(dialect: Dialect, request: WireRequest): WireRequest {
  const isProof = (i: number) =>
    dialect.securityHeaders.includes((request.headers[i - (i % 2)] as string).toLowerCase());
  return { ...request, headers: request.headers.filter((_, i) => !isProof(i)) };
}

function readVector(dialect: Dialect, vector: Vector & { wire?: WireRequest }): Claim | Denial {
  if (vector.message === undefined) {
    return dialect.read(vector.wire ?? requestOf(vector.request), vector.context ?? {});
  }
  if (dialect.webSocket === undefined) throw new Error('no WebSocket login');
  return dialect.webSocket.read(vector.message, loginContextOf(vector));
}
