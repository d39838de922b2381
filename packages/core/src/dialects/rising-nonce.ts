const MAX = 2n ** 64n - 1n;

/** Whether a text is a nonce that rises: a whole number of at most 64 bits, without a leading zero. */
export function isRisingNonce(text: string): boolean {
  return /^(?:0|[1-9]\d{0,19})$/.test(text) && BigInt(text) <= MAX;
}

/** Times of the years 2023 to 2033 in ms, microseconds, ms and a counter of four or five digits, or nanoseconds. */
const TIME = /^1[7-9](?:\d{11}|\d{14,17})$/;
const TIME_LENGTHS = [13, 16, 17, 18, 19];

/**
 * Whether digits could be moved between a text and the nonce that stands behind it without a separator: another end of
 * the digits that the two have together would be a nonce as well, or, where one may be absent, none. `nonce` is empty
 * where there is none.
 *
 * Of all the ways to part the same digits, at most one is not movable. It is the one whose nonce looks like a time: only
 * that can be told from digits before it. Without digits there, and where a nonce must be there, any other number can,
 * if it does not end in a time.
 */
export function hasMovableDigits(before: string, nonce: string, mayBeAbsent: boolean): boolean {
  const [digits = ''] = /\d*$/.exec(before) ?? [];
  const run = digits + nonce;
  if (digits === '' && TIME.test(run)) return false;
  if (nonce === '' || (digits === '' && !mayBeAbsent)) return timesAtEnd(run).length > 0;
  const [only, ...others] = timesAtEnd(run);
  return only !== nonce || others.length > 0;
}

/** All ends of a run of digits that look like a time. */
function timesAtEnd(run: string): string[] {
  return TIME_LENGTHS.filter((length) => length <= run.length)
    .map((length) => run.slice(-length))
    .filter((end) => TIME.test(end));
}
