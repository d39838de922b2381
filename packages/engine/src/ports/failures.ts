import type { MaybePromise } from './maybe-promise.ts';

/** How many failures are counted under a name, or that a name is known. */
export interface FailureRow {
  readonly name: string;
  /** In the form of whoever counts; null: it is to be forgotten. */
  readonly state: string | null;
}

/**
 * Keeps counters of failed attempts, so that a restart does not give a guesser new guesses. They are saved by
 * themselves, and never in the transaction of something that can fail.
 */
export interface FailureStore {
  /** All that is kept, read once at start. */
  failures(): MaybePromise<Iterable<FailureRow>>;
  saveFailures(rows: readonly FailureRow[]): MaybePromise<void>;
}
