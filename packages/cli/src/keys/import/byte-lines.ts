/** A line without its end. */
export interface ByteLine {
  /** Counted from 1. */
  readonly number: number;
  /** Absent where the line is longer than was said. */
  readonly bytes: Buffer | undefined;
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Cuts a stream into lines, and holds one of them at a time. A line that is too long is passed over, and not kept. Does
 * not decode anything, and leaves a carriage return where it is.
 */
export async function* byteLines(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<ByteLine> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 0;

  function take(part: Buffer): void {
    length += part.length;
    if (length > maxBytes) parts = [];
    else if (part.length > 0) parts.push(part);
  }

  function line(): ByteLine {
    const bytes = length > maxBytes ? undefined : Buffer.concat(parts);
    parts = [];
    length = 0;
    return { number: ++number, bytes };
  }

  for await (const chunk of withoutMark(source)) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      take(chunk.subarray(start, end));
      start = end + 1;
      yield line();
    }
    take(chunk.subarray(start));
  }
  if (length > 0) yield line();
}

/** Takes a byte order mark from the beginning, where editors of Windows put one. */
async function* withoutMark(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of source) {
    if (first === undefined) {
      yield chunk;
      continue;
    }
    first = Buffer.concat([first, chunk]);
    if (first.length < BYTE_ORDER_MARK.length) continue;
    yield markless(first);
    first = undefined;
  }
  if (first !== undefined) yield markless(first);
}

function markless(bytes: Buffer): Buffer {
  return bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
}
