/** How many of something one name may do at once, and in any window of that length. */
export interface Pace {
  readonly units: number;
  readonly windowSeconds: number;
}

const MAX_NAMES = 100_000;

/**
 * Holds each name to a pace: `units` at once, then one each `windowSeconds / units`. At most 100,000 names are
 * remembered, and the longest known is forgotten first.
 */
export class TokenBuckets {
  readonly #capacity: number;
  readonly #msPerUnit: number;
  /** Per name: ms since 1970 at which its bucket is full again. */
  readonly #fullAt = new Map<string, number>();

  constructor({ units, windowSeconds }: Pace) {
    this.#capacity = windowSeconds * 1000;
    this.#msPerUnit = (windowSeconds * 1000) / units;
  }

  /** Ms until the name may take one; 0 when it may. */
  wait(name: string, nowMs: number): number {
    let fullAt = this.#fullAt.get(name);
    if (fullAt === undefined) return 0;
    if (fullAt <= nowMs) {
      this.#fullAt.delete(name);
      return 0;
    }
    if (fullAt > nowMs + this.#capacity) {
      // After a clock that was ahead, nobody waits longer than they would have.
      fullAt = nowMs + this.#capacity;
      this.#fullAt.set(name, fullAt);
    }
    return Math.max(0, fullAt + this.#msPerUnit - nowMs - this.#capacity);
  }

  /** Takes one. */
  take(name: string, nowMs: number): void {
    const fullAt = Math.max(this.#fullAt.get(name) ?? 0, nowMs) + this.#msPerUnit;
    this.#fullAt.delete(name);
    this.#fullAt.set(name, Math.min(fullAt, nowMs + this.#capacity));
    if (this.#fullAt.size > MAX_NAMES) this.#fullAt.delete(this.#fullAt.keys().next().value as string);
  }
}
