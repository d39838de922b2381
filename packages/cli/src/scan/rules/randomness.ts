import { isPlaceholder } from './placeholder.ts';

const HEX = /^(?:[0-9a-f]+|[0-9A-F]+)$/;
const WORD_PART = /^(?:[A-Za-z]{1,14}|[0-9]{1,8})$/;

/**
 * Whether a text looks drawn by a machine: long, of several kinds of characters, and of many different ones. It does
 * not tell a secret from a hash: the name that stands before it has to.
 */
export function looksRandom(value: string): boolean {
  if (isPlaceholder(value)) return false;
  if (HEX.test(value)) return value.length >= 32 && /\d/.test(value) && entropy(value) >= 3;
  if (value.length < 20 || entropy(value) < 3.4) return false;
  const parts = value.split(/[-_./]/);
  if (parts.length >= 2 && parts.every((part) => WORD_PART.test(part))) return false;
  if (isCamelCase(value)) return false;
  return digits(value) >= (value.length >= 32 ? 1 : 2) && changes(value) >= value.length / 4;
}

/** Bits a character, by how often each occurs (Shannon). */
export function entropy(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}

/** `privatePostV5PositionTradingStop`: of a random text words are a sixth. */
export function isCamelCase(value: string): boolean {
  const words = value.match(/[A-Z]?[a-z]{3,}/g) ?? [];
  return /[A-Z]/.test(value) && words.join('').length >= value.length * 0.8;
}

function digits(value: string): number {
  return value.replaceAll(/\D/g, '').length;
}

/** How often a letter in lower case, one in upper case and a digit follow one another: seldom, in words. */
function changes(value: string): number {
  let count = 0;
  for (let i = 1; i < value.length; i++) {
    if (kindOf(value.charCodeAt(i)) !== kindOf(value.charCodeAt(i - 1))) count++;
  }
  return count;
}

function kindOf(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return 0;
  if (code >= 0x41 && code <= 0x5a) return 1;
  return code >= 0x30 && code <= 0x39 ? 2 : 3;
}
