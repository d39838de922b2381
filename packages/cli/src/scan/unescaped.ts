import type { Layer } from './layer.ts';

/**
 * `\x41`, `\u0041`, `\u{41}`, `\/`; two literals with a plus or `.concat(` between them; a literal in a template.
 */
const PIECE =
  /\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\u\{([0-9A-Fa-f]{1,6})\}|\\(\/)|\\?["'`]\s{0,64}\+\s{0,64}\\?["'`]|["'`]\)?\.concat\(["'`]|\$\{(["'`])([^"'`$\\{}\n]{0,200})\5\}/g;

/**
 * Puts literals together and undoes escapes of characters, whatever the language: it may join what a compiler would
 * not, and is scanned besides the text itself. `undefined` where nothing changes.
 */
export function unescaped(text: string): Layer | undefined {
  const parts: string[] = [];
  /** Offsets in the new text, and what has to be added to them to get those in the old one. */
  const from: number[] = [];
  const shift: number[] = [];
  let length = 0;
  let last = 0;
  for (const match of text.matchAll(PIECE)) {
    const between = text.slice(last, match.index);
    const instead = replacement(match);
    if (instead === undefined) continue;
    parts.push(between, instead);
    length += between.length + instead.length;
    last = match.index + match[0].length;
    from.push(length);
    shift.push(last - length);
  }
  if (parts.length === 0) return undefined;
  parts.push(text.slice(last));
  return {
    text: parts.join(''),
    origin: (offset) => offset + (shift[lastAtMost(from, offset)] ?? 0),
  };
}

function replacement([, hex, unit, point, slash, , inner]: RegExpMatchArray): string | undefined {
  const code = hex ?? unit ?? point;
  if (code !== undefined) {
    const number = Number.parseInt(code, 16);
    // Line ends stay escaped: the lines of the text are kept.
    if (number === 0x0a || number === 0x0d || number > 0x10ffff) return undefined;
    return String.fromCodePoint(number);
  }
  return slash ?? inner ?? '';
}

/** Index of the last of the rising numbers that is not above a limit; -1 where there is none. */
function lastAtMost(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
