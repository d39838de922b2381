/** How many failures are let happen. */
export interface FailureBudgetOptions {
  /** At once, after a time of quiet. */
  readonly failures: number;
  /** In which as many are forgiven, one after the other. */
  readonly windowSeconds: number;
  /** The wait once they are used up. Each failure after it doubles the wait. Default: `windowSeconds / failures`. */
  readonly firstWaitSeconds?: number | undefined;
  /** The longest wait. Default: an hour. */
  readonly maxWaitSeconds?: number | undefined;
}

/** What is counted under one name. */
interface Count {
  /** Ms since 1970 at which all of its failures are forgiven. */
  forgivenAt: number;
  /** Ms since 1970 until which it has to wait. */
  waitsUntil: number;
}

/** Most names that are counted. */
const MAX_NAMES = 100_000;

/**
 * Counts failed attempts by name, and makes those wait who have had enough: `failures` at once, then longer and longer,
 * twice as long after each. One failure is forgiven each `windowSeconds / failures`, and none while the name waits.
 * Successes neither use it up nor refill it.
 *
 * In any time T at most `failures + d + 1 + T / forgiveness + T / longest wait` are let happen, where d is how often the
 * first wait can double. At most 100,000 names are counted. Beyond it those that need not wait are forgotten first, the
 * one that failed longest ago before others, so that whoever has many addresses cannot free one that waits.
 */
export class FailureBudget {
  readonly #failures: number;
  readonly #msPerFailure: number;
  readonly #firstWaitMs: number;
  readonly #maxWaitMs: number;
  readonly #maxDoublings: number;
  readonly #maxNames: number;
  /** Names within their budget, and those that have used it up; each in the order of the last failure. */
  readonly #within = new Map<string, Count>();
  readonly #beyond = new Map<string, Count>();
  /** Names whose count has changed since it was last saved. */
  readonly #changed = new Set<string>();

  constructor(options: FailureBudgetOptions, maxNames = MAX_NAMES) {
    const { failures, windowSeconds, firstWaitSeconds, maxWaitSeconds = 3_600 } = options;
    this.#failures = failures;
    // Whole, so that nothing is lost or gained in sums.
    this.#msPerFailure = Math.ceil((windowSeconds * 1000) / failures);
    this.#maxWaitMs = maxWaitSeconds * 1000;
    this.#firstWaitMs = Math.min(
      firstWaitSeconds === undefined ? this.#msPerFailure : firstWaitSeconds * 1000,
      this.#maxWaitMs,
    );
    this.#maxDoublings = Math.ceil(Math.log2(this.#maxWaitMs / this.#firstWaitMs));
    this.#maxNames = maxNames;
  }

  /** Whether nobody has failed of late: the common case, in which no name need be made. */
  get isQuiet(): boolean {
    return this.#within.size === 0 && this.#beyond.size === 0;
  }

  get hasChanged(): boolean {
    return this.#changed.size > 0;
  }

  get size(): number {
    return this.#within.size + this.#beyond.size;
  }

  /** Ms until the name may try again; 0 when it may. */
  wait(name: string, nowMs: number): number {
    const count = this.#beyond.get(name);
    if (count === undefined || count.waitsUntil <= nowMs) return 0;
    // After a clock that was ahead, nobody waits longer than they would have.
    if (count.waitsUntil > nowMs + this.#maxWaitMs) this.#shift(count, nowMs + this.#maxWaitMs);
    return count.waitsUntil - nowMs;
  }

  /** Notes a failure. One while the name has to wait was under way before, and does not make it longer. */
  fail(name: string, nowMs: number): void {
    if (this.wait(name, nowMs) > 0) return;
    const before = this.#within.get(name) ?? this.#beyond.get(name);
    const most = (this.#failures + this.#maxDoublings) * this.#msPerFailure;
    const owed = Math.min(this.#owed(before, nowMs) + this.#msPerFailure, most);
    // A part of a failure that is not yet forgiven is one.
    const over = Math.ceil(owed / this.#msPerFailure) - this.#failures;
    const waitMs = over < 0 ? 0 : Math.min(this.#firstWaitMs * 2 ** over, this.#maxWaitMs);
    this.#within.delete(name);
    this.#beyond.delete(name);
    const count = { forgivenAt: nowMs + waitMs + owed, waitsUntil: nowMs + waitMs };
    (waitMs === 0 ? this.#within : this.#beyond).set(name, count);
    this.#changed.add(name);
    if (this.size > this.#maxNames) this.#forgetOne();
  }

  /** Ms of forgiveness that a name is short of. */
  #owed(count: Count | undefined, nowMs: number): number {
    if (count === undefined || count.forgivenAt <= nowMs) return 0;
    const most = (this.#failures + this.#maxDoublings) * this.#msPerFailure;
    // More than can ever be owed was counted by a clock that was ahead.
    return count.forgivenAt - nowMs > most ? 0 : count.forgivenAt - nowMs;
  }

  /** Forgets names whose failures are all forgiven. */
  sweep(nowMs: number): void {
    for (const counts of [this.#within, this.#beyond]) {
      for (const [name, { forgivenAt }] of counts) {
        if (forgivenAt <= nowMs) this.#forget(counts, name);
      }
    }
  }

  /**
   * Takes up to `limit` names whose count has changed, with the count as text; null for one that is forgotten. Whoever
   * cannot save them gives them back.
   */
  takeChanged(limit: number): { name: string; state: string | null }[] {
    const taken: { name: string; state: string | null }[] = [];
    for (const name of this.#changed) {
      if (taken.length >= limit) break;
      this.#changed.delete(name);
      const count = this.#within.get(name) ?? this.#beyond.get(name);
      taken.push({ name, state: count === undefined ? null : `${count.forgivenAt} ${count.waitsUntil}` });
    }
    return taken;
  }

  giveBack(names: Iterable<string>): void {
    for (const name of names) this.#changed.add(name);
  }

  /** Takes a count back that was saved. One that is forgiven by now is removed where it was saved. */
  restore(name: string, state: string, nowMs: number): void {
    const [forgivenAt = Number.NaN, waitsUntil = Number.NaN] = state.split(' ').map(Number);
    if (!Number.isFinite(forgivenAt) || !Number.isFinite(waitsUntil) || forgivenAt <= nowMs) {
      this.#changed.add(name);
      return;
    }
    const owed = (forgivenAt - Math.max(waitsUntil, nowMs)) / this.#msPerFailure;
    const isBeyond = waitsUntil > nowMs || owed > this.#failures - 1;
    (isBeyond ? this.#beyond : this.#within).set(name, { forgivenAt, waitsUntil });
    if (this.size > this.#maxNames) this.#forgetOne();
  }

  #shift(count: Count, waitsUntil: number): void {
    count.forgivenAt -= count.waitsUntil - waitsUntil;
    count.waitsUntil = waitsUntil;
  }

  #forgetOne(): void {
    // One alone within its budget is the one that has just failed: left out, it could guess for ever.
    const counts = this.#within.size > 1 ? this.#within : this.#beyond;
    this.#forget(counts, counts.keys().next().value as string);
  }

  #forget(counts: Map<string, Count>, name: string): void {
    counts.delete(name);
    // Where more is forgotten than can be saved, what was saved of it may stay: it runs out by itself.
    if (this.#changed.size < 2 * this.#maxNames) this.#changed.add(name);
    else this.#changed.delete(name);
  }
}
