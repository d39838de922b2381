import { describe, expect, it, vi } from 'vitest';
import {
  aCredential,
  aProof,
  aRequest,
  aSigningKey,
  ask,
  authenticationOnly,
  type CredentialParts,
  claimOf,
  denialOf,
  dummy,
  keyRow,
  NOW,
  PEER,
  requires,
  signed,
} from '../../test/given.ts';
import { parseNetwork } from '../address.ts';
import { OPERATOR_ACCOUNT } from '../credential/credential.ts';
import { bearer } from '../dialects/bearer.ts';
import { bitget } from '../dialects/bitget.ts';
import { sha256Hex } from '../schemes/hmac.ts';
import { decide, type Question } from './decide.ts';

const request = signed(bitget, aRequest());
const forged = signed(bitget, aRequest(), aSigningKey('another secret'));
const late = signed(bitget, aRequest(), aSigningKey(), NOW - 30_001);
const trade = { name: 'spot.trade', risk: 'high' } as const;
const elsewhere = [parseNetwork('198.51.100.0/24') ?? expect.fail()];

/** Everything that can be wrong with a credential and its use once it is authenticated, in the order of the checks. */
const TROUBLES: { code: string; credential?: CredentialParts; question?: Partial<Question> }[] = [
  { code: 'environment_mismatch', question: { environment: 'test' } },
  { code: 'credential_quarantined', credential: { standing: 'quarantined' } },
  { code: 'account_frozen', question: { isFrozen: true } },
  { code: 'credential_expired', credential: { expiresAt: NOW } },
  { code: 'ip_not_allowed', credential: { profile: { allowedNetworks: elsewhere } } },
  { code: 'permission_denied', question: { audience: 'operators' } },
  { code: 'route_unknown', question: { demanded: undefined } },
  { code: 'permission_denied', question: { demanded: requires(trade) } },
];

describe('decide', () => {
  it('approves with the credential, the version and the form', () => {
    const credential = aCredential({ proofs: [aProof({ version: 7, key: keyRow() })] });
    expect(ask(bitget, request, credential)).toEqual({
      ok: true,
      credential,
      secretVersion: 7,
      matched: 'wire',
      requirement: authenticationOnly,
    });
  });

  it('gives the same question the same answer', () => {
    const credential = aCredential();
    expect(ask(bitget, request, credential)).toEqual(ask(bitget, request, credential));
    expect(ask(bitget, forged, credential)).toEqual(ask(bitget, forged, credential));
  });

  it.each(TROUBLES)(
    'refuses whoever is authenticated with $code, and names the credential',
    ({ code, credential, question }) => {
      const record = aCredential(credential);
      const result = ask(bitget, request, record, question);
      expect(denialOf(result).code).toBe(code);
      expect(result).toHaveProperty('credential', record);
      expect(denialOf(result).clockDeltaMs).toBe(0);
    },
  );

  it.each(TROUBLES)(
    'says nothing about $code to whoever is not authenticated',
    ({ credential, question }) => {
      const result = ask(bitget, forged, aCredential(credential), question);
      expect(result).toEqual(ask(bitget, forged, aCredential()));
      expect(denialOf(result).code).toBe('signature_mismatch');
      expect(result).not.toHaveProperty('credential');
      const late30 = ask(bitget, late, aCredential(credential), question);
      expect(late30).toEqual(ask(bitget, late, aCredential()));
      expect(denialOf(late30).code).toBe('timestamp_out_of_window');
    },
  );

  it.each(['disabled', 'quarantined', 'revoked'] as const)(
    'says nothing about %s to whoever has the passphrase wrong',
    (standing) => {
      const wrong = signed(bitget, aRequest(), aSigningKey(undefined, { passphrase: 'wrong' }));
      const result = ask(bitget, wrong, aCredential({ standing }));
      expect(denialOf(result).code).toBe('passphrase_mismatch');
      expect(result).not.toHaveProperty('credential');
    },
  );

  it.each(TROUBLES.map((trouble, i) => ({ ...trouble, later: TROUBLES.slice(i + 1) })))(
    'says $code first, whatever else is wrong further on',
    ({ code, credential, question, later }) => {
      const all = [...later].reverse();
      const parts = Object.assign({}, ...all.map((one) => one.credential), credential) as CredentialParts;
      const profile = Object.assign({}, ...all.map((one) => one.credential?.profile), credential?.profile);
      const over = Object.assign({}, ...all.map((one) => one.question), question) as Partial<Question>;
      expect(denialOf(ask(bitget, request, aCredential({ ...parts, profile }), over)).code).toBe(code);
    },
  );

  it('says timestamp_out_of_window before anything about the credential', () => {
    for (const credential of [undefined, aCredential(), aCredential({ standing: 'revoked', proofs: [] })]) {
      const result = ask(bitget, late, credential);
      expect(denialOf(result)).toMatchObject({ code: 'timestamp_out_of_window', clockDeltaMs: -30_001 });
      expect(result).not.toHaveProperty('credential');
    }
  });

  it('tells the difference of the clocks with every denial, where it is known', () => {
    const sent = signed(bitget, aRequest(), aSigningKey('another secret'), NOW - 1234);
    expect(denialOf(ask(bitget, sent, aCredential())).clockDeltaMs).toBe(-1234);
    expect(denialOf(ask(bitget, sent, undefined)).clockDeltaMs).toBe(-1234);
    const token = aRequest({ headers: ['Authorization', 'Bearer abc'] });
    expect(denialOf(ask(bearer, token, undefined))).not.toHaveProperty('clockDeltaMs');
  });
});

