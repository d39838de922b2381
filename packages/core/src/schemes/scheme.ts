import { constants, type KeyObject, verify as verifySignature } from 'node:crypto';
import { constantTimeEqual } from '../constant-time.ts';
import type { CredentialKind, Proof } from '../credential/credential.ts';
import { type DigestEncoding, type HashName, hmac, sha256Hex } from './hmac.ts';
import { type KeyForm, macUnder } from './mac-key.ts';
import { type Prehash, prehashBytes } from './prehash.ts';
import { recoverAddress } from './secp256k1.ts';

interface HmacScheme {
  readonly kind: 'hmac';
  readonly hash: HashName;
}

export interface AsymmetricScheme {
  readonly kind: Exclude<CredentialKind, 'hmac' | 'secp256k1' | 'bearer'>;
  readonly hash: HashName | null;
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: 'ieee-p1363' | 'der';
}

interface RecoveryScheme {
  readonly kind: 'secp256k1';
}

interface TokenScheme {
  readonly kind: 'bearer';
}

type Scheme = HmacScheme | AsymmetricScheme | RecoveryScheme | TokenScheme;

/**
 * The primitives, one row each. Names follow RFC 9421 section 6.2.2 where it has one.
 *
 * RSASSA-PSS uses a salt as long as its hash (RFC 9421 section 3.3.1); ECDSA signatures are r and s side by
 * side (section 3.3.4), not DER. A secp256k1 signature is r, s and the recovery value, and proves an address.
 */
export const SCHEMES = {
  'hmac-sha256': { kind: 'hmac', hash: 'sha256' },
  'hmac-sha384': { kind: 'hmac', hash: 'sha384' },
  'hmac-sha512': { kind: 'hmac', hash: 'sha512' },
  'rsa-v1_5-sha256': { kind: 'rsa', hash: 'sha256', padding: constants.RSA_PKCS1_PADDING },
  'rsa-pss-sha512': { kind: 'rsa', hash: 'sha512', padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 },
  ed25519: { kind: 'ed25519', hash: null },
  'ecdsa-p256-sha256': { kind: 'p256', hash: 'sha256', dsaEncoding: 'ieee-p1363' },
  'ecdsa-secp256k1-keccak256': { kind: 'secp256k1' },
  token: { kind: 'bearer' },
} as const satisfies Record<string, Scheme>;

export type SchemeName = keyof typeof SCHEMES;

/** How a dialect uses a scheme: which one, how the signature is written, and what the key is. */
export interface SchemeUse {
  readonly scheme: SchemeName;
  readonly encoding: DigestEncoding;
  /**
   * What the HMAC key is made of: the secret's bytes (`utf8`, the default), the bytes that it is base64 of, or the
   * chain of AWS Signature Version 4 over the claim's derivation.
   */
  readonly key?: KeyForm | undefined;
}

/**
 * Checks a signature over a prehash with one proof.
 *
 * It does not check that the proof is still within its grace, nor that the scheme is the one bound to the
 * credential: `decide/authenticate.ts` does. An HMAC is compared as its encoded text, so a signature has one
 * valid spelling only.
 */
export function proves(
  use: SchemeUse,
  proof: Proof,
  prehash: Prehash,
  signature: string,
  derivation: readonly string[] = [],
): boolean {
  const scheme: Scheme = SCHEMES[use.scheme];
  if (scheme.kind === 'hmac') {
    if (proof.key === undefined || proof.key.length === 0) return false;
    const expected = macUnder(scheme.hash, proof.key, use, prehash, derivation);
    return expected !== undefined && constantTimeEqual(expected, signature);
  }
  if (scheme.kind === 'secp256k1') {
    const address = recoverAddress(prehash, signature);
    return address !== undefined && proof.address !== undefined && constantTimeEqual(proof.address, address);
  }
  if (scheme.kind === 'bearer') {
    return proof.tokenHash !== undefined && constantTimeEqual(proof.tokenHash, sha256Hex(signature));
  }
  if (proof.publicKey === undefined) return false;
  return asymmetricProves(scheme, proof.publicKey, prehash, decode(signature, use.encoding));
}

/** Whether a presented passphrase is right: sent as it is, or as base64 of its HMAC-SHA256 under the secret. */
export function provesPassphrase(proof: Proof, presented: string, isSigned: boolean): boolean {
  const { key } = proof;
  if (key === undefined || !key.hasPassphrase) return false;
  if (!isSigned) return key.passphraseEquals(presented);
  return constantTimeEqual(hmac('sha256', key, [key.copyPassphrase()], 'base64'), presented);
}

function asymmetricProves(
  scheme: AsymmetricScheme,
  publicKey: KeyObject,
  prehash: Prehash,
  signature: Buffer | undefined,
): boolean {
  if (signature === undefined || !fits(scheme.kind, publicKey)) return false;
  return verifySignature(scheme.hash, prehashBytes(prehash), withOptions(scheme, publicKey), signature);
}

/** A key with what its scheme says of padding and encoding, as `node:crypto` takes it. */
export function withOptions({ padding, saltLength, dsaEncoding }: AsymmetricScheme, key: KeyObject) {
  return {
    key,
    ...(padding === undefined ? {} : { padding }),
    ...(saltLength === undefined ? {} : { saltLength }),
    ...(dsaEncoding === undefined ? {} : { dsaEncoding }),
  };
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
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const HEX = /^(?:[0-9a-f]{2})+$/;

/** Decodes a signature strictly: one spelling per value, no characters skipped. */
function decode(text: string, encoding: DigestEncoding): Buffer | undefined {
  if (text.length > 2048) return undefined;
  if (encoding === 'hex') return HEX.test(text) ? Buffer.from(text, 'hex') : undefined;
  if (!(encoding === 'base64' ? BASE64 : BASE64URL).test(text)) return undefined;
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : undefined;
}
