import { type ByteLine, byteLines } from './byte-lines.ts';
import { MAX_ENTRY_BYTES } from './entry.ts';

/** The lines of one record. */
export interface CsvRecord {
  /** Where it begins and where it ends, counted from 1. */
  readonly line: number;
  readonly lastLine: number;
  /** Without its line end; absent where it is too long. */
  readonly bytes: Buffer | undefined;
  /** Whether it is the last of the file, and a quote in it is never closed. */
  readonly isOpen: boolean;
}

const QUOTE = 0x22;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = Buffer.from('\n');

/**
 * Cuts CSV into records without reading them: a record goes on in the next line as long as the number of its quotes is
 * odd (RFC 4180, section 2). Empty lines between them are left out.
 */
export async function* csvRecords(source: AsyncIterable<Buffer>): AsyncGenerator<CsvRecord> {
  let parts: Buffer[] = [];
  let length = 0;
  let first = 0;
  let isOpen = false;

  function record(lastLine: number): CsvRecord {
    const isTooLong = length > MAX_ENTRY_BYTES;
    const bytes = isTooLong ? undefined : trimmed(Buffer.concat(parts.slice(0, -1)));
    const made = { line: first, lastLine, bytes, isOpen };
    parts = [];
    length = 0;
    isOpen = false;
    return made;
  }

  function take({ number, bytes }: ByteLine): void {
    if (parts.length === 0) first = number;
    length += bytes === undefined ? MAX_ENTRY_BYTES + 1 : bytes.length + 1;
    // What is too long is not kept, or a quote that is never closed would hold the whole file.
    parts = length > MAX_ENTRY_BYTES ? [LINE_FEED] : [...parts, bytes ?? LINE_FEED, LINE_FEED];
    if (bytes !== undefined && hasOddQuotes(bytes)) isOpen = !isOpen;
  }

  let last = 0;
  for await (const line of byteLines(source, MAX_ENTRY_BYTES)) {
    last = line.number;
    if (!isOpen && line.bytes !== undefined && trimmed(line.bytes).length === 0) continue;
    take(line);
    if (!isOpen || length > MAX_ENTRY_BYTES) yield record(last);
  }
  if (parts.length > 0) yield record(last);
}

function trimmed(bytes: Buffer): Buffer {
  return bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
}

function hasOddQuotes(bytes: Buffer): boolean {
  let isOdd = false;
  for (let at = bytes.indexOf(QUOTE); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) isOdd = !isOdd;
  return isOdd;
}