describe('decide: an id without a record', () => {
  it('is credential_unknown, and its secret destroyed credential_revoked', () => {
    const unknown = ask(bitget, request, undefined);
    expect(denialOf(unknown)).toMatchObject({ code: 'credential_unknown', part: 'key' });
    const revoked = ask(bitget, request, aCredential({ standing: 'revoked', proofs: [] }));
    expect(denialOf(revoked)).toMatchObject({ code: 'credential_revoked', part: 'key' });
    for (const result of [unknown, revoked]) expect(result).not.toHaveProperty('credential');
  });

  it('is never authenticated by the dummy, even by who knows its secret', () => {
    const knowing = signed(bitget, aRequest(), aSigningKey('nobody knows this'));
    expect(ask(bitget, knowing, dummy).ok).toBe(true);
    expect(denialOf(ask(bitget, knowing, undefined)).code).toBe('credential_unknown');
    expect(denialOf(ask(bitget, knowing, aCredential({ proofs: [] }))).code).toBe('credential_revoked');
  });

  it('is verified against a dummy that fits, so that it takes as long; a known id is not', () => {
    const dummies = vi.fn(() => dummy);
    const alternatives = vi.fn(() => []);
    const claim = { ...claimOf(bitget, request), alternatives, namedScheme: 'hmac-sha256' };
    const question = {
      request,
      dialect: bitget,
      demanded: undefined,
      peer: PEER,
      audience: 'customers',
      nowMs: NOW,
      isFrozen: false,
      lastUsedAt: NOW,
      dummies,
    } as const;
    decide({ ...question, claim, credential: aCredential() });
    expect(dummies).not.toHaveBeenCalled();
    decide({ ...question, claim, credential: undefined });
    expect(dummies.mock.calls).toEqual([[bitget, 'hmac-sha256']]);
    expect(alternatives).toHaveBeenCalledOnce();
    decide({ ...question, claim, credential: aCredential({ proofs: [] }) });
    expect(dummies).toHaveBeenCalledTimes(2);
  });
});

describe('decide: grace of the previous secret', () => {
  const sent = signed(bitget, aRequest(), aSigningKey('the previous secret'));
  const rotated = aCredential({
    proofs: [
      aProof({ version: 2, key: keyRow() }),
      aProof({ version: 1, retiresAt: NOW, key: keyRow('the previous secret') }),
    ],
  });

  it('holds until the ms before its end', () => {
    expect(ask(bitget, sent, rotated, { nowMs: NOW - 1 })).toMatchObject({ ok: true, secretVersion: 1 });
    expect(denialOf(ask(bitget, sent, rotated, { nowMs: NOW })).code).toBe('signature_mismatch');
    expect(ask(bitget, request, rotated, { nowMs: NOW })).toMatchObject({ ok: true, secretVersion: 2 });
  });
});

describe('decide: environment and audience', () => {
  it.each([
    ['live', undefined, true],
    ['live', 'live', true],
    ['live', 'test', false],
    ['test', undefined, true],
    ['test', 'test', true],
    ['test', 'live', false],
  ] as const)('a credential of %s, where %s is asked for: %s', (own, asked, isRight) => {
    const result = ask(bitget, request, aCredential({ profile: { environment: own } }), {
      environment: asked,
    });
    if (isRight) expect(result.ok).toBe(true);
    else expect(denialOf(result)).toMatchObject({ code: 'environment_mismatch', part: 'key' });
  });

  it.each([
    [OPERATOR_ACCOUNT, 'operators', true],
    [OPERATOR_ACCOUNT, 'customers', false],
    ['account-1', 'customers', true],
    ['account-1', 'operators', false],
    ['Operator', 'operators', false],
    ['operator ', 'operators', false],
  ] as const)('a credential of %s at the door of %s: %s', (accountId, audience, mayEnter) => {
    const credential = aCredential({ accountId, profile: { permissions: ['spot.trade'] } });
    const result = ask(bitget, request, credential, { audience, demanded: requires(trade) });
    if (mayEnter) expect(result.ok).toBe(true);
    else expect(denialOf(result).code).toBe('permission_denied');
  });

  it('keeps an operator out of a route that asks for authentication alone', () => {
    expect(denialOf(ask(bitget, request, aCredential({ accountId: OPERATOR_ACCOUNT }))).code).toBe(
      'permission_denied',
    );
  });
});

describe('decide: bearer', () => {
  const credential = aCredential({
    proofs: [aProof({ tokenHash: sha256Hex('abc') })],
    profile: { kind: 'bearer' },
  });
  const withToken = (token: string) => aRequest({ headers: ['Authorization', `Bearer ${token}`] });

  it('approves the token, refuses another, and keeps an unknown peer from a credential with a list', () => {
    expect(ask(bearer, withToken('abc'), credential).ok).toBe(true);
    expect(denialOf(ask(bearer, withToken('abd'), credential)).code).toBe('signature_mismatch');
    const listed = { ...credential, profile: { ...credential.profile, allowedNetworks: elsewhere } };
    expect(denialOf(ask(bearer, withToken('abc'), listed, { peer: undefined })).code).toBe('ip_not_allowed');
  });
});
