/**
 * Compares two texts (encoded digests, hashes, passphrases) in a time that depends on their length alone. This
 * is the only comparison of secret values in the project.
 *
 * Whole values only: texts of different length are unequal, whatever they begin with. There is no branch and no
 * memory access that depends on a character, so nothing for a compiler to cut short; `bench/` holds a
 * statistical test of it. `crypto.timingSafeEqual` would want both texts copied into buffers first, which takes
 * three times as long as the comparison.
 *
 * @param expected what we computed or stored
 * @param presented what the caller sent
 */
export function constantTimeEqual(expected: string, presented: string): boolean {
  const length = expected.length;
  if (length !== presented.length) return false;
  let difference = 0;
  for (let i = 0; i < length; i++) difference |= expected.charCodeAt(i) ^ presented.charCodeAt(i);
  return difference === 0;
}
