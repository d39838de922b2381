/**
 * Wraps data keys. The key-encryption key may live in another process or a device: nothing here assumes that
 * it is ever in our memory, and every call may take time.
 */
export interface Keyring {
  /** Names the key-encryption key that {@link Keyring.wrap} uses now. At most 64 characters. */
  readonly currentKekId: string;
  /** Wraps a 32-byte data key under the current key-encryption key. */
  wrap(dataKey: Uint8Array): Promise<WrappedKey>;
  /**
   * Unwraps a data key. Rejects with {@link KeyringError} when the key-encryption key is not in the keyring,
   * or the wrapped key has the wrong size or was tampered with.
   */
  unwrap(wrapped: WrappedKey): Promise<Uint8Array>;
}

export interface WrappedKey {
  readonly kekId: string;
  readonly bytes: Uint8Array;
}

/** A keyring that cannot do what was asked. The message says which key, and never holds one. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError';
}
