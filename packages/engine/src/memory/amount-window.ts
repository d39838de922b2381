/** Amounts that were spent within this fraction of a window are kept as one. */
const RESOLUTION = 1440;

interface Entry {
  /** Of the last amount in it. */
  at: number;
  amount: bigint;
}

/**
 * The memory of one limit of amounts: what was spent when, within the last window. Amounts are whole numbers of any size.
 *
 * In no window of `windowMs`, wherever it begins, is more than the limit let through. Times within 1/1440 of the window (a
 * minute of a day, half an hour of 30 days) share an entry that bears the later time: an amount is given back up to that
 * much late, and never early.
 */
export class AmountWindow {
  readonly #windowMs: number;
  readonly #grainMs: number;
  /** Oldest first, at most one for each grain. */
  readonly #entries: Entry[] = [];
  #spent = 0n;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
    this.#grainMs = Math.max(1, Math.floor(windowMs / RESOLUTION));
  }

  /** The earliest time that can still be written: a clock that was set back must not put anything in order before it. */
  get lastMs(): number {
    return this.#entries.at(-1)?.at ?? 0;
  }

  /** What was spent within the window that ends now. */
  spent(nowMs: number): bigint {
    for (;;) {
      const first = this.#entries[0];
      if (first === undefined || first.at > nowMs - this.#windowMs) return this.#spent;
      this.#spent -= first.amount;
      this.#entries.shift();
    }
  }

  isEmpty(nowMs: number): boolean {
    return this.spent(nowMs) === 0n;
  }

  /** Spends an amount. The caller has checked that it is there. */
  spend(amount: bigint, nowMs: number): void {
    this.#spent += amount;
    const last = this.#entries.at(-1);
    if (last !== undefined && (nowMs <= last.at || this.#grainOf(nowMs) === this.#grainOf(last.at))) {
      last.at = Math.max(nowMs, last.at);
      last.amount += amount;
      return;
    }
    this.#entries.push({ at: nowMs, amount });
  }

  /** Gives back an amount that was spent at that time: nothing where it is not counted any more. */
  giveBack(amount: bigint, at: number): void {
    const entry = this.#entries.findLast((one) => this.#grainOf(one.at) === this.#grainOf(at));
    if (entry === undefined) return;
    const given = amount < entry.amount ? amount : entry.amount;
    entry.amount -= given;
    this.#spent -= given;
  }

  /** Ms until an amount fits that does not fit now. The whole window where it never will. */
  freeAfter(amount: bigint, limit: bigint, nowMs: number): number {
    let missing = this.spent(nowMs) + amount - limit;
    for (const entry of this.#entries) {
      missing -= entry.amount;
      if (missing <= 0n) return entry.at + this.#windowMs - nowMs;
    }
    return this.#windowMs;
  }

  #grainOf(ms: number): number {
    return Math.floor(ms / this.#grainMs);
  }
}
