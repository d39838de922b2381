import { randomBytes } from 'node:crypto';
import {
  type CredentialKind,
  type DialectTable,
  mintBase64Secret,
  mintBearerToken,
  mintHmacSecret,
  readAddress,
  Secret,
  sha256Hex,
} from '@countersign/core';
import { type SealedSecret, sealedName } from '../credentials/compile-credential.ts';
import { seal, unseal } from '../credentials/envelope.ts';
import type { Keyring } from '../ports/keyring.ts';
import type { CredentialRecord, SecretVersionRecord } from '../ports/record.ts';

/** Material of a new secret version. `tokenId`: the id that a bearer token carries. */
export interface NewSecret {
  readonly record: Pick<CredentialRecord, 'id' | 'environment' | 'kind'>;
  /** Whether a secret that is made here must be base64 too: see {@link needsBase64Secret}. */
  readonly isBase64: boolean;
  readonly version: number;
  readonly nowMs: number;
  readonly tokenId: string;
  readonly passphrase?: string | undefined;
  readonly publicKey?: string | undefined;
  /** Given on import only. */
  readonly secret?: string | undefined;
}

/** Makes a secret version, and the secret that is shown once; asymmetric kinds have none. */
export async function makeSecretVersion(
  keyring: Keyring,
  input: NewSecret,
): Promise<{ version: SecretVersionRecord; secret: Secret | undefined }> {
  const { record, version, nowMs, passphrase } = input;
  const text = secretText(input);
  const toSeal: SealedSecret = { secret: record.kind === 'hmac' ? text : undefined, passphrase };
  const needsSeal = toSeal.secret !== undefined || passphrase !== undefined;
  return {
    version: {
      version,
      createdAt: nowMs,
      retiresAt: null,
      sealed: needsSeal ? await sealSecret(keyring, record.id, version, toSeal) : null,
      tokenHash: record.kind === 'bearer' && text !== undefined ? sha256Hex(text) : null,
      publicKey: publicKeyText(input),
    },
    secret: text === undefined ? undefined : new Secret(text),
  };
}

/** PEM as it was given; an address in the one spelling in which it is looked up. */
function publicKeyText({ record, publicKey }: NewSecret): string | null {
  if (publicKey === undefined) return null;
  return record.kind === 'secp256k1' ? (readAddress(publicKey.trim()) ?? null) : publicKey;
}

/** Whether one of the named dialects takes the bytes for its key that the secret is base64 of. */
export function needsBase64Secret(
  kind: CredentialKind,
  names: readonly string[] | undefined,
  dialects: DialectTable,
): boolean {
  return (
    kind === 'hmac' && (names ?? []).some((name) => dialects.named(name)?.schemes.hmac?.key === 'base64')
  );
}

function secretText({ record, secret, tokenId, isBase64 }: NewSecret): string | undefined {
  if (secret !== undefined) return secret;
  if (record.kind === 'hmac') {
    const mint = isBase64 ? mintBase64Secret : mintHmacSecret;
    return mint(record.environment, randomBytes);
  }
  if (record.kind === 'bearer') return mintBearerToken(tokenId, randomBytes);
  return undefined;
}

async function sealSecret(
  keyring: Keyring,
  id: string,
  version: number,
  toSeal: SealedSecret,
): Promise<Uint8Array> {
  const plaintext = Buffer.from(JSON.stringify(toSeal));
  const sealed = await seal(keyring, sealedName(id, version), plaintext);
  plaintext.fill(0);
  return sealed;
}

/** The passphrase of a secret version, which a rotation keeps. */
export async function passphraseOf(
  keyring: Keyring,
  id: string,
  version: SecretVersionRecord,
): Promise<string | undefined> {
  return (await openSealed(keyring, id, version)).passphrase;
}

/** Opens what is sealed of a secret version; nothing, where nothing is. */
export async function openSealed(
  keyring: Keyring,
  id: string,
  { version, sealed }: SecretVersionRecord,
): Promise<SealedSecret> {
  if (sealed === null) return {};
  const plaintext = await unseal(keyring, sealedName(id, version), sealed);
  const opened = JSON.parse(plaintext.toString('utf8')) as SealedSecret;
  plaintext.fill(0);
  return opened;
}

/** A secret version without anything that proves: kept for the record. */
export function destroyed(version: SecretVersionRecord, nowMs: number): SecretVersionRecord {
  return {
    ...version,
    retiresAt: Math.min(version.retiresAt ?? nowMs, nowMs),
    sealed: null,
    tokenHash: null,
    publicKey: null,
  };
}
