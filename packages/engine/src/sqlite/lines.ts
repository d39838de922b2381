const KEPT_BYTES = 1024 * 1024;
/** A character of a JavaScript string becomes at most three bytes of UTF-8. */
const MAX_BYTES_OF_CHARACTER = 3;
const NEW_LINE = 0x0a;

let scratch = Buffer.allocUnsafeSlow(KEPT_BYTES);

/**
 * What is handed to the writing thread, a line for each item, as UTF-8. Each text is written as soon as it is made: put
 * together into one text first, they would take four times as long.
 *
 * @param textOf one line, or undefined for nothing of this item. Must hold no line break and no lone surrogate: JSON
 * text has neither
 */
export function linesOf<T>(items: readonly T[], textOf: (item: T) => string | undefined): Uint8Array {
  let end = 0;
  for (const item of items) {
    const text = textOf(item);
    if (text === undefined) continue;
    const most = end + text.length * MAX_BYTES_OF_CHARACTER + 1;
    if (most > scratch.length) grow(most, end);
    end += scratch.write(text, end);
    scratch[end++] = NEW_LINE;
  }
  // A copy of its own: a view would take all that it is a view of with it to the other thread.
  const lines = new Uint8Array(scratch.subarray(0, end));
  if (scratch.length > KEPT_BYTES) scratch = Buffer.allocUnsafeSlow(KEPT_BYTES);
  return lines;
}

function grow(least: number, end: number): void {
  const larger = Buffer.allocUnsafeSlow(Math.max(least, scratch.length * 2));
  scratch.copy(larger, 0, 0, end);
  scratch = larger;
}

/** The texts of {@link linesOf}. */
export function textsOf({ buffer, byteOffset, byteLength }: Uint8Array): string[] {
  const texts = Buffer.from(buffer, byteOffset, byteLength).toString().split('\n');
  texts.pop(); // Behind the last line break.
  return texts;
}
