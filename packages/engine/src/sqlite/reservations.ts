import { lineOf } from '../audit/decision-entry.ts';
import type { TakenFrom } from '../ports/claim-and-meter.ts';
import { KNOWN_MS, type Reservation, type ReservationStore } from '../ports/reservations.ts';
import { type Database, guarded, storeError } from './connection.ts';
import type { PairOfTaken, TakenColumn } from './reservation-writes.ts';
import type { Writer } from './writer.ts';

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
