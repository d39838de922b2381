import { constants, type KeyObject, verify as verifySignature } from 'node:crypto';
import { constantTimeEqual } from '../constant-time.ts';
import type { CredentialKind, Proof } from '../credential/credential.ts';
import { type DigestEncoding, type HashName, hmac, sha256Hex } from './hmac.ts';
import { type Prehash, prehashBytes } from './prehash.ts';

interface HmacScheme {
  readonly kind: 'hmac';
  readonly hash: HashName;
}

interface AsymmetricScheme {
  readonly kind: Exclude<CredentialKind, 'hmac' | 'bearer'>;
  readonly hash: HashName | null;
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: 'ieee-p1363' | 'der';
}

interface TokenScheme {
  readonly kind: 'bearer';
}

/**
 * The primitives, one row each. Names follow RFC 9421 section 6.2.2 where it has one.
 *
 * RSASSA-PSS uses a salt as long as its hash (RFC 9421 section 3.3.1); ECDSA signatures are r and s side by
 * side (section 3.3.4), not DER.
 */
export const SCHEMES = {
  'hmac-sha256': { kind: 'hmac', hash: 'sha256' },
  'hmac-sha384': { kind: 'hmac', hash: 'sha384' },
  'hmac-sha512': { kind: 'hmac', hash: 'sha512' },
  'rsa-v1_5-sha256': { kind: 'rsa', hash: 'sha256', padding: constants.RSA_PKCS1_PADDING },
  'rsa-pss-sha512': { kind: 'rsa', hash: 'sha512', padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 },
  ed25519: { kind: 'ed25519', hash: null },
  'ecdsa-p256-sha256': { kind: 'p256', hash: 'sha256', dsaEncoding: 'ieee-p1363' },
  token: { kind: 'bearer' },
} as const satisfies Record<string, HmacScheme | AsymmetricScheme | TokenScheme>;

export type SchemeName = keyof typeof SCHEMES;

/** How a dialect uses a scheme: which one, and how the signature is written. */
export interface SchemeUse {
  readonly scheme: SchemeName;
  readonly encoding: DigestEncoding;
}

/**
 * Checks a signature over a prehash with one proof.
 *
 * It does not check that the proof is still within its grace, nor that the scheme is the one bound to the
 * credential: `decide/authenticate.ts` does. An HMAC is compared as its encoded text, so a signature has one
 * valid spelling only.
 */
export function proves(use: SchemeUse, proof: Proof, prehash: Prehash, signature: string): boolean {
  const scheme: HmacScheme | AsymmetricScheme | TokenScheme = SCHEMES[use.scheme];
  if (scheme.kind === 'hmac') {
    if (proof.key === undefined || proof.key.length === 0) return false;
    return constantTimeEqual(hmac(scheme.hash, proof.key, prehash, use.encoding), signature);
  }
  if (scheme.kind === 'bearer') {
    return proof.tokenHash !== undefined && constantTimeEqual(proof.tokenHash, sha256Hex(signature));
  }
  if (proof.publicKey === undefined) return false;
  return asymmetricProves(scheme, proof.publicKey, prehash, decode(signature, use.encoding));
}

function asymmetricProves(
  scheme: AsymmetricScheme,
  publicKey: KeyObject,
  prehash: Prehash,
  signature: Buffer | undefined,
): boolean {
  if (signature === undefined || !fits(scheme.kind, publicKey)) return false;
  const key = {
    key: publicKey,
    ...(scheme.padding === undefined ? {} : { padding: scheme.padding }),
    ...(scheme.saltLength === undefined ? {} : { saltLength: scheme.saltLength }),
    ...(scheme.dsaEncoding === undefined ? {} : { dsaEncoding: scheme.dsaEncoding }),
  };
  return verifySignature(scheme.hash, prehashBytes(prehash), key, signature);
}

/** Whether a public key is of a credential's kind: type, curve, and an RSA modulus of 2048 to 8192 bits. */
export function fits(kind: CredentialKind, key: KeyObject): boolean {
  if (key.type !== 'public') return false;
  switch (kind) {
    case 'ed25519':
      return key.asymmetricKeyType === 'ed25519';
    case 'p256':
      return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    case 'rsa': {
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
      return key.asymmetricKeyType === 'rsa' && bits >= 2048 && bits <= 8192;
    }
    default:
      return false;
  }
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const HEX = /^(?:[0-9a-f]{2})+$/;

/** Decodes a signature strictly: one spelling per value, no characters skipped. */
function decode(text: string, encoding: DigestEncoding): Buffer | undefined {
  if (text.length > 2048) return undefined;
  if (encoding === 'hex') return HEX.test(text) ? Buffer.from(text, 'hex') : undefined;
  if (!BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
