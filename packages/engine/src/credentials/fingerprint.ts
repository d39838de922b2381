import type { NonceFingerprint } from '../ports/claim-and-meter.ts';

/**
 * Hashes a text to 64 bits under a 32-bit seed: two multiplicative hashes, mixed at the end. It is no
 * cryptographic hash: it is fed with digests that are already unpredictable, or guards a look-up only.
 */
export function fingerprint(text: string, seed: number): NonceFingerprint {
  let high = 0x9e3779b9 ^ seed;
  let low = 0x41c6ce57 ^ Math.imul(seed, 0x85ebca6b);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
    high ^= high >>> 15;
    low ^= low >>> 13;
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return { high: high >>> 0, low: low >>> 0 };
}

/** A fingerprint as 16 hex digits. */
export function fingerprintText({ high, low }: NonceFingerprint): string {
  return hex32(high) + hex32(low);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex32(word: number): string {
  const hex = (shift: number) => HEX[(word >>> shift) & 0xff] as string;
  return hex(24) + hex(16) + hex(8) + hex(0);
}

export function parseFingerprint(text: string): NonceFingerprint {
  return { high: Number.parseInt(text.slice(0, 8), 16), low: Number.parseInt(text.slice(8, 16), 16) };
}
