/**
 * The exact bytes that were signed, in parts: texts (taken as UTF-8) and bytes. Kept in parts because a body
 * must not be copied or decoded only to be hashed.
 */
export type Prehash = readonly (string | Uint8Array)[];

/** Joins a prehash into one buffer. */
export function prehashBytes(prehash: Prehash): Buffer {
  return Buffer.concat(prehash.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part)));
}
