import { fingerprint } from '../credentials/fingerprint.ts';
import type { Pace } from './token-buckets.ts';

/** Four megabytes, which the system gives as they are used. */
const CELLS = 2 ** 20;

/**
 * Holds very many names to a pace, in four bytes each: `units` at once, then one each `windowSeconds / units`, to the
 * second. A name is one of a million cells. Names that fall into one cell share its pace, and nobody can choose with whom
 * without the seed: for what a name may have to do without now and then.
 */
export class PaceTable {
  readonly #seed: number;
  readonly #secondsPerUnit: number;
  readonly #windowSeconds: number;
  /** Per cell: seconds since 1970 at which all of its units are there again. */
  readonly #fullAt = new Uint32Array(CELLS);

  /** @param seed secret */
  constructor({ units, windowSeconds }: Pace, seed: number) {
    this.#seed = seed;
    this.#secondsPerUnit = windowSeconds / units;
    this.#windowSeconds = windowSeconds;
  }

  /** Takes one, if there is one. */
  take(name: string, nowMs: number): boolean {
    const cell = fingerprint(name, this.#seed).low % CELLS;
    const now = Math.floor(nowMs / 1000);
    const latest = now + this.#windowSeconds;
    // After a clock that was ahead, nobody waits longer than they would have.
    const before = Math.min(Math.max(this.#fullAt[cell] as number, now), latest);
    const after = before + this.#secondsPerUnit;
    this.#fullAt[cell] = after > latest ? before : after;
    return after <= latest;
  }
}
