import { fingerprint, fingerprintText, parseFingerprint } from '../credentials/fingerprint.ts';
import { FingerprintSet } from '../credentials/fingerprint-set.ts';
import { PaceTable } from './pace-table.ts';

/** Most pairs in one of the two sets. */
const CAPACITY = 1_000_000;
/** New networks of one key that are remembered: so many at once, and one an hour. */
const PER_KEY = { units: 16, windowSeconds: 16 * 3_600 };

/** A pair to be saved, or no longer: its fingerprint, and the generation that it was last seen in. */
export interface KnownRow {
  readonly name: string;
  readonly state: string | null;
}

/**
 * Remembers which keys were used with success from which networks, as fingerprints of 64 bits: what strangers do is not
 * held against who comes from such a network.
 *
 * There are two sets of at most a million pairs. When the newer one is full it takes the place of the older one, whose
 * pairs are forgotten unless they were seen again. A key gets only so many new networks in a time, so that whoever has
 * a key and many addresses cannot have others forgotten.
 */
export class KnownNetworks {
  readonly #seed: number;
  readonly #capacity: number;
  readonly #perKey: PaceTable;
  #newer = new FingerprintSet();
  #older = new FingerprintSet();
  #generation = 1;
  /** Pairs of before, whose rows are to be removed. */
  #forgotten: Iterator<readonly [number, number]> = new FingerprintSet()[Symbol.iterator]();
  /** What is to be saved, by name. */
  readonly #changed = new Map<string, string | null>();

  /** @param seed secret, so that nobody can look for two pairs with one fingerprint */
  constructor(seed: number, capacity = CAPACITY) {
    this.#seed = seed;
    this.#capacity = capacity;
    this.#perKey = new PaceTable(PER_KEY, seed);
  }

  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  /** Whether there is something to save. Rows to be removed can wait for another time. */
  get hasChanged(): boolean {
    return this.#changed.size > 0;
  }

  has(key: string, source: string): boolean {
    const { high, low } = this.#fingerprint(key, source);
    return this.#newer.has(high, low) || this.#older.has(high, low);
  }

  /** Notes a success. */
  note(key: string, source: string, nowMs: number): void {
    const { high, low } = this.#fingerprint(key, source);
    if (this.#newer.has(high, low)) return;
    if (!this.#older.has(high, low) && !this.#perKey.take(key, nowMs)) return;
    if (this.#newer.size >= this.#capacity) this.#turn();
    this.#newer.add(high, low);
    this.#changed.set(nameOf(high, low), String(this.#generation));
  }

  /** Takes up to `limit` pairs that are to be saved, or removed where they are saved. */
  takeChanged(limit: number): KnownRow[] {
    const taken: KnownRow[] = [];
    for (const [name, state] of this.#changed) {
      if (taken.length >= limit) break;
      this.#changed.delete(name);
      taken.push({ name, state });
    }
    while (taken.length < limit) {
      const next = this.#forgotten.next();
      if (next.done) break;
      const [high, low] = next.value;
      const isBack = this.#newer.has(high, low) || this.#older.has(high, low);
      if (!isBack) taken.push({ name: nameOf(high, low), state: null });
    }
    return taken;
  }

  giveBack(rows: readonly KnownRow[]): void {
    for (const { name, state } of rows) if (!this.#changed.has(name)) this.#changed.set(name, state);
  }

  /** Takes back all that was saved. */
  restore(rows: readonly { readonly name: string; readonly state: string }[]): void {
    for (const { state } of rows) this.#generation = Math.max(this.#generation, Number(state) || 0);
    const forgotten = new FingerprintSet();
    for (const { name, state } of rows) {
      const { high, low } = parseFingerprint(name);
      const age = this.#generation - Number(state);
      (age === 0 ? this.#newer : age === 1 ? this.#older : forgotten).add(high, low);
    }
    this.#forgotten = forgotten[Symbol.iterator]();
  }

  #fingerprint(key: string, source: string) {
    return fingerprint(`${key}\n${source}`, this.#seed);
  }

  #turn(): void {
    const forgotten = new FingerprintSet();
    // What still waits to be removed from the time before goes with it.
    for (let next = this.#forgotten.next(); !next.done; next = this.#forgotten.next())
      forgotten.add(...next.value);
    for (const [high, low] of this.#older) forgotten.add(high, low);
    this.#older = this.#newer;
    this.#newer = new FingerprintSet();
    this.#generation++;
    this.#forgotten = forgotten[Symbol.iterator]();
  }
}

function nameOf(high: number, low: number): string {
  return fingerprintText({ high, low: low >>> 0 });
}
