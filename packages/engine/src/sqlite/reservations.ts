import { lineOf } from '../audit/decision-entry.ts';
import type { AuditEntryDraft } from '../ports/audit-log.ts';
import type { TakenFrom } from '../ports/claim-and-meter.ts';
import { endOfTaken, KNOWN_MS, type Reservation, type ReservationStore } from '../ports/reservations.ts';
import { type Database, guarded, storeError } from './connection.ts';
import type { Writer } from './writer.ts';

/** A reservation as it is handed to the writing thread: its columns, but `released_at`. */
export type ReservationRow = readonly [
  requestId: string,
  credentialId: string,
  at: number,
  knownUntil: number,
  amount: string,
  taken: string,
];

/** What is in the column `taken`: the rest of what was taken. */
interface TakenColumn {
  readonly cost: number;
  readonly meters: readonly PairOfTaken[];
  readonly spends: readonly PairOfTaken[];
}
type PairOfTaken = readonly [key: string, windowMs: number];

/** The rows of those entries that took something of limits. */
export function reservationRows(entries: readonly AuditEntryDraft[]): ReservationRow[] {
  const rows: ReservationRow[] = [];
  for (const { taken, requestId, credentialId } of entries) {
    if (taken === undefined || requestId === undefined || credentialId === undefined) continue;
    const { at, cost, meters, amount, spends } = taken;
    const column: TakenColumn = { cost, meters: meters.map(pairOf), spends: spends.map(pairOf) };
    const knownUntil = endOfTaken(taken) + KNOWN_MS;
    rows.push([requestId, credentialId, at, knownUntil, String(amount), JSON.stringify(column)]);
  }
  return rows;
}

function pairOf({ key, windowMs }: TakenFrom): PairOfTaken {
  return [key, windowMs];
}

function takenFrom([key, windowMs]: PairOfTaken): TakenFrom {
  return { key, windowMs };
}

interface StoredRow {
  readonly requestId: string;
  readonly credentialId: string;
  readonly at: number;
  readonly amount: string;
  readonly taken: string;
  readonly releasedAt: number | null;
}

function reservationOf({ at, amount, taken, releasedAt, ...names }: StoredRow): Reservation {
  const { cost, meters, spends } = JSON.parse(taken) as TakenColumn;
  return {
    ...names,
    taken: { at, cost, meters: meters.map(takenFrom), amount: BigInt(amount), spends: spends.map(takenFrom) },
    releasedAt: releasedAt ?? undefined,
  };
}

const COLUMNS = `request_id AS requestId, credential_id AS credentialId, at, amount, taken,
  released_at AS releasedAt`;

/** What decisions took of limits, in SQLite. */
export function sqliteReservations(database: Database, writer: Writer): ReservationStore {
  const one = database.prepare(`SELECT ${COLUMNS} FROM reservations WHERE request_id = ?`);
  const live = database.prepare(
    `SELECT ${COLUMNS} FROM reservations WHERE known_until > ? AND released_at IS NULL ORDER BY at`,
  );

  function reservation(requestId: string): Reservation | undefined {
    return guarded(() => {
      const row = one.get(requestId) as StoredRow | undefined;
      return row === undefined ? undefined : reservationOf(row);
    });
  }

  return {
    reservation,
    async releaseReservation(requestId, releasedAt, entry) {
      if (reservation(requestId)?.releasedAt !== undefined) return false;
      try {
        return (await writer.write({ kind: 'release', requestId, releasedAt, line: lineOf(entry) })) === 1;
      } catch (error) {
        // When the writing thread is lost, its answer is too, and it may be stored all the same.
        if (reservation(requestId)?.releasedAt === releasedAt) return true;
        throw error;
      }
    },
    *liveReservations(nowMs) {
      try {
        for (const row of live.iterate(nowMs + KNOWN_MS)) yield reservationOf(row as StoredRow);
      } catch (error) {
        throw storeError(error);
      }
    },
  };
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
    add(rows: readonly ReservationRow[]): void {
      for (const row of rows) add.run(...row);
    },
    /** How many were released: one, or none. */
    release: (requestId: string, releasedAt: number): number => release.run(releasedAt, requestId).changes,
    prune: (nowMs: number): void => void prune.run(nowMs),
  };
}
