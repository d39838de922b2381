import type { AuditEntryDraft } from '../ports/audit-log.ts';
import type { TakenFrom } from '../ports/claim-and-meter.ts';
import { endOfTaken, KNOWN_MS } from '../ports/reservations.ts';
import type { Database } from './connection.ts';

/** A reservation as it is handed to the writing thread: its columns, but `released_at`. */
type ReservationRow = readonly [
  requestId: string,
  credentialId: string,
  at: number,
  knownUntil: number,
  amount: string,
  taken: string,
];

/** What is in the column `taken`: the rest of what was taken. */
export interface TakenColumn {
  readonly cost: number;
  readonly meters: readonly PairOfTaken[];
  readonly spends: readonly PairOfTaken[];
}
export type PairOfTaken = readonly [key: string, windowMs: number];

/**
 * The rows of those entries that took something of limits, one JSON text a line: one text goes to another thread in a
 * fraction of the time of as many rows.
 */
export function reservationLines(entries: readonly AuditEntryDraft[]): string {
  const lines: string[] = [];
  for (const { taken, requestId, credentialId } of entries) {
    if (taken === undefined || requestId === undefined || credentialId === undefined) continue;
    const { at, cost, meters, amount, spends } = taken;
    const column: TakenColumn = { cost, meters: meters.map(pairOf), spends: spends.map(pairOf) };
    const knownUntil = endOfTaken(taken) + KNOWN_MS;
    const row: ReservationRow = [
      requestId,
      credentialId,
      at,
      knownUntil,
      String(amount),
      JSON.stringify(column),
    ];
    lines.push(JSON.stringify(row));
  }
  return lines.join('\n');
}

function pairOf({ key, windowMs }: TakenFrom): PairOfTaken {
  return [key, windowMs];
}

/** The part of the writing thread. Its functions run inside of a transaction. */
export function reservationWrites(database: Database) {
  // A group that was stored already is written again when its answer was lost.
  const add = database.prepare(
    `INSERT OR IGNORE INTO reservations (request_id, credential_id, at, known_until, amount, taken)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const release = database.prepare(
    'UPDATE reservations SET released_at = ? WHERE request_id = ? AND released_at IS NULL',
  );
  const prune = database.prepare('DELETE FROM reservations WHERE known_until < ?');
  return {
    /** @param lines as {@link reservationLines} makes them */
    add(lines: string): void {
      if (lines === '') return;
      for (const line of lines.split('\n')) add.run(...(JSON.parse(line) as ReservationRow));
    },
    /** How many were released: one, or none. */
    release: (requestId: string, releasedAt: number): number => release.run(releasedAt, requestId).changes,
    prune: (nowMs: number): void => void prune.run(nowMs),
  };
}
