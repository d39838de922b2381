import { constantTimeEqual, readAddress, sha256Hex } from '@countersign/core';
import type { Keyring } from '../ports/keyring.ts';
import type { CredentialRecord, SecretVersionRecord } from '../ports/record.ts';
import type { ImportInput } from './key-input.ts';
import { openSealed } from './secret-versions.ts';

/**
 * Whether an imported key is proved as the stored one is: by the secret and passphrase, the token or the public key of
 * a version that is not retired. Of a revoked key nothing is left to compare, so it never is. Says nothing about the
 * rest of the record.
 */
export async function isProvedAlike(
  keyring: Keyring,
  record: CredentialRecord,
  input: ImportInput,
  nowMs: number,
): Promise<boolean> {
  for (const version of record.secretVersions) {
    if (version.retiresAt !== null && version.retiresAt <= nowMs) continue;
    if (await isSameVersion(keyring, record.id, version, input)) return true;
  }
  return false;
}

async function isSameVersion(
  keyring: Keyring,
  id: string,
  version: SecretVersionRecord,
  { kind, secret = '', passphrase = '', publicKey = '' }: ImportInput,
): Promise<boolean> {
  const kept = await openSealed(keyring, id, version);
  // All of them are compared, whatever comes of the first.
  const same = [
    constantTimeEqual(kept.secret ?? '', kind === 'hmac' ? secret : ''),
    constantTimeEqual(kept.passphrase ?? '', passphrase),
    constantTimeEqual(version.tokenHash ?? '', kind === 'bearer' ? sha256Hex(secret) : ''),
    constantTimeEqual(bare(version.publicKey ?? ''), bare(spelt(kind, publicKey))),
  ];
  return same.every(Boolean);
}

/** An address in the one spelling in which it is stored. */
function spelt(kind: ImportInput['kind'], publicKey: string): string {
  return kind === 'secp256k1' ? (readAddress(publicKey.trim()) ?? '') : publicKey;
}

/** PEM without its line ends, which other systems write differently. */
function bare(text: string): string {
  return text.replaceAll(/\s/g, '');
}
