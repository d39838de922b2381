import { type Keyring, KeyringError } from '../ports/keyring.ts';
import { unwrapKey, wrapKey } from './key-wrap.ts';

/** Key-encryption keys by id, 32 bytes each. */
export type Keks = ReadonlyMap<string, Uint8Array>;

export const KEK_ID = /^[A-Za-z0-9_.-]{1,64}$/;
export const KEK_BYTES = 32;

/** A keyring over keys in our memory, which `current` returns at each call, so that it can be replaced. */
export function localKeyring(current: () => { readonly kekId: string; readonly keks: Keks }): Keyring {
  function kekNamed(kekId: string): Uint8Array {
    const kek = current().keks.get(kekId);
    if (kek === undefined) {
      throw new KeyringError(`the keyring has no key ${kekId}: was a wrong or older keyring given?`);
    }
    return kek;
  }
  return {
    get currentKekId() {
      return current().kekId;
    },
    wrap: async (dataKey) => wrapKey(current().kekId, kekNamed(current().kekId), dataKey),
    unwrap: async (wrapped) => unwrapKey(kekNamed(wrapped.kekId), wrapped),
  };
}
