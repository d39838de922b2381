const EMPTY = 0;
const MAX_LOAD = 0.75;

/**
 * A set of 64-bit fingerprints in one typed array, open addressing with linear probing: 11 to 21 bytes for
 * each, where a `Set` of texts takes about 150. Nothing is ever removed: a set is dropped as a whole.
 */
export class FingerprintSet {
  #slots: Uint32Array;
  #mask: number;
  #size = 0;

  /** @param expected how many are to come; it grows beyond that by doubling */
  constructor(expected = 48) {
    let slots = 64;
    while (slots * MAX_LOAD < expected) slots *= 2;
    this.#slots = new Uint32Array(slots * 2);
    this.#mask = slots - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of memory in use. */
  get bytes(): number {
    return this.#slots.byteLength;
  }

  has(high: number, low: number): boolean {
    return this.#slots[this.#find(high, low) * 2 + 1] !== EMPTY;
  }

  /** Adds one; false when it was there. */
  add(high: number, low: number): boolean {
    const slot = this.#find(high, low);
    if (this.#slots[slot * 2 + 1] !== EMPTY) return false;
    if (this.#size + 1 > (this.#mask + 1) * MAX_LOAD) {
      this.#grow();
      return this.add(high, low);
    }
    this.#slots[slot * 2] = high;
    this.#slots[slot * 2 + 1] = occupied(low);
    this.#size++;
    return true;
  }

  /** Each one; a low word of zero is given as one. Nothing may be added meanwhile. */
  *[Symbol.iterator](): Generator<readonly [high: number, low: number]> {
    for (let i = 0; i < this.#slots.length; i += 2) {
      const low = this.#slots[i + 1] as number;
      if (low !== EMPTY) yield [this.#slots[i] as number, low];
    }
  }

  #find(high: number, low: number): number {
    const wanted = occupied(low);
    let slot = high & this.#mask;
    for (;;) {
      const there = this.#slots[slot * 2 + 1] as number;
      if (there === EMPTY || (there === wanted && this.#slots[slot * 2] === high >>> 0)) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    this.#mask = this.#slots.length / 2 - 1;
    for (let i = 0; i < old.length; i += 2) {
      const low = old[i + 1] as number;
      if (low === EMPTY) continue;
      const slot = this.#find(old[i] as number, low);
      this.#slots[slot * 2] = old[i] as number;
      this.#slots[slot * 2 + 1] = low;
    }
  }
}

/** Zero marks a free slot, so a low word of zero is kept as one. */
function occupied(low: number): number {
  return low === 0 ? 1 : low >>> 0;
}
