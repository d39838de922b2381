import { extname } from 'node:path';
import { UsageError } from '../../command-error.ts';

export const IMPORT_FORMATS = ['jsonl', 'csv'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

const BY_EXTENSION: Readonly<Record<string, ImportFormat>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.csv': 'csv',
};

/**
 * The format that a file's name tells.
 *
 * @throws {@link UsageError} when it tells none
 */
export function formatOf(from: string): ImportFormat {
  if (from === '-') return 'jsonl';
  const format = BY_EXTENSION[extname(from).toLowerCase()];
  if (format !== undefined) return format;
  throw new UsageError(`Whether ${from} is JSON lines or CSV is not plain from its name: say --format.`);
}
