import { type Keyring, KeyringError } from '../ports/keyring.ts';
import { KEK_BYTES, KEK_ID, localKeyring } from './local-keyring.ts';

/**
 * Makes a keyring from a text like `kek-2:BASE64,kek-1:BASE64` (32 bytes each, standard base64). The first key
 * is the current one; the others only open what was sealed under them. To rotate, put a new key in front and
 * start again: re-wrapping begins by itself.
 */
export function createEnvKeyring(text: string): Keyring {
  const keks = new Map<string, Uint8Array>();
  for (const [i, part] of text.split(',').entries()) {
    const [kekId = '', encoded = '', ...rest] = part.trim().split(':');
    const kek = Buffer.from(encoded, 'base64');
    const isKey = kek.length === KEK_BYTES && kek.toString('base64') === encoded;
    if (!KEK_ID.test(kekId) || !isKey || rest.length > 0) {
      throw new KeyringError(`key ${i + 1} of the keyring is not ID:BASE64 with ${KEK_BYTES} bytes`);
    }
    if (keks.has(kekId)) throw new KeyringError(`the keyring names ${kekId} twice`);
    keks.set(kekId, kek);
  }
  const kekId = keks.keys().next().value as string;
  return localKeyring(() => ({ kekId, keks }));
}
