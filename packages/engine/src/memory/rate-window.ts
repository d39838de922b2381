/** Requests within this fraction of a window are stored as one. */
const RESOLUTION = 4096;

/**
 * One rate limit's memory: a log of what was used when, within the last window.
 *
 * Exact where it matters: in no window of `windowMs`, wherever it begins, is more than `quota` let through,
 * and a request is refused only if it would break that. Times within 1/4096 of the window share an entry that
 * bears the later time: windows below 8 s are exact to the millisecond, and longer ones may give a unit back up
 * to 1/4096 of the window late.
 */
export class RateWindow {
  readonly #windowMs: number;
  readonly #grainMs: number;
  /** A ring of (time, cost) pairs, oldest first. Most limits have one pair at a time, so it begins small. */
  #ring: number[] = [Number.NaN, Number.NaN];
  #first = 0;
  #count = 0;
  #used = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
    this.#grainMs = Math.max(1, Math.floor(windowMs / RESOLUTION));
  }

  /** The time of the last use that is kept; 0 when none is. Nothing is put in order before it. */
  get lastMs(): number {
    return this.#count === 0 ? 0 : (this.#ring[this.#at(this.#count - 1)] as number);
  }

  isEmpty(nowMs: number): boolean {
    return this.used(nowMs) === 0;
  }

  /** Units used within the window that ends now. */
  used(nowMs: number): number {
    const capacity = this.#ring.length / 2;
    while (this.#count > 0 && (this.#ring[this.#first * 2] as number) <= nowMs - this.#windowMs) {
      this.#used -= this.#ring[this.#first * 2 + 1] as number;
      this.#first = (this.#first + 1) % capacity;
      this.#count--;
    }
    return this.#used;
  }

  /** Uses up `cost` units. The caller has checked that they are there. */
  use(cost: number, nowMs: number): void {
    this.#used += cost;
    const capacity = this.#ring.length / 2;
    if (this.#count > 0) {
      const last = ((this.#first + this.#count - 1) % capacity) * 2;
      const lastMs = this.#ring[last] as number;
      // A clock that was set back must not make an entry younger than those before it.
      if (nowMs <= lastMs || this.#grainOf(nowMs) === this.#grainOf(lastMs)) {
        this.#ring[last] = Math.max(nowMs, lastMs);
        this.#ring[last + 1] = (this.#ring[last + 1] as number) + cost;
        return;
      }
    }
    if (this.#count === capacity) this.#grow();
    const next = ((this.#first + this.#count) % (this.#ring.length / 2)) * 2;
    this.#ring[next] = nowMs;
    this.#ring[next + 1] = cost;
    this.#count++;
  }

  /** Gives back units that were used at that time: nothing where they are not counted any more. */
  giveBack(cost: number, at: number): void {
    for (let i = this.#count - 1; i >= 0; i--) {
      const entry = this.#at(i);
      if (this.#grainOf(this.#ring[entry] as number) !== this.#grainOf(at)) continue;
      const given = Math.min(cost, this.#ring[entry + 1] as number);
      this.#ring[entry + 1] = (this.#ring[entry + 1] as number) - given;
      this.#used -= given;
      return;
    }
  }

  /** Ms until `cost` units are free, of a quota that has not got them now. */
  freeAfter(cost: number, quota: number, nowMs: number): number {
    let missing = this.used(nowMs) + cost - quota;
    const capacity = this.#ring.length / 2;
    for (let i = 0; i < this.#count && missing > 0; i++) {
      const at = ((this.#first + i) % capacity) * 2;
      missing -= this.#ring[at + 1] as number;
      if (missing <= 0) return (this.#ring[at] as number) + this.#windowMs - nowMs;
    }
    return this.#windowMs;
  }

  /** Ms until nothing of the quota is in use. */
  emptyAfter(nowMs: number): number {
    if (this.used(nowMs) === 0) return 0;
    let last = this.#count - 1;
    while (this.#ring[this.#at(last) + 1] === 0) last--; // Given back.
    return (this.#ring[this.#at(last)] as number) + this.#windowMs - nowMs;
  }

  /** Ms until less of the quota is in use than now; 0 when nothing is. */
  nextAfter(nowMs: number): number {
    if (this.used(nowMs) === 0) return 0;
    let first = 0;
    while (this.#ring[this.#at(first) + 1] === 0) first++;
    return (this.#ring[this.#at(first)] as number) + this.#windowMs - nowMs;
  }

  /** Where the pair of an entry begins in the ring. */
  #at(index: number): number {
    return ((this.#first + index) % (this.#ring.length / 2)) * 2;
  }

  #grainOf(ms: number): number {
    return Math.floor(ms / this.#grainMs);
  }

  #grow(): void {
    const old = this.#ring;
    const capacity = old.length / 2;
    this.#ring = old.concat(old); // Numbers throughout: the second half is written over.
    for (let i = 0; i < this.#count; i++) {
      const at = ((this.#first + i) % capacity) * 2;
      this.#ring[i * 2] = old[at] as number;
      this.#ring[i * 2 + 1] = old[at + 1] as number;
    }
    this.#first = 0;
  }
}
