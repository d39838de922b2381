import { InvalidArgumentError } from 'commander';
import type { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { CommandError } from '../../command-error.ts';
import { type Column, columnsOf } from './columns.ts';
import { type CsvRecord, csvRecords } from './csv-records.ts';
import { type ImportEntry, MAX_ENTRY_BYTES } from './entry.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true });
/** What is wrong, in words of our own: the library's messages quote what they stumbled over. */
const BROKEN: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'has neither a comma nor its end after a closing quote',
  INVALID_OPENING_QUOTE: 'has a quote within a field that does not begin with one',
};

interface Header {
  readonly columns: readonly Column[];
  readonly head: Buffer;
}

/**
 * Reads CSV (RFC 4180) whose first line names the columns. What is wrong with a line is told of it, and the others are
 * read. A header that is wrong, and a quote that is never closed, end it.
 *
 * @throws {@link CommandError} that says where, and nothing of what stands there
 */
export async function* csvEntries(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<ImportEntry> {
  let header: Header | undefined;
  for await (const record of csvRecords(source)) {
    const { line, bytes, isOpen } = record;
    if (isOpen) {
      const where = bytes === undefined ? ` within ${MAX_ENTRY_BYTES} bytes` : '';
      throw new CommandError(`${name}:${line}: invalid_csv: A quote is opened here and not closed${where}.`);
    }
    if (header === undefined) header = headerOf(record, name);
    else yield entryOf(record, header);
  }
}

function headerOf({ line, bytes = Buffer.alloc(0) }: CsvRecord, name: string): Header {
  const fields = fieldsIn(bytes);
  const columns = typeof fields === 'string' ? fields : columnsOf(fields);
  if (typeof columns === 'string') throw new CommandError(`${name}:${line}: The line ${columns}.`);
  return { columns, head: bytes };
}

function entryOf({ line, lastLine, bytes }: CsvRecord, { columns, head }: Header): ImportEntry {
  const to = lastLine === line ? '' : ` (it goes on to line ${lastLine})`;
  if (bytes === undefined) return { line, fault: `is longer than ${MAX_ENTRY_BYTES} bytes${to}` };
  const at = { line, head, source: bytes };
  const fields = fieldsIn(bytes);
  if (typeof fields === 'string') return { ...at, fault: fields + to };
  if (fields.length !== columns.length) {
    return { ...at, fault: `has ${fields.length} fields, and the header has ${columns.length}${to}` };
  }
  const body: Record<string, unknown> = { permissions: [] };
  for (const [i, { path, read }] of columns.entries()) {
    const text = fields[i] as string;
    if (text === '') continue;
    try {
      set(body, path, read(text));
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      return { ...at, fault: `/${path.join('/')}: ${error.message}` };
    }
  }
  return { ...at, body };
}

/** The fields of one record, or what is wrong with it. */
function fieldsIn(bytes: Buffer): string[] | string {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return 'is not UTF-8';
  }
  if (!text.includes('"')) return text.split(',');
  try {
    const [fields = []] = parse(text, { record_delimiter: '\n', relax_column_count: true });
    return fields;
  } catch (error) {
    const why = BROKEN[(error as CsvError).code];
    if (why === undefined) throw error;
    return why;
  }
}

function set(body: Record<string, unknown>, [first, ...rest]: readonly string[], value: unknown): void {
  const isLast = rest.length === 0;
  const there = Object.hasOwn(body, first as string) ? body[first as string] : undefined;
  // Without a prototype, so that no name of an operator's metadata is one of an object.
  const inner = (there ?? Object.create(null)) as Record<string, unknown>;
  if (!isLast) set(inner, rest, value);
  body[first as string] = isLast ? value : inner;
}
