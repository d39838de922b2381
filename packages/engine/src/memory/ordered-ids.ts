/** Ids in their order. They are put in order when they are asked for, not with each new one. */
export class OrderedIds {
  readonly #ids: string[] = [];
  #isOrdered = true;

  /** Adds one that is not there. */
  add(id: string): void {
    this.#ids.push(id);
    this.#isOrdered = false;
  }

  /** Those behind an id, which need not be there itself. */
  *after(id: string): Generator<string> {
    if (!this.#isOrdered) this.#ids.sort();
    this.#isOrdered = true;
    let first = 0;
    for (let end = this.#ids.length; first < end; ) {
      const middle = (first + end) >> 1;
      if ((this.#ids[middle] as string) > id) end = middle;
      else first = middle + 1;
    }
    for (; first < this.#ids.length; first++) yield this.#ids[first] as string;
  }
}
