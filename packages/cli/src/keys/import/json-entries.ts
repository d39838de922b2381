import { type ByteLine, byteLines } from './byte-lines.ts';
import { type ImportEntry, MAX_ENTRY_BYTES } from './entry.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Reads JSON lines: one object a line, empty lines between them. */
export async function* jsonEntries(source: AsyncIterable<Buffer>): AsyncGenerator<ImportEntry> {
  for await (const line of byteLines(source, MAX_ENTRY_BYTES)) {
    const entry = entryOf(line);
    if (entry !== undefined) yield entry;
  }
}

function entryOf({ number: line, bytes }: ByteLine): ImportEntry | undefined {
  if (bytes === undefined) return { line, fault: `is longer than ${MAX_ENTRY_BYTES} bytes` };
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return { line, source: bytes, fault: 'is not UTF-8' };
  }
  if (text.trim() === '') return undefined;
  const body = objectIn(text);
  return body === undefined
    ? { line, source: bytes, fault: 'is not a JSON object' }
    : { line, source: bytes, body };
}

/** The parser's message would quote the line, which holds a secret. */
function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
