import type { ClaimAndMeter } from '../ports/claim-and-meter.ts';
import type { Store } from '../ports/store.ts';

/**
 * Counts again, at start, what decisions took before. A start that fails is tried again: nothing is counted twice for it,
 * because reservations come in the order of their time, and it goes on behind the last one.
 *
 * What was taken while the clock was ahead counts from now: it was taken before now, and would else count for as long as
 * the clock was ahead. What of it is released is given back at the next start only.
 */
export class TakenRestorer {
  #at = Number.NEGATIVE_INFINITY;
  readonly #idsOfThatTime = new Set<string>();

  async restore(store: Store, claimAndMeter: ClaimAndMeter, nowMs: number): Promise<void> {
    if (claimAndMeter.restoreTaken === undefined) return;
    for (const { requestId, taken } of await store.liveReservations(nowMs)) {
      if (taken.at < this.#at || (taken.at === this.#at && this.#idsOfThatTime.has(requestId))) continue;
      if (taken.at > this.#at) this.#idsOfThatTime.clear();
      this.#at = taken.at;
      this.#idsOfThatTime.add(requestId);
      claimAndMeter.restoreTaken(taken.at > nowMs ? { ...taken, at: nowMs } : taken, nowMs);
    }
  }
}
