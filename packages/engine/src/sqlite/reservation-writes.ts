import { lastNumber, textMember } from '../audit/json-text.ts';
import type { AuditEntryDraft } from '../ports/audit-log.ts';
import type { TakenFrom } from '../ports/claim-and-meter.ts';
import { endOfTaken, KNOWN_MS } from '../ports/reservations.ts';
import type { Database } from './connection.ts';

/** A reservation as it is handed to the writing thread. */
interface ReservationRow {
  readonly requestId: string;
  readonly credentialId: string;
  readonly at: number;
  readonly knownUntil: number;
  readonly amount: string;
  readonly taken: TakenColumn;
}

/** What is in the column `taken`: the rest of what was taken. */
export interface TakenColumn {
  readonly cost: number;
  readonly meters: readonly PairOfTaken[];
  readonly spends: readonly PairOfTaken[];
}
export type PairOfTaken = readonly [key: string, windowMs: number];

/** The row of an entry that took something of limits, as JSON text; undefined where it took nothing. */
export function reservationText({ taken, requestId, credentialId }: AuditEntryDraft): string | undefined {
  if (taken === undefined || requestId === undefined || credentialId === undefined) return undefined;
  const { at, cost, meters, amount, spends } = taken;
  const knownUntil = endOfTaken(taken) + KNOWN_MS;
  return (
    `{"requestId":"${requestId}"${credentialMember(credentialId)},"at":${startText(at)}` +
    `,"knownUntil":${endText(knownUntil)},"amount":"${amount}"` +
    `,"taken":{"cost":${cost},"meters":${pairsText(meters)},"spends":${pairsText(spends)}}}`
  );
}

const credentialMember = textMember('credentialId');
const startText = lastNumber();
const endText = lastNumber();

/** A credential has the same list again and again. */
const known = new WeakMap<readonly TakenFrom[], string>();

function pairsText(windows: readonly TakenFrom[]): string {
  let text = known.get(windows);
  if (text === undefined) {
    text = JSON.stringify(windows.map(({ key, windowMs }): PairOfTaken => [key, windowMs]));
    known.set(windows, text);
  }
  return text;
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
    /** @param texts as {@link reservationText} makes them */
    add(texts: readonly string[]): void {
      for (const text of texts) {
        const { requestId, credentialId, at, knownUntil, amount, taken } = JSON.parse(text) as ReservationRow;
        add.run(requestId, credentialId, at, knownUntil, amount, JSON.stringify(taken));
      }
    },
    /** How many were released: one, or none. */
    release: (requestId: string, releasedAt: number): number => release.run(releasedAt, requestId).changes,
    prune: (nowMs: number): void => void prune.run(nowMs),
  };
}
