import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { CommandError } from '../command-error.ts';

const FIRST_LINE = '# countersign env, encrypted: version 1';
/** About a third of a second, and 128 MiB, for each guess (RFC 7914; OWASP's first choice of parameters). */
const COST = { N: 2 ** 17, r: 8, p: 1 };
const MAX_MEMORY = 256 * 1024 * 1024;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function isEncrypted(text: string): boolean {
  return text.startsWith(FIRST_LINE);
}

/**
 * Encrypts a text under a passphrase: scrypt (RFC 7914), then AES-256-GCM over it with the first line as associated
 * data. The result is text of its own, safe to keep beside code as long as the passphrase is a strong one: whoever has
 * the file can guess at it for as long as they like.
 */
export async function encryptText(text: string, passphrase: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', await keyFrom(passphrase, salt), nonce);
  cipher.setAAD(Buffer.from(FIRST_LINE));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  // No "=" in it: a reader of env files finds nothing here.
  const all = Buffer.concat([salt, nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  return `${FIRST_LINE}\n${all.replaceAll(/.{76}(?=.)/g, '$&\n')}\n`;
}

/**
 * Decrypts what {@link encryptText} made.
 *
 * @throws {@link CommandError} for another passphrase, or a file that was changed: the two cannot be told apart
 */
export async function decryptText(encrypted: string, passphrase: string): Promise<string> {
  const [, ...lines] = encrypted.split(/\r?\n/);
  const bytes = Buffer.from(lines.join(''), 'base64url');
  if (bytes.length < SALT_BYTES + NONCE_BYTES + TAG_BYTES)
    throw new CommandError('The encrypted env file is cut short: take another copy of it.');
  const nonceAt = SALT_BYTES;
  const tagAt = nonceAt + NONCE_BYTES;
  const sealedAt = tagAt + TAG_BYTES;
  const key = await keyFrom(passphrase, bytes.subarray(0, nonceAt));
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(nonceAt, tagAt), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(FIRST_LINE));
  decipher.setAuthTag(bytes.subarray(tagAt, sealedAt));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(sealedAt)), decipher.final()]).toString('utf8');
  } catch {
    throw new CommandError('The passphrase is not the right one, or the file was changed.');
  }
}

function keyFrom(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // One text, one key, however the keyboard composes its characters.
    scrypt(passphrase.normalize('NFC'), salt, 32, { ...COST, maxmem: MAX_MEMORY }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
