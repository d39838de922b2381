import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientOptions } from '@countersign/client';
import { DIALECTS, type Dialect } from '@countersign/core';

export const KEY_ID = 'bg_a7f3c1d94e2b8056';
/** Base64 too, so that it is good for every dialect with HMAC keys. */
export const SECRET = 'c2VjcmV0IHRoYXQgc2hvdWxkIG5ldmVyIGJlIHNlZW4h';
export const PASSPHRASE = 'Passphrase-of-tests';

/** What a client of a dialect needs, with the first kind of key that the dialect has. */
export function optionsFor(dialect: Dialect | string, baseUrl: string): ClientOptions & { secret: string } {
  const { name, schemes } = typeof dialect === 'string' ? named(dialect) : dialect;
  const base = { dialect: name, keyId: KEY_ID, passphrase: PASSPHRASE, baseUrl };
  if (schemes.hmac !== undefined) return { ...base, secret: SECRET };
  if (schemes.bearer !== undefined) return { ...base, secret: SECRET };
  if (schemes.secp256k1 !== undefined) return { ...base, keyId: undefined, secret: `0x${'4f'.repeat(32)}` };
  const pair =
    schemes.ed25519 !== undefined
      ? generateKeyPairSync('ed25519')
      : schemes.p256 !== undefined
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...base, secret: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
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
