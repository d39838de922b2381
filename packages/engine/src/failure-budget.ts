/** How many failures one source network may cause in any window of that length. */
export interface FailureBudgetOptions {
  readonly failures: number;
  readonly windowSeconds: number;
}

const MAX_SOURCES = 100_000;

/**
 * Counts failed attempts per source network, and says when one has had enough. A token bucket: `failures` at
 * once, then one each `windowSeconds / failures`. Successes neither use it up nor refill it. At most 100,000
 * sources are remembered, and the longest known is forgotten first.
 */
export class FailureBudget {
  readonly #capacity: number;
  readonly #msPerFailure: number;
  /** Per source: ms since 1970 at which its bucket is full again. */
  readonly #fullAt = new Map<string, number>();

  constructor({ failures, windowSeconds }: FailureBudgetOptions) {
    this.#capacity = windowSeconds * 1000;
    this.#msPerFailure = (windowSeconds * 1000) / failures;
  }

  /** Whether no source has failed of late: the common case, in which no address need be read. */
  get isQuiet(): boolean {
    return this.#fullAt.size === 0;
  }

  /** Ms until the source may try again; 0 when it may. */
  wait(source: string, nowMs: number): number {
    const fullAt = this.#fullAt.get(source);
    if (fullAt === undefined) return 0;
    if (fullAt <= nowMs) {
      this.#fullAt.delete(source);
      return 0;
    }
    return Math.max(0, fullAt + this.#msPerFailure - nowMs - this.#capacity);
  }

  /** Notes a failure of a source. */
  fail(source: string, nowMs: number): void {
    const fullAt = Math.max(this.#fullAt.get(source) ?? 0, nowMs) + this.#msPerFailure;
    this.#fullAt.delete(source);
    this.#fullAt.set(source, Math.min(fullAt, nowMs + this.#capacity));
    if (this.#fullAt.size > MAX_SOURCES) this.#fullAt.delete(this.#fullAt.keys().next().value as string);
  }
}
