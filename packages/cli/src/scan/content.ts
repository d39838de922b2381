/** The content of a file as text. */
export interface ReadContent {
  readonly text: string;
  /** Whether it is no text: each byte is one character then. */
  readonly isBinary: boolean;
}

/** As far as Git looks for a zero byte to tell binary files. */
const LOOKED_AT = 8_000;

/**
 * The bytes one by one as characters, to be searched for what is ASCII: cheaper than decoding them. Of UTF-16, which
 * some shells write, the halves that are zero are left out.
 */
export function asciiOf(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return isUtf16(bytes) === undefined ? text : text.replaceAll('\0', '');
}

/** Decodes UTF-8, or UTF-16 that says so in its first two bytes; everything else with a zero byte is binary. */
export function contentOf(bytes: Buffer): ReadContent {
  const order = isUtf16(bytes);
  if (order !== undefined) {
    const even = bytes.subarray(2, bytes.length - (bytes.length % 2));
    const little = order === 'little' ? even : Buffer.from(even).swap16();
    return { text: little.toString('utf16le'), isBinary: false };
  }
  if (bytes.subarray(0, LOOKED_AT).includes(0)) return { text: bytes.toString('latin1'), isBinary: true };
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return { text: (hasMark ? bytes.subarray(3) : bytes).toString('utf8'), isBinary: false };
}

function isUtf16(bytes: Buffer): 'little' | 'big' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'little';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'big' : undefined;
}
