import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto';
import { CommandError, UsageError } from '../command-error.ts';
import { readPublicFile } from '../private-file.ts';

const RSA_BITS = 3_072;

/** Both halves of a key pair, in PEM. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/**
 * Makes a key pair of an asymmetric kind.
 *
 * @throws {@link UsageError} for a kind that has none
 */
export function generateKeyPair(kind: string | undefined): KeyPair {
  const { publicKey, privateKey } = keyObjects(kind);
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

function keyObjects(kind: string | undefined): KeyPairKeyObjectResult {
  switch (kind) {
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
    default:
      throw new UsageError(
        `--generate makes key pairs. The service makes the secret of a key of kind ${kind}.`,
      );
  }
}

/**
 * Reads a public key in PEM, and keeps a private one from being sent.
 *
 * @throws {@link CommandError}
 */
export async function readPublicKey(path: string): Promise<string> {
  const pem = await readPublicFile(path);
  if (pem.includes('PRIVATE KEY')) {
    throw new CommandError(
      `${path} holds a private key, which nobody else needs. Make the public one from it: openssl pkey -in ${path} -pubout`,
    );
  }
  return pem;
}
