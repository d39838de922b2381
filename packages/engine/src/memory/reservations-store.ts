import { lineOf } from '../audit/decision-entry.ts';
import type { AuditEntryDraft } from '../ports/audit-log.ts';
import { endOfTaken, KNOWN_MS, type Reservation, type ReservationStore } from '../ports/reservations.ts';

export interface MemoryReservations extends ReservationStore {
  /** Keeps what the entries took of limits. */
  note(entries: readonly AuditEntryDraft[]): void;
}

const PRUNE_EVERY_MS = 10_000;

/** @param append adds a line to the log */
export function createMemoryReservations(append: (line: string) => void): MemoryReservations {
  const all = new Map<string, Reservation>();
  let prunedAt = 0;

  return {
    note(entries) {
      for (const { taken, requestId, credentialId, at } of entries) {
        if (taken === undefined || requestId === undefined || credentialId === undefined) continue;
        if (all.has(requestId)) continue;
        if (at > prunedAt + PRUNE_EVERY_MS) {
          for (const [id, old] of all) if (endOfTaken(old.taken) + KNOWN_MS < at) all.delete(id);
          prunedAt = at;
        }
        all.set(requestId, { requestId, credentialId, taken });
      }
    },
    reservation: (requestId) => all.get(requestId),
    releaseReservation(requestId, releasedAt, entry) {
      const there = all.get(requestId);
      if (there === undefined || there.releasedAt !== undefined) return false;
      const line = lineOf(entry);
      all.set(requestId, { ...there, releasedAt });
      append(line);
      return true;
    },
    liveReservations: (nowMs) =>
      [...all.values()]
        .filter(({ taken, releasedAt }) => releasedAt === undefined && endOfTaken(taken) > nowMs)
        .sort((a, b) => a.taken.at - b.taken.at),
  };
}
