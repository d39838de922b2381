import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { aProof, keyRow } from '../../test/given.ts';
import type { CredentialKind, Proof } from '../credential/credential.ts';
import { sha256Hex } from './hmac.ts';
import type { Prehash } from './prehash.ts';
import { proves, SCHEMES, type SchemeName, type SchemeUse } from './scheme.ts';
import { addressOfPrivateKey } from './secp256k1.ts';
import { createSigningKey } from './signer.ts';

const pairs = {
  ed25519: generateKeyPairSync('ed25519'),
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
const PKCS8 = { type: 'pkcs8', format: 'pem' } as const;
const ETHEREUM = `0x${'1f'.repeat(32)}`;

/** What the holder has, and what the verifier keeps, of a credential of each kind. */
const HELD: Record<CredentialKind, { secret: string; proof: Proof }> = {
  hmac: { secret: 'c2VjcmV0', proof: aProof({ key: keyRow('c2VjcmV0') }) },
  ed25519: held('ed25519'),
  p256: held('p256'),
  rsa: held('rsa'),
  secp256k1: {
    secret: ETHEREUM,
    proof: aProof({ address: addressOfPrivateKey(Buffer.from(ETHEREUM.slice(2), 'hex')) }),
  },
  bearer: { secret: 'the-token', proof: aProof({ tokenHash: sha256Hex('the-token') }) },
};

function held(kind: keyof typeof pairs): { secret: string; proof: Proof } {
  const { privateKey, publicKey } = pairs[kind];
  return { secret: privateKey.export(PKCS8) as string, proof: aProof({ publicKey }) };
}

const SCOPE = ['20261124', 'us-east-1', 'service'];
const FORMS = [undefined, 'utf8', 'base64', 'aws4'] as const;
const USES = (Object.keys(SCHEMES) as SchemeName[]).flatMap((scheme): SchemeUse[] => {
  const isHmac = SCHEMES[scheme].kind === 'hmac';
  const isAsymmetric = 'hash' in SCHEMES[scheme];
  const encodings = isAsymmetric ? (['base64', 'base64url', 'hex'] as const) : (['hex'] as const);
  return encodings.flatMap((encoding) =>
    isHmac ? FORMS.map((key) => ({ scheme, encoding, key })) : [{ scheme, encoding }],
  );
});

describe.each(USES)('$scheme in $encoding, key $key', (use) => {
  const { kind } = SCHEMES[use.scheme];
  const { secret, proof } = HELD[kind];
  const key = createSigningKey({ keyId: 'key-1', kind, secret });
  const prehash: Prehash = ['1795500000000GET/', Buffer.from('☃')];
  const holds = (signature: string, of: Prehash = prehash, derivation: readonly string[] = SCOPE) =>
    proves(use, proof, of, signature, derivation);

  it('proves what the key signs', () => {
    expect(holds(key.sign(use, prehash, SCOPE))).toBe(true);
  });

  it('does not prove it of anything else, nor with the key of another', () => {
    const signature = key.sign(use, prehash, SCOPE);
    if (kind !== 'bearer') expect(holds(signature, ['1795500000000GET/'])).toBe(false);
    expect(holds(`${signature}A`)).toBe(false);
    expect(holds(signature, prehash, ['20261125', 'us-east-1', 'service'])).toBe(use.key !== 'aws4');
    for (const [other, { proof: others }] of Object.entries(HELD))
      if (other !== kind) expect(proves(use, others, prehash, signature, SCOPE)).toBe(false);
  });

  it('is not made by a key of another kind', () => {
    for (const other of ['hmac', 'ed25519', 'p256', 'rsa'] as const) {
      if (other === kind) continue;
      const { sign } = createSigningKey({ keyId: 'key-1', kind: other, secret: HELD[other].secret });
      expect(() => sign(use, prehash)).toThrow(TypeError);
    }
  });
});

describe('createSigningKey', () => {
  const make = (kind: CredentialKind, secret: string) => createSigningKey({ keyId: 'k', kind, secret });

  it('hands on id, kind and passphrase', () => {
    const key = createSigningKey({ keyId: 'k', kind: 'hmac', secret: 's', passphrase: 'p' });
    expect(key).toMatchObject({ keyId: 'k', kind: 'hmac', passphrase: 'p' });
  });

  it.each<[CredentialKind, string]>([
    ['ed25519', 'no key'],
    ['rsa', ''],
    ['p256', pairs.p256.publicKey.export({ type: 'spki', format: 'pem' }) as string],
    ['secp256k1', ETHEREUM.slice(2)],
    ['secp256k1', `0x${'0'.repeat(64)}`],
    ['secp256k1', `0x${'f'.repeat(64)}`],
    ['secp256k1', `${ETHEREUM}00`],
  ])('throws for %s with %j', (kind, secret) => expect(() => make(kind, secret)).toThrow());

  it('says that a secret must be base64, where it must', () => {
    const key = make('hmac', 'no base64!');
    const use = { scheme: 'hmac-sha256', encoding: 'hex', key: 'base64' } as const;
    expect(() => key.sign(use, ['a'])).toThrow('must be base64');
  });
});
