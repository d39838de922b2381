import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import {
  aCredential,
  aProof,
  aRequest,
  aSigningKey,
  claimOf,
  denialOf,
  keyRow,
  NOW,
  PASSPHRASE,
  signed,
} from '../../test/given.ts';
import { CREDENTIAL_KINDS } from '../credential/credential.ts';
import { bitget } from '../dialects/bitget.ts';
import type { Claim } from '../dialects/dialect.ts';
import { gate } from '../dialects/gate.ts';
import { okx } from '../dialects/okx.ts';
import { prehashBytes } from '../schemes/prehash.ts';
import { authenticate } from './authenticate.ts';

const claim = claimOf(bitget, signed(bitget, aRequest()));
const oldSecret = claimOf(bitget, signed(bitget, aRequest(), aSigningKey('the previous secret')));

describe('authenticate: which scheme', () => {
  it('passes with the version and the form', () => {
    expect(authenticate(claim, bitget, aCredential(), NOW)).toEqual({
      ok: true,
      secretVersion: 1,
      matched: 'wire',
    });
  });

  it.each(CREDENTIAL_KINDS.filter((kind) => okx.schemes[kind] === undefined))(
    'refuses a credential of kind %s, which the dialect does not know, with dialect_not_allowed',
    (kind) => {
      const refusal = denialOf(authenticate(claim, okx, aCredential({ profile: { kind } }), NOW));
      expect(refusal).toMatchObject({ code: 'dialect_not_allowed', part: 'key' });
    },
  );

  it.each([
    { dialects: undefined, isAllowed: true },
    { dialects: ['bitget'], isAllowed: true },
    { dialects: ['okx', 'bitget'], isAllowed: true },
    { dialects: ['okx'], isAllowed: false },
    { dialects: ['Bitget'], isAllowed: false },
    { dialects: [], isAllowed: false },
  ])('a credential of the dialects $dialects may speak bitget: $isAllowed', ({ dialects, isAllowed }) => {
    const result = authenticate(claim, bitget, aCredential({ profile: { dialects } }), NOW);
    if (isAllowed) expect(result.ok).toBe(true);
    else expect(denialOf(result).code).toBe('dialect_not_allowed');
  });

  it('of a credential with a passphrase and no list of dialects refuses those that carry none', () => {
    const inGate = claimOf(gate, signed(gate, aRequest()));
    const without = [aProof({ key: keyRow(undefined, '') })];
    expect(denialOf(authenticate(inGate, gate, aCredential(), NOW)).code).toBe('dialect_not_allowed');
    expect(authenticate(inGate, gate, aCredential({ profile: { dialects: ['gate'] } }), NOW).ok).toBe(true);
    expect(authenticate(inGate, gate, aCredential({ proofs: without }), NOW).ok).toBe(true);
  });

  it('refuses an algorithm that the request names and the record does not with algorithm_not_allowed', () => {
    expect(authenticate({ ...claim, namedScheme: 'hmac-sha256' }, bitget, aCredential(), NOW).ok).toBe(true);
    for (const namedScheme of ['hmac-sha512', 'rsa-v1_5-sha256', 'none', '', 'HMAC-SHA256']) {
      const refusal = denialOf(authenticate({ ...claim, namedScheme }, bitget, aCredential(), NOW));
      expect(refusal).toMatchObject({ code: 'algorithm_not_allowed', part: 'signature' });
    }
  });

  it('takes the scheme from the record: an HMAC is nothing to an RSA credential', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const proofs = [aProof({ key: keyRow(), publicKey })];
    const rsa = aCredential({ proofs, profile: { kind: 'rsa' } });
    const hmac = aCredential({ proofs });
    const signature = sign('sha256', prehashBytes(claim.prehash), privateKey).toString('base64');
    expect(authenticate({ ...claim, signature }, bitget, rsa, NOW).ok).toBe(true);
    expect(authenticate(claim, bitget, hmac, NOW).ok).toBe(true);
    expect(denialOf(authenticate(claim, bitget, rsa, NOW)).code).toBe('signature_mismatch');
    expect(denialOf(authenticate({ ...claim, signature }, bitget, hmac, NOW)).code).toBe(
      'signature_mismatch',
    );
  });
});

