import { createPrivateKey } from 'node:crypto';

/**
 * A private key as Coinbase hands it out, and as clients want it: SEC 1 in PEM for ECDSA; for Ed25519 base64 of the seed
 * and the public key.
 */
export function asFromCoinbase({ kind, privateKey }) {
  const key = createPrivateKey(privateKey);
  if (kind === 'p256') return key.export({ type: 'sec1', format: 'pem' });
  const { d, x } = key.export({ format: 'jwk' });
  return Buffer.concat([d, x].map((part) => Buffer.from(part, 'base64url'))).toString('base64');
}
