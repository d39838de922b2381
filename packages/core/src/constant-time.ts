import { timingSafeEqual } from 'node:crypto';

const LIMIT = 1024;
const left = Buffer.alloc(LIMIT);
const right = Buffer.alloc(LIMIT);
const leftViews: Buffer[] = [];
const rightViews: Buffer[] = [];

/**
 * Compares two short texts of one byte per character (encoded digests, hashes, passphrases) in a time that
 * depends on their length alone. This is the only comparison of secret values in the project.
 *
 * Whole values only: texts of different length are unequal, whatever they begin with. Texts over 1,024
 * characters, and presented ones above U+00FF, compare as unequal.
 *
 * @param expected what we computed or stored: one byte per character
 * @param presented what the caller sent
 */
export function constantTimeEqual(expected: string, presented: string): boolean {
  const length = expected.length;
  if (length !== presented.length || length > LIMIT) return false;
  // latin1 keeps the low byte only: without this, a presented U+0141 would equal "A".
  if (WIDE.test(presented)) return false;
  left.write(expected, 'latin1');
  right.write(presented, 'latin1');
  leftViews[length] ??= left.subarray(0, length);
  rightViews[length] ??= right.subarray(0, length);
  return timingSafeEqual(leftViews[length], rightViews[length]);
}

const WIDE = /[^\x00-\xff]/;