describe('authenticate: secret versions', () => {
  const rotated = (retiresAt: number) =>
    aCredential({
      proofs: [
        aProof({ version: 2, key: keyRow() }),
        aProof({ version: 1, retiresAt, key: keyRow('the previous secret') }),
      ],
    });

  it.each([
    [-1, true],
    [0, false],
    [1, false],
  ])('%i ms from the end of its grace the previous one passes: %s', (after, passes) => {
    const result = authenticate(oldSecret, bitget, rotated(NOW), NOW + after);
    if (passes) expect(result).toEqual({ ok: true, secretVersion: 1, matched: 'wire' });
    else expect(denialOf(result).code).toBe('signature_mismatch');
    expect(authenticate(claim, bitget, rotated(NOW), NOW + after)).toMatchObject({
      ok: true,
      secretVersion: 2,
    });
  });

  it('does not try a version that is over, wherever it stands', () => {
    const credential = aCredential({ proofs: [aProof({ retiresAt: NOW, key: keyRow() })] });
    expect(denialOf(authenticate(claim, bitget, credential, NOW)).code).toBe('signature_mismatch');
  });

  it('compares the passphrase of the version whose secret matched', () => {
    const credential = aCredential({
      proofs: [
        aProof({ version: 2, key: keyRow('the new secret', PASSPHRASE) }),
        aProof({ version: 1, key: keyRow('the previous secret', 'Other1234') }),
      ],
    });
    expect(denialOf(authenticate(oldSecret, bitget, credential, NOW)).code).toBe('passphrase_mismatch');
    expect(authenticate({ ...oldSecret, passphrase: 'Other1234' }, bitget, credential, NOW).ok).toBe(true);
  });

  it('tries each version against the other spellings too', () => {
    const target = '/a?n=x%20y';
    const sent = signed(bitget, aRequest({ target: '/a?n=x y' }), aSigningKey('the previous secret'));
    const decoded = claimOf(bitget, { ...sent, target });
    expect(authenticate(decoded, bitget, rotated(NOW + 1), NOW)).toEqual({
      ok: true,
      secretVersion: 1,
      matched: 'decoded',
    });
    expect(denialOf(authenticate(decoded, bitget, rotated(NOW), NOW)).code).toBe('signature_mismatch');
  });
});

describe('authenticate: order of the checks', () => {
  it('asks for other spellings only when the wire does not match, and then once', () => {
    const alternatives = vi.fn(() => []);
    authenticate({ ...claim, alternatives }, bitget, aCredential(), NOW);
    expect(alternatives).not.toHaveBeenCalled();
    authenticate({ ...oldSecret, alternatives }, bitget, aCredential(), NOW);
    expect(alternatives).toHaveBeenCalledOnce();
  });

  it('reports the first spelling that matches', () => {
    const forms: Claim['alternatives'] = () => [
      { form: 'decoded', prehash: ['wrong'] },
      { form: 'decoded-plus', prehash: claim.prehash },
      { form: 'encoded', prehash: claim.prehash },
    ];
    const result = authenticate(
      { ...claim, prehash: ['wrong'], alternatives: forms },
      bitget,
      aCredential(),
      NOW,
    );
    expect(result).toMatchObject({ ok: true, matched: 'decoded-plus' });
  });

  it('says signature_mismatch where both are wrong: a passphrase can be guessed at by the holder only', () => {
    const refusal = denialOf(authenticate({ ...oldSecret, passphrase: 'wrong' }, bitget, aCredential(), NOW));
    expect(refusal.code).toBe('signature_mismatch');
  });

  it.each([undefined, '', 'wrong', `${PASSPHRASE} `, PASSPHRASE.toLowerCase()])(
    'says passphrase_mismatch for %j with a right signature',
    (passphrase) => {
      const refusal = denialOf(authenticate({ ...claim, passphrase }, bitget, aCredential(), NOW));
      expect(refusal).toMatchObject({ code: 'passphrase_mismatch', part: 'passphrase' });
    },
  );

  it('has no passphrase that fits a credential without one', () => {
    const none = aCredential({ proofs: [aProof({ key: keyRow(undefined, '') })] });
    for (const passphrase of [undefined, '', '\0', PASSPHRASE]) {
      expect(denialOf(authenticate({ ...claim, passphrase }, bitget, none, NOW)).code).toBe(
        'passphrase_mismatch',
      );
    }
  });

  it('refuses a credential without any proof', () => {
    expect(denialOf(authenticate(claim, bitget, aCredential({ proofs: [] }), NOW)).code).toBe(
      'signature_mismatch',
    );
    expect(denialOf(authenticate(claim, bitget, aCredential({ proofs: [aProof()] }), NOW)).code).toBe(
      'signature_mismatch',
    );
  });
});
