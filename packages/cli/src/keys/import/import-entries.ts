import type { ApiClient } from '../../api-client.ts';
import { CommandError } from '../../command-error.ts';
import type { ImportEntry } from './entry.ts';
import { type Sent, sendBatch } from './send-batch.ts';

export interface LineFault {
  readonly line: number;
  /** The service's error code; `invalid_line` where nothing was sent. */
  readonly code: string;
  readonly message: string;
}

export interface Imported {
  imported: number;
  alreadyThere: number;
  failed: number;
}

interface Options {
  /** Lines before this one are passed over. */
  readonly fromLine: number;
  readonly onFault: (fault: LineFault, entry: ImportEntry) => void;
  readonly onDone: (done: Readonly<Imported>) => void;
  readonly onWait: (message: string) => void;
}

/** Keys of one call: so few that their answer comes soon, and so many that the disk is not what it waits for. */
const BATCH = 250;
const BATCH_BYTES = 256 * 1024;
/** While the service works on one call, the next one is on its way. */
const IN_FLIGHT = 2;

interface Batch {
  readonly entries: ImportEntry[];
  readonly ids: Set<unknown>;
  bytes: number;
}

/**
 * Imports keys as they come, some hundreds a call. A line that is refused does not keep the others back. A service that
 * is away for longer than a moment, or refuses the caller, ends it, and the message says where to go on.
 *
 * @throws {@link CommandError}
 */
export async function importEntries(
  api: ApiClient,
  entries: AsyncIterable<ImportEntry>,
  options: Options,
): Promise<Readonly<Imported>> {
  const { fromLine, onFault, onDone, onWait } = options;
  const done: Imported = { imported: 0, alreadyThere: 0, failed: 0 };
  const underway = new Map<Batch, Promise<void>>();
  let stopped: { readonly line: number; readonly error: unknown } | undefined;
  let hasAnswered = false;

  function refuse(entry: ImportEntry, code: string, message: string): void {
    done.failed++;
    onFault({ line: entry.line, code, message }, entry);
  }

  function settle(entry: ImportEntry, { status, code, detail = '' }: Sent): void {
    if (status === 'imported') done.imported++;
    else if (status === 'already_there') done.alreadyThere++;
    else refuse(entry, code ?? status, detail);
  }

  async function send(batch: Batch): Promise<void> {
    const keys = batch.entries.map(({ body }) => body);
    try {
      const sent = await sendBatch(api, keys, { hasAnswered: () => hasAnswered, onWait });
      hasAnswered = true;
      for (const [i, entry] of batch.entries.entries()) settle(entry, sent[i] as Sent);
      onDone(done);
    } catch (error) {
      const line = batch.entries[0]?.line ?? 1;
      if (stopped === undefined || line < stopped.line) stopped = { line, error };
    } finally {
      underway.delete(batch);
    }
  }

  /** One id in two calls at a time: it would be left to chance which of them is the first. */
  async function start(batch: Batch): Promise<void> {
    if (batch.entries.length === 0) return;
    while (underway.size >= IN_FLIGHT || [...underway.keys()].some((other) => shareAnId(other, batch))) {
      await Promise.race(underway.values());
    }
    if (stopped === undefined) underway.set(batch, send(batch));
  }

  let next = emptyBatch();
  let unread: unknown;
  try {
    for await (const entry of entries) {
      if (entry.line < fromLine) continue;
      if (entry.body === undefined) {
        refuse(entry, 'invalid_line', entry.fault ?? '');
        continue;
      }
      add(next, entry, entry.body);
      if (next.entries.length < BATCH && next.bytes < BATCH_BYTES) continue;
      await start(next);
      next = emptyBatch();
      if (stopped !== undefined) break;
    }
  } catch (error) {
    unread = error;
  }
  if (stopped === undefined) await start(next);
  await Promise.all(underway.values());
  if (stopped !== undefined) throw interrupted(stopped.error, done, stopped.line);
  if (unread !== undefined) throw interrupted(unread, done, undefined);
  return done;
}

export function summaryOf({ imported, alreadyThere, failed }: Imported): string {
  return `Imported ${imported}, already there ${alreadyThere}, failed ${failed}`;
}

function emptyBatch(): Batch {
  return { entries: [], ids: new Set(), bytes: 0 };
}

function shareAnId({ ids }: Batch, other: Batch): boolean {
  return other.entries.some(({ body }) => ids.has(body?.id));
}

function add(batch: Batch, entry: ImportEntry, body: Readonly<Record<string, unknown>>): void {
  batch.entries.push(entry);
  batch.ids.add(body.id);
  batch.bytes += entry.source?.length ?? 0;
}

function interrupted(error: unknown, done: Imported, line: number | undefined): unknown {
  if (!(error instanceof CommandError)) return error;
  const how =
    line === undefined ? 'Mend that, and run it again' : `To go on, run it again with --from-line ${line}`;
  error.message += `\n${summaryOf(done)} before that. ${how}: what is there already stays as it is.`;
  return error;
}
