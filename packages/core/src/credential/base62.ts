const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Writes a non-negative integer in base62 (0-9A-Za-z), padded with `0` to `width`; higher digits are cut off. */
export function base62(value: number | bigint, width: number): string {
  return typeof value === 'number' ? base62OfNumber(value, width) : base62OfBigint(value, width);
}

function base62OfNumber(value: number, width: number): string {
  let rest = value;
  let text = '';
  for (let i = 0; i < width; i++) {
    text = (ALPHABET[rest % 62] as string) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

function base62OfBigint(value: bigint, width: number): string {
  let rest = value;
  let text = '';
  for (let i = 0; i < width; i++) {
    text = ALPHABET[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text;
}

/**
 * Makes `length` base62 characters, each of equal probability (5.95 bits), from a source of random bytes.
 *
 * @param random returns that many fresh random bytes
 */
export function randomBase62(length: number, random: (bytes: number) => Uint8Array): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random(length)) {
      // 248 = 4 * 62: larger bytes would favour the first characters.
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62];
    }
  }
  return text;
}
