import type { RisingNonce } from '../ports/claim-and-meter.ts';

interface Series {
  /** The highest ones, falling. */
  readonly recent: bigint[];
  /** Nothing up to here is taken any more: the highest nonce that is no longer among the recent ones. */
  floor: bigint;
}

/** Remembers, per key, the highest nonces that were used, so that none is used twice. */
export class RisingNonces {
  readonly #series = new Map<string, Series>();

  /** The highest nonce of a series; undefined before the first. */
  highest(series: string): bigint | undefined {
    return this.#series.get(series)?.recent[0];
  }

  /** Whether {@link RisingNonces.use} would take a nonce: new, and not too far below the highest. */
  isFresh({ series, value, window }: RisingNonce): boolean {
    const known = this.#series.get(series);
    if (known === undefined) return value >= 0n;
    const highest = known.recent[0] as bigint;
    if (value > highest) return true;
    if (value <= known.floor || (window !== undefined && value < highest - window)) return false;
    return !known.recent.includes(value);
  }

  /** Remembers a nonce of which {@link RisingNonces.isFresh} just said that it is. */
  use({ series, value, keep }: RisingNonce): void {
    const known = this.#of(series);
    insert(known.recent, value);
    while (known.recent.length > keep) known.floor = known.recent.pop() as bigint;
  }

  #of(series: string): Series {
    let known = this.#series.get(series);
    if (known === undefined) {
      known = { recent: [], floor: -1n };
      this.#series.set(series, known);
    }
    return known;
  }

  /**
   * Remembers a nonce from before a restart. What was forgotten before is not known any more, so nothing below the
   * least of the restored ones is taken.
   */
  restore(series: string, value: bigint): void {
    const known = this.#of(series);
    if (!known.recent.includes(value)) insert(known.recent, value);
    known.floor = (known.recent.at(-1) as bigint) - 1n;
  }
}

/** Puts a number into a falling list. */
function insert(list: bigint[], value: bigint): void {
  const at = list.findIndex((other) => other < value);
  list.splice(at === -1 ? list.length : at, 0, value);
}
