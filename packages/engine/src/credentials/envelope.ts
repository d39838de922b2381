import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type Keyring, KeyringError } from '../ports/keyring.ts';

/**
 * Envelope encryption of what must be recoverable. Each value has a data key of its own, AES-256-GCM over the
 * value with its name as associated data, and the data key is wrapped by the keyring:
 *
 *     version (1) | kek id length (1) | kek id | wrapped length (2) | wrapped key | iv (12) | ciphertext | tag (16)
 *
 * A sealed value that is moved to another name does not open.
 */
const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Seals one value under a name. Synchronous, because its data key is wrapped already; usable once. */
export type Sealer = (name: string, plaintext: Uint8Array) => Uint8Array;

/** Makes a data key and wraps it. */
export async function prepareSealer(keyring: Keyring): Promise<Sealer> {
  const dataKey = randomBytes(32);
  const { kekId, bytes } = await keyring.wrap(dataKey);
  let isUsed = false;
  return (name, plaintext) => {
    if (isUsed) throw new TypeError('a data key seals one value only');
    isUsed = true;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', dataKey, iv);
    cipher.setAAD(associatedData(name));
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    dataKey.fill(0);
    return Buffer.concat([header(kekId, bytes), iv, ciphertext, cipher.getAuthTag()]);
  };
}

export async function seal(keyring: Keyring, name: string, plaintext: Uint8Array): Promise<Uint8Array> {
  const sealer = await prepareSealer(keyring);
  return sealer(name, plaintext);
}

/** Opens a sealed value. Rejects with {@link KeyringError} when it was tampered with or sealed under another name. */
export async function unseal(keyring: Keyring, name: string, sealed: Uint8Array): Promise<Buffer> {
  const { kekId, wrapped, rest } = parse(sealed);
  const dataKey = await keyring.unwrap({ kekId, bytes: wrapped });
  try {
    const decipher = createDecipheriv('aes-256-gcm', dataKey, rest.subarray(0, IV_BYTES));
    decipher.setAAD(associatedData(name));
    decipher.setAuthTag(rest.subarray(rest.length - TAG_BYTES));
    const ciphertext = rest.subarray(IV_BYTES, rest.length - TAG_BYTES);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch (cause) {
    throw new KeyringError(`what is stored as ${name} was changed, or sealed as something else`, { cause });
  } finally {
    dataKey.fill(0);
  }
}

/** Wraps the data key of a sealed value anew, under the keyring's current key. The value itself is untouched. */
export async function rewrap(keyring: Keyring, sealed: Uint8Array): Promise<Uint8Array> {
  const { kekId, wrapped, rest } = parse(sealed);
  const dataKey = await keyring.unwrap({ kekId, bytes: wrapped });
  const next = await keyring.wrap(dataKey);
  dataKey.fill(0);
  return Buffer.concat([header(next.kekId, next.bytes), rest]);
}

/** The key-encryption key that a sealed value needs. */
export function kekOf(sealed: Uint8Array): string {
  return parse(sealed).kekId;
}

function associatedData(name: string): Buffer {
  return Buffer.from(`countersign:${FORMAT}:${name}`);
}

function header(kekId: string, wrapped: Uint8Array): Buffer {
  const id = Buffer.from(kekId);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(wrapped.length);
  return Buffer.concat([Buffer.from([FORMAT, id.length]), id, length, wrapped]);
}

function parse(sealed: Uint8Array): { kekId: string; wrapped: Buffer; rest: Buffer } {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const idEnd = 2 + (bytes[1] ?? 0);
  const wrappedStart = idEnd + 2;
  if (bytes[0] !== FORMAT || bytes.length < wrappedStart) throw new KeyringError('not a sealed value');
  const wrappedEnd = wrappedStart + bytes.readUInt16BE(idEnd);
  if (bytes.length < wrappedEnd + IV_BYTES + TAG_BYTES) throw new KeyringError('a sealed value is cut short');
  return {
    kekId: bytes.toString('utf8', 2, idEnd),
    wrapped: bytes.subarray(wrappedStart, wrappedEnd),
    rest: bytes.subarray(wrappedEnd),
  };
}
