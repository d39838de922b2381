import { Readable } from 'node:stream';
import { InvalidArgumentError } from 'commander';
import { type CsvError, parse } from 'csv-parse';
import { CommandError } from '../../command-error.ts';
import { withoutMark } from './byte-lines.ts';
import { type Column, columnsOf } from './columns.ts';
import { type ImportEntry, MAX_ENTRY_BYTES } from './entry.ts';

interface Row {
  readonly record: readonly string[];
  /** `lines`: where the record ends. */
  readonly info: { readonly lines: number };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });
const BROKEN: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened here and never closed',
  CSV_INVALID_CLOSING_QUOTE: 'after a closing quote there is neither a comma nor a line end',
  INVALID_OPENING_QUOTE: 'a quote stands within a field that does not begin with one',
  CSV_MAX_RECORD_SIZE: `a line is longer than ${MAX_ENTRY_BYTES} bytes: is a quote not closed?`,
};

/**
 * Reads CSV (RFC 4180) whose first line names the columns. A header that is wrong, and quotes that do not match, end
 * it: nothing after them can be trusted.
 *
 * @throws {@link CommandError} that says where, and nothing of what stands there
 */
export async function* csvEntries(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<ImportEntry> {
  // Each byte is a character of its own at first, so that what is no UTF-8 is noticed field by field.
  const parser = parse({
    encoding: 'latin1',
    record_delimiter: ['\r\n', '\n'],
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ENTRY_BYTES,
  });
  // What goes wrong while the file is read must reach who reads the rows.
  const bytes = Readable.from(withoutMark(source)).once('error', (error) => parser.destroy(error));
  let end = 0;
  let header: { readonly columns: readonly Column[]; readonly head: Buffer } | undefined;
  try {
    for await (const { record, info } of bytes.pipe(parser) as AsyncIterable<Row>) {
      const line = Math.max(end + 1, info.lines - lineEndsIn(record));
      end = info.lines;
      if (header === undefined) header = headerOf(record, name, line);
      else yield entryOf(record, line, header.columns, header.head);
    }
  } catch (error) {
    // The library's messages quote what they stumbled over.
    const why = BROKEN[(error as CsvError).code];
    if (why === undefined) throw error;
    throw new CommandError(`${name}:${end + 1}: invalid_csv: ${why}.`);
  } finally {
    bytes.destroy();
  }
}

function headerOf(record: readonly string[], name: string, line: number) {
  const columns = columnsOf(decoded(record) ?? []);
  if (typeof columns === 'string') throw new CommandError(`${name}:${line}: The line ${columns}.`);
  return { columns, head: sourceOf(record) };
}

function entryOf(
  record: readonly string[],
  line: number,
  columns: readonly Column[],
  head: Buffer,
): ImportEntry {
  const at = { line, head, source: sourceOf(record) };
  const cells = decoded(record);
  if (cells === undefined) return { ...at, fault: 'is not UTF-8' };
  if (cells.length !== columns.length) {
    return { ...at, fault: `has ${cells.length} fields, and the header has ${columns.length}` };
  }
  const body: Record<string, unknown> = { permissions: [] };
  for (const [i, { path, read }] of columns.entries()) {
    const text = cells[i] as string;
    if (text === '') continue;
    try {
      set(body, path, read(text));
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      return { ...at, fault: `/${path.join('/')} ${error.message}` };
    }
  }
  return { ...at, body };
}

function set(body: Record<string, unknown>, [first, ...rest]: readonly string[], value: unknown): void {
  const isLast = rest.length === 0;
  const there = Object.hasOwn(body, first as string) ? body[first as string] : undefined;
  const inner = (there ?? Object.create(null)) as Record<string, unknown>;
  if (!isLast) set(inner, rest, value);
  body[first as string] = isLast ? value : inner;
}

function decoded(record: readonly string[]): string[] | undefined {
  try {
    return record.map((field) => UTF8.decode(Buffer.from(field, 'latin1')));
  } catch {
    return undefined;
  }
}

/** The line anew, with what needs quotes in quotes. */
function sourceOf(record: readonly string[]): Buffer {
  const fields = record.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field));
  return Buffer.from(fields.join(','), 'latin1');
}

function lineEndsIn(record: readonly string[]): number {
  return record.reduce((count, field) => count + (field.match(/\n/g)?.length ?? 0), 0);
}
