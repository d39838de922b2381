import type { AuditEntryDraft } from './audit-log.ts';
import type { Taken } from './claim-and-meter.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** What an allowed decision took of limits, as it is kept with its entry in the log. */
export interface Reservation {
  readonly requestId: string;
  readonly credentialId: string;
  readonly taken: Taken;
  /** Ms since 1970; absent while it counts. */
  readonly releasedAt?: number | undefined;
}

/** How long a reservation is known after the last of its windows has passed, in ms. */
export const KNOWN_MS = 600_000;

/** Ms since 1970 from which on nothing of it counts any more. */
export function endOfTaken({ at, meters, spends }: Taken): number {
  let longest = 0;
  for (const { windowMs } of meters) longest = Math.max(longest, windowMs);
  for (const { windowMs } of spends) longest = Math.max(longest, windowMs);
  return at + longest;
}

/** Keeps what decisions took of limits, from `append` on until {@link KNOWN_MS} after it counts no more. */
export interface ReservationStore {
  reservation(requestId: string): MaybePromise<Reservation | undefined>;
  /**
   * Notes that a reservation counts no more, and why, in one transaction. False, and nothing stored: it was released
   * before, or there is none.
   */
  releaseReservation(requestId: string, releasedAt: number, entry: AuditEntryDraft): MaybePromise<boolean>;
  /** Reservations that still count at that time, in the order of `taken.at`. Released ones are not among them. */
  liveReservations(nowMs: number): MaybePromise<Iterable<Reservation>>;
}
