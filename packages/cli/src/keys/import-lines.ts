import type { ApiClient } from '../api-client.ts';
import { ProblemError, ServiceError } from '../service-error.ts';
import { importOne } from './import-one.ts';

export interface LineFault {
  /** Counted from 1. */
  readonly line: number;
  /** The service's error code; `invalid_line` where nothing was sent. */
  readonly code: string;
  readonly message: string;
}

export interface ImportedLines {
  imported: number;
  alreadyThere: number;
  readonly failed: LineFault[];
}

/**
 * Imports keys from JSON lines, each the body of `POST /v1/keys/import`, one after the other. A line that is refused
 * does not keep the others back; a service that does not answer ends it, because the rest would fare no better.
 *
 * @param onFault is told of each fault when it comes up
 * @throws `ServiceError` when the service is not there (any more)
 */
export async function importLines(
  api: ApiClient,
  text: string,
  onFault: (fault: LineFault) => void,
): Promise<ImportedLines> {
  const done: ImportedLines = { imported: 0, alreadyThere: 0, failed: [] };
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const fault = await importLine(api, line, done);
    if (fault === undefined) continue;
    done.failed.push({ line: i + 1, ...fault });
    onFault({ line: i + 1, ...fault });
  }
  return done;
}

async function importLine(
  api: ApiClient,
  line: string,
  done: ImportedLines,
): Promise<Omit<LineFault, 'line'> | undefined> {
  const body = objectIn(line);
  if (body === undefined) return { code: 'invalid_line', message: 'invalid_line: is not a JSON object' };
  try {
    const { isNew } = await importOne(api, body);
    if (isNew) done.imported++;
    else done.alreadyThere++;
    return undefined;
  } catch (error) {
    if (error instanceof ProblemError && !ENDS_ALL.has(error.problem.code)) {
      return { code: error.problem.code, message: error.message };
    }
    if (error instanceof ServiceError)
      error.message += `\n${summaryOf(done)} before that. Run it again to go on.`;
    throw error;
  }
}

/** Refusals that are about the caller, not about the line. */
const ENDS_ALL: ReadonlySet<string> = new Set([
  'credential_missing',
  'credential_unknown',
  'credential_disabled',
  'credential_expired',
  'credential_quarantined',
  'credential_revoked',
  'ip_not_allowed',
  'too_many_failures',
]);

export function summaryOf({ imported, alreadyThere, failed }: ImportedLines): string {
  return `Imported ${imported}, already there ${alreadyThere}, failed ${failed.length}`;
}

/** The parser's message would quote the line, which holds a secret. */
function objectIn(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
