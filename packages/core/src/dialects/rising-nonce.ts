const MAX = 2n ** 64n - 1n;

/** Whether a text is a nonce that rises: a whole number of at most 64 bits, without a leading zero. */
export function isRisingNonce(text: string): boolean {
  return /^(?:0|[1-9]\d{0,19})$/.test(text) && BigInt(text) <= MAX;
}

/** Times of the years 2023 to 2033 in ms, ms and a counter of four digits, microseconds, or nanoseconds. */
const TIME = /^1[7-9](?:\d{11}|\d{14}|\d{15}|\d{17})$/;

/**
 * Whether digits could be moved between a text and the nonce that stands behind it without a separator: another end of
 * the digits that the two have together would be a nonce as well. `nonce` is empty where there is none.
 *
 * Only a nonce that looks like a time can be told from the digits before it; without digits there, any can.
 */
export function hasMovableDigits(before: string, nonce: string): boolean {
  const [digits = ''] = /\d*$/.exec(before) ?? [];
  if (digits === '') return false;
  if (nonce !== '' && !TIME.test(nonce)) return true;
  const run = digits + nonce;
  for (let length = 1; length <= run.length; length++) {
    if (length !== nonce.length && TIME.test(run.slice(-length))) return true;
  }
  return false;
}
