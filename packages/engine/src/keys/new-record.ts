import type { Secret } from '@countersign/core';
import type { Keyring } from '../ports/keyring.ts';
import type { CredentialRecord } from '../ports/record.ts';
import type { KeyInput } from './key-input.ts';
import { makeSecretVersion } from './secret-versions.ts';

/** What a new record needs beside what the caller said of the key. */
export interface NewRecord {
  readonly id: string;
  /** Whether a secret that is made here must be base64 too. */
  readonly isBase64: boolean;
  readonly nowMs: number;
  /** Given on import only. */
  readonly secret?: string | undefined;
}

/** Puts a key into a record that is not stored yet, with its first secret version sealed. Checks nothing. */
export async function newRecord(
  keyring: Keyring,
  input: KeyInput,
  { id, isBase64, nowMs, secret }: NewRecord,
): Promise<{ record: CredentialRecord; secret: Secret | undefined }> {
  const { environment, kind, passphrase, publicKey } = input;
  const made = await makeSecretVersion(keyring, {
    record: { id, environment, kind },
    isBase64,
    version: 1,
    nowMs,
    tokenId: id,
    passphrase,
    publicKey,
    secret,
  });
  const record: CredentialRecord = {
    id,
    accountId: input.accountId,
    label: input.label,
    environment,
    kind,
    dialects: input.dialects ?? null,
    permissions: input.permissions,
    allowedIps: input.allowedIps ?? null,
    constraints: input.constraints ?? {},
    rateLimits: input.rateLimits ?? [],
    nonceWindow: input.nonceWindow ?? 0,
    metadata: input.metadata ?? {},
    standing: 'active',
    createdAt: nowMs,
    expiresAt: input.expiresAt ?? null,
    secretVersions: [made.version],
    revision: 0,
  };
  return { record, secret: made.secret };
}
