import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { createSigningKey, type SigningKey } from '@countersign/core';
import { StartError } from '../start-error.ts';

/** The key that the service signs its answers with: Ed25519. */
export interface AnswerKey {
  /** The thumbprint of the public key (RFC 7638): the same on every node, and another one for another key. */
  readonly keyId: string;
  /** PEM. */
  readonly publicKey: string;
  readonly signingKey: SigningKey;
}

/**
 * Reads an answer key from PEM (PKCS #8), in which line ends may be written as `\n`.
 *
 * @param from where it comes from, for the message: the text itself is never repeated
 * @throws {@link StartError}
 */
export function readAnswerKey(pem: string, from: string): AnswerKey {
  const text = pem.replaceAll('\\n', '\n');
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    // OpenSSL's message says nothing that helps, and Node's may show what was given.
    throw new StartError(`${from} is no private key in PEM: make one with countersign answer-key make`);
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new StartError(`${from} is a private key of the type ${key.asymmetricKeyType}: it must be Ed25519`);
  }
  const publicKey = createPublicKey(key);
  const keyId = thumbprint(publicKey);
  return {
    keyId,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    signingKey: createSigningKey({ keyId, kind: 'ed25519', secret: text }),
  };
}

/** Makes the text of a new answer key: PEM, PKCS #8. */
export function newAnswerKeyPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/**
 * Opens the file of the answer key, and makes it, for its owner alone, when there is none. One that others can read is
 * refused.
 *
 * @throws {@link StartError}
 */
export function openAnswerKey(path: string): AnswerKey {
  return readAnswerKey(read(path) ?? create(path), path);
}

function read(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    if ((statSync(path).mode & 0o077) === 0) return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StartError(`${path} cannot be read: ${(error as Error).message}`);
  }
  throw new StartError(
    `${path} can be read by others: move it away, and start again with a new key, which clients must be told of`,
  );
}

/** Writes under another name, syncs, then renames: a kill leaves the whole key or none. */
function create(path: string): string {
  const pem = newAnswerKeyPem();
  const temporary = `${path}.new`;
  try {
    const fd = openSync(temporary, 'w', 0o600);
    chmodSync(temporary, 0o600);
    writeSync(fd, pem);
    fsyncSync(fd);
    closeSync(fd);
    renameSync(temporary, path);
    const folder = openSync(dirname(path), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    throw new StartError(`${path} cannot be written: ${(error as Error).message}`);
  }
  return pem;
}

/** RFC 7638 section 3 with RFC 8037 section 2: SHA-256 of the public members, in the order of their names. */
function thumbprint(key: KeyObject): string {
  const { crv, kty, x } = key.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
}
