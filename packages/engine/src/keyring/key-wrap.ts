import { createCipheriv, createDecipheriv } from 'node:crypto';
import { KeyringError, type WrappedKey } from '../ports/keyring.ts';

const DATA_KEY_BYTES = 32;
const WRAPPED_BYTES = DATA_KEY_BYTES + 8;
const DEFAULT_IV = Buffer.alloc(8, 0xa6);

/** Wraps a 32-byte data key with AES Key Wrap (RFC 3394) under a 32-byte key. */
export function wrapKey(kekId: string, kek: Uint8Array, dataKey: Uint8Array): WrappedKey {
  if (dataKey.length !== DATA_KEY_BYTES) throw new KeyringError(`a data key has ${DATA_KEY_BYTES} bytes`);
  const cipher = createCipheriv('id-aes256-wrap', kek, DEFAULT_IV);
  return { kekId, bytes: Buffer.concat([cipher.update(dataKey), cipher.final()]) };
}

/** Unwraps a data key. The size is checked first: Node's AES-KW accepts some wrong ones. */
export function unwrapKey(kek: Uint8Array, wrapped: WrappedKey): Uint8Array {
  if (wrapped.bytes.length !== WRAPPED_BYTES) {
    throw new KeyringError(`a wrapped data key has ${WRAPPED_BYTES} bytes, not ${wrapped.bytes.length}`);
  }
  try {
    const decipher = createDecipheriv('id-aes256-wrap', kek, DEFAULT_IV);
    return Buffer.concat([decipher.update(wrapped.bytes), decipher.final()]);
  } catch (cause) {
    throw new KeyringError(`a data key does not unwrap under ${wrapped.kekId}`, { cause });
  }
}
