import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { Credential, CredentialKind, Dummies, KeySlab } from '@countersign/core';

/**
 * Makes credentials that nobody owns: an unknown id is verified against one of them, so that it takes as long
 * as a known one. Their secrets are random, so nothing ever matches.
 */
export function createDummies(slab: KeySlab): Dummies {
  const dummies = new Map<CredentialKind, Credential>();
  return (dialect, namedScheme) => {
    const kinds = Object.keys(dialect.schemes) as CredentialKind[];
    const kind =
      kinds.find((k) => dialect.schemes[k]?.scheme === namedScheme) ?? (kinds[0] as CredentialKind);
    let dummy = dummies.get(kind);
    if (dummy === undefined) {
      dummy = dummyOf(kind, slab);
      dummies.set(kind, dummy);
    }
    return dummy;
  };
}

function dummyOf(kind: CredentialKind, slab: KeySlab): Credential {
  const proof = {
    version: 0,
    // Without a passphrase: a key that has one is not verified in dialects that carry none.
    key: kind === 'hmac' ? slab.store(randomBytes(32)) : undefined,
    tokenHash: kind === 'bearer' ? randomBytes(32).toString('hex') : undefined,
    publicKey: publicKeyOf(kind),
  };
  return {
    id: '',
    accountId: '',
    label: '',
    metadata: {},
    profile: {
      environment: 'live',
      kind,
      dialects: undefined,
      permissions: [],
      allowedNetworks: undefined,
      rateLimits: [],
      constraints: undefined,
      nonceWindow: 0,
    },
    standing: 'active',
    revision: 0,
    proofs: [proof],
  };
}

function publicKeyOf(kind: CredentialKind): KeyObject | undefined {
  switch (kind) {
    case 'ed25519':
      return generateKeyPairSync('ed25519').publicKey;
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    case 'rsa': {
      // Nobody needs the private key, so a random odd number of the right size serves as the modulus.
      const modulus = randomBytes(256);
      modulus[0] = (modulus[0] as number) | 0x80;
      modulus[255] = (modulus[255] as number) | 1;
      return createPublicKey({
        format: 'jwk',
        key: { kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' },
      });
    }
    default:
      return undefined;
  }
}
