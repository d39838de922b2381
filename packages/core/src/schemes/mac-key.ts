import { createHmac } from 'node:crypto';
import { allocFast } from '../fast-buffer.ts';
import { type DigestEncoding, type HashName, type HmacKey, hmac } from './hmac.ts';
import { type KeyRow, MAX_SECRET_BYTES } from './key-slab.ts';
import type { Prehash } from './prehash.ts';

/** What an HMAC key is made of: see {@link macUnder}. */
export type KeyForm = 'utf8' | 'base64' | 'aws4';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const scratch = allocFast(MAX_SECRET_BYTES);
const scratchWords = new Uint32Array(scratch.buffer, scratch.byteOffset, MAX_SECRET_BYTES >> 2);

/**
 * Computes an HMAC under what a dialect takes for the key: the secret's own bytes, the bytes that the secret is
 * base64 of, or the signing key of AWS Signature Version 4. Undefined when the secret is not base64 and should be.
 *
 * @param derivation for `aws4`: date, region and service
 */
export function macUnder(
  hash: HashName,
  secret: KeyRow,
  { key = 'utf8', encoding }: { readonly key?: KeyForm | undefined; readonly encoding: DigestEncoding },
  prehash: Prehash,
  derivation: readonly string[],
): string | undefined {
  if (key === 'utf8') return hmac(hash, secret, prehash, encoding);
  const bytes = key === 'base64' ? decoded(secret) : derived(secret, derivation);
  if (bytes === undefined) return undefined;
  scratch.set(bytes);
  const length = bytes.length;
  bytes.fill(0);
  try {
    return hmac(hash, keyInScratch(length), prehash, encoding);
  } finally {
    scratch.fill(0);
  }
}

function keyInScratch(length: number): HmacKey {
  return {
    words: scratchWords,
    firstWord: 0,
    length,
    copyBytes: () => Buffer.from(scratch.subarray(0, length)),
  };
}

/** Whether a secret can be the key of a dialect that decodes it. */
export function isBase64Secret(secret: string): boolean {
  return BASE64.test(secret) && Buffer.from(secret, 'base64').length > 0;
}

function decoded(secret: KeyRow): Buffer | undefined {
  const text = secret.copyBytes();
  const latin1 = text.toString('latin1');
  text.fill(0);
  return isBase64Secret(latin1) ? Buffer.from(latin1, 'base64') : undefined;
}

/** The signing key of AWS Signature Version 4: a chain of HMACs over date, region, service and a constant. */
function derived(secret: KeyRow, derivation: readonly string[]): Buffer {
  const bytes = secret.copyBytes();
  let key = Buffer.concat([Buffer.from('AWS4'), bytes]);
  bytes.fill(0);
  for (const step of [...derivation, 'aws4_request']) {
    const next = createHmac('sha256', key).update(step).digest();
    key.fill(0);
    key = next;
  }
  return key;
}
