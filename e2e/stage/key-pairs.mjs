import { generateKeyPairSync } from 'node:crypto';

const ALGORITHMS = {
  ed25519: ['ed25519', {}],
  rsa: ['rsa', { modulusLength: 2048 }],
  p256: ['ec', { namedCurve: 'P-256' }],
};

/**
 * Makes the key pair that a customer would make.
 *
 * @param kind a kind of credential
 * @returns `publicKey` (SPKI) and `privateKey` (PKCS #8) in PEM; nothing for a kind that has no pair, or one that
 *   node:crypto alone cannot make as its clients want it
 */
export function makePair(kind) {
  if (ALGORITHMS[kind] === undefined) return {};
  const [name, options] = ALGORITHMS[kind];
  const { publicKey, privateKey } = generateKeyPairSync(name, options);
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}
