import type { Terminal } from '../../terminal.ts';
import { type Imported, summaryOf } from './import-entries.ts';

const SHOWN_EVERY_MS = 200;
const NOTED_EVERY_MS = 10_000;

/** What is known of how far it came. */
export interface Extent {
  /** Bytes that were read so far, and how many there are; absent where nobody knows. */
  readonly read: () => number;
  readonly total: number | undefined;
}

/**
 * Makes what is told after each call: one line that changes where a person looks, and elsewhere a line now and then.
 *
 * @param clock ms since some moment
 */
export function createProgress(
  { status, note }: Terminal,
  { read, total }: Extent,
  clock: () => number,
): (done: Readonly<Imported>) => void {
  const startedAt = clock();
  let toldAt = startedAt;
  return (done) => {
    const now = clock();
    if (now - toldAt < (status === undefined ? NOTED_EVERY_MS : SHOWN_EVERY_MS)) return;
    toldAt = now;
    const count = done.imported + done.alreadyThere + done.failed;
    const perSecond = Math.round((count * 1000) / (now - startedAt));
    const share = total ? `, ${Math.floor((read() * 100) / total)} % read` : '';
    (status ?? note)(`${summaryOf(done)} (${perSecond} a second${share})`);
  };
}
