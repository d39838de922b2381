import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import bearerVectors from '../../../../vectors/bearer.json' with { type: 'json' };
import bitgetVectors from '../../../../vectors/bitget.json' with { type: 'json' };
import okxVectors from '../../../../vectors/okx.json' with { type: 'json' };
import { aCredential, aProof, aSigningKey, ask, keyRow } from '../../test/given.ts';
import type { Credential, CredentialKind, Standing } from '../credential/credential.ts';
import { DENIALS } from '../denial.ts';
import { faultInRequestLine, type WireRequest } from '../message.ts';
import { prehashBytes } from '../schemes/prehash.ts';
import { bearer } from './bearer.ts';
import { bitget } from './bitget.ts';
import type { Dialect } from './dialect.ts';
import { okx } from './okx.ts';

interface VectorCredential {
  readonly kind: CredentialKind;
  readonly id: string;
  readonly secret?: string | null;
  readonly passphrase?: string | null;
  readonly publicKeyPem?: string;
  readonly tokenHash?: string;
  readonly dialects?: readonly string[];
  readonly standing?: Standing;
}

interface Vector {
  readonly name: string;
  readonly credential: string;
  readonly nowMs: number;
  readonly request: { method: string; target: string; headers: string[][]; body: string };
  readonly prehash?: string;
  readonly signature?: string;
  readonly outcome: string;
  readonly matched?: string;
  readonly part?: string;
  readonly keyId?: string;
}

interface VectorFile {
  readonly credentials: Readonly<Record<string, VectorCredential>>;
  readonly cases: readonly Vector[];
}

const FILES: { dialect: Dialect; file: VectorFile; count: number }[] = [
  { dialect: bitget, file: bitgetVectors as unknown as VectorFile, count: 142 },
  { dialect: okx, file: okxVectors as unknown as VectorFile, count: 138 },
  { dialect: bearer, file: bearerVectors as unknown as VectorFile, count: 31 },
];

function credentialOf(row: VectorCredential): Credential {
  const { secret, passphrase, publicKeyPem, tokenHash } = row;
  const proof = aProof({
    key: tokenHash === undefined ? keyRow(secret ?? '', passphrase ?? '') : undefined,
    publicKey: publicKeyPem === undefined ? undefined : createPublicKey(publicKeyPem),
    tokenHash,
  });
  return aCredential({
    id: row.id,
    standing: row.standing ?? 'active',
    proofs: row.standing === 'revoked' ? [] : [proof],
    profile: { kind: row.kind, dialects: row.dialects },
  });
}

function requestOf({ request }: Vector): WireRequest {
  const { method, target, headers, body } = request;
  return { method, target, headers: headers.flat(), body: Buffer.from(body, 'utf8') };
}

describe.each(FILES)('vectors of $dialect.name', ({ dialect, file, count }) => {
  const credentials = new Map(
    Object.entries(file.credentials).map(([name, row]) => [name, credentialOf(row)]),
  );

  it('are all there, with names of their own', () => {
    expect(file.cases).toHaveLength(count);
    expect(new Set(file.cases.map((vector) => vector.name)).size).toBe(count);
  });

  it('name denial codes that exist', () => {
    for (const { outcome } of file.cases) if (outcome !== 'ok') expect(DENIALS).toHaveProperty(outcome);
  });

  it.each(file.cases)('$outcome: $name', (vector) => {
    const request = requestOf(vector);
    const credential = credentials.get(vector.credential);
    const claim = dialect.read(request);
    const result = ask(dialect, request, credential, { nowMs: vector.nowMs });
    const outcome = result.ok ? 'ok' : result.denial.code;
    expect(outcome).toBe(vector.outcome);
    if (result.ok) expect(result.matched).toBe(vector.matched);
    else expect(result.denial.part).toBe(vector.part);
    if (vector.keyId !== undefined) expect(claim).toMatchObject({ ok: true, keyId: vector.keyId });
    if (claim.ok && credential !== undefined) expect(claim.keyId).toBe(credential.id);
  });

  it.each(file.cases.filter((vector) => vector.outcome === 'ok'))(
    'has a readable first line: $name',
    (vector) => {
      expect(faultInRequestLine(vector.request.method, vector.request.target)).toBeUndefined();
    },
  );
});

describe.each(FILES.slice(0, 2))('vectors of $dialect.name, by the wire', ({ dialect, file }) => {
  const byTheWire = file.cases.filter((vector) => vector.matched === 'wire');

  it.each(byTheWire)('the prehash: $name', (vector) => {
    const claim = dialect.read(requestOf(vector));
    expect(claim.ok && prehashBytes(claim.prehash).toString('utf8')).toBe(vector.prehash);
  });

  it.each(byTheWire.filter(({ credential }) => credential !== 'rsa'))('signing makes it: $name', (vector) => {
    const { id, secret, passphrase } = file.credentials[vector.credential] as VectorCredential;
    const key = aSigningKey(secret ?? '', { keyId: id, passphrase: passphrase ?? '' });
    const headers = dialect.sign(requestOf(vector), key, { nowMs: timestampOf(vector), nonce: '' });
    const [, signature] = Object.entries(headers).find(([name]) => name.endsWith('-SIGN')) as [
      string,
      string,
    ];
    // The signer always writes milliseconds; only a client that leaves them out signs another timestamp.
    if (!vector.prehash?.startsWith('2026-11-24T06:00:00Z')) expect(signature).toBe(vector.signature);
  });

  it.each(file.cases.filter(({ matched }) => matched !== undefined && matched !== 'wire'))(
    'the prehash of another spelling: $name',
    (vector) => {
      const claim = dialect.read(requestOf(vector));
      const alternatives = claim.ok ? (claim.alternatives?.() ?? []) : [];
      const found = alternatives.find(({ form }) => form === vector.matched);
      expect(found && prehashBytes(found.prehash).toString('utf8')).toBe(vector.prehash);
    },
  );

  function timestampOf(vector: Vector): number {
    const claim = dialect.read(requestOf(vector));
    if (!claim.ok || claim.timestampMs === undefined) throw new Error('no timestamp');
    return claim.timestampMs;
  }
});
