import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientOptions } from '@countersign/client';
import { DIALECTS, type Dialect } from '@countersign/core';

export const KEY_ID = 'bg_a7f3c1d94e2b8056';
/** Base64 too, so that it is good for every dialect with HMAC keys. */
export const SECRET = 'c2VjcmV0IHRoYXQgc2hvdWxkIG5ldmVyIGJlIHNlZW4h';
export const PASSPHRASE = 'Passphrase-of-tests';

const KINDS = ['hmac', 'bearer', 'secp256k1', 'ed25519', 'p256', 'rsa'] as const;

/** The kind of the key that {@link optionsFor} gives. */
export function kindFor({ name, schemes }: Dialect): (typeof KINDS)[number] {
  const kind = KINDS.find((candidate) => schemes[candidate] !== undefined);
  if (kind === undefined) throw new Error(`${name} has no scheme`);
  return kind;
}

/** What a client of a dialect needs. */
export function optionsFor(of: Dialect | string, baseUrl: string): ClientOptions & { secret: string } {
  const dialect = typeof of === 'string' ? named(of) : of;
  const base = { dialect: dialect.name, keyId: KEY_ID, passphrase: PASSPHRASE, baseUrl };
  switch (kindFor(dialect)) {
    case 'hmac':
    case 'bearer':
      return { ...base, secret: SECRET };
    case 'secp256k1':
      return { ...base, keyId: undefined, secret: `0x${'4f'.repeat(32)}` };
    case 'ed25519':
      return { ...base, secret: pem(generateKeyPairSync('ed25519').privateKey) };
    case 'p256':
      return { ...base, secret: pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) };
    case 'rsa':
      return { ...base, secret: pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey) };
  }
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function named(name: string): Dialect {
  const dialect = DIALECTS.find((candidate) => candidate.name === name);
  if (dialect === undefined) throw new Error(`there is no dialect ${name}`);
  return dialect;
}

const folders: string[] = [];

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-client-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Writes a file as a careful program does: another one that takes its place. */
export function replaceFile(path: string, content: string, mode = 0o600): void {
  writeFileSync(`${path}.new`, content, { mode });
  renameSync(`${path}.new`, path);
}

export function envText(keyId: string, secret: string, passphrase?: string): string {
  const lines = [`COUNTERSIGN_KEY_ID=${keyId}`, `COUNTERSIGN_SECRET=${secret}`];
  if (passphrase !== undefined) lines.push(`COUNTERSIGN_PASSPHRASE='${passphrase}'`);
  return `${lines.join('\n')}\n`;
}
