import { createPrivateKey, sign as signBytes } from 'node:crypto';
import type { CredentialKind } from '../credential/credential.ts';
import type { SigningKey } from '../dialects/dialect.ts';
import { KeySlab } from './key-slab.ts';
import { macUnder } from './mac-key.ts';
import { prehashBytes } from './prehash.ts';
import { SCHEMES, withOptions } from './scheme.ts';
import { addressOfPrivateKey, signRecoverably } from './secp256k1.ts';

/** What the holder of a credential has: its id, and the secret of its kind. */
export interface SigningMaterial {
  readonly keyId: string;
  readonly kind: CredentialKind;
  /**
   * `hmac`: the secret; `bearer`: the token; `ed25519`, `rsa`, `p256`: the private key, PEM; `secp256k1`: the private
   * key, `0x` and 64 hex digits.
   */
  readonly secret: string;
  readonly passphrase?: string | undefined;
}

const slab = new KeySlab();

/** Makes the client's side of a credential. Throws a TypeError when the secret is not one of its kind. */
export function createSigningKey({ keyId, kind, secret, passphrase }: SigningMaterial): SigningKey {
  return { keyId, kind, passphrase, sign: signerOf(kind, secret) };
}

function signerOf(kind: CredentialKind, secret: string): SigningKey['sign'] {
  if (kind === 'bearer') return () => secret;
  if (kind === 'hmac') {
    const row = slab.store(Buffer.from(secret, 'utf8'));
    return (use, prehash, derivation = []) => {
      const scheme = SCHEMES[use.scheme];
      if (scheme.kind !== 'hmac') throw new TypeError(`${use.scheme} is no HMAC`);
      const signature = macUnder(scheme.hash, row, use, prehash, derivation);
      if (signature === undefined) throw new TypeError('the secret of this dialect must be base64');
      return signature;
    };
  }
  if (kind === 'secp256k1') {
    if (!/^0x[0-9a-fA-F]{64}$/.test(secret))
      throw new TypeError('a secp256k1 private key is 0x and 64 hex digits');
    const privateKey = Buffer.from(secret.slice(2), 'hex');
    addressOfPrivateKey(privateKey); // Throws for a number that is no key.
    return (_use, prehash) => signRecoverably(privateKey, prehash);
  }
  const privateKey = createPrivateKey(secret);
  return (use, prehash) => {
    const scheme = SCHEMES[use.scheme];
    if (scheme.kind !== kind) throw new TypeError(`${use.scheme} is no scheme of a key of kind ${kind}`);
    return signBytes(scheme.hash, prehashBytes(prehash), withOptions(scheme, privateKey)).toString(
      use.encoding,
    );
  };
}
