import type { FailureRow } from '../ports/failures.ts';
import { type Database, guarded } from './connection.ts';

/** Reads all counters of failures. */
export function failureReads(database: Database): () => FailureRow[] {
  const all = database.prepare('SELECT source AS name, state FROM failures');
  return () => guarded(() => all.all() as FailureRow[]);
}

/** Writes counters of failures; those without a state are removed. */
export function failureWrites(database: Database): (rows: readonly FailureRow[]) => number {
  const put = database.prepare('INSERT OR REPLACE INTO failures (source, state) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM failures WHERE source = ?');
  return (rows) => {
    for (const { name, state } of rows) {
      if (state === null) remove.run(name);
      else put.run(name, state);
    }
    return rows.length;
  };
}
