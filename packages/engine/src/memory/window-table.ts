/** A window that can be dropped once nothing of it is in use. */
interface Emptied {
  isEmpty(nowMs: number): boolean;
}

/** How many windows are looked at, now and then, for one that is out of use. */
const SWEEP = 32;
/** After how many calls that is done. */
const SWEEP_EVERY = 16;

/** Windows by their keys. They are made when they are first asked for, and dropped bit by bit when out of use. */
export class WindowTable<W extends Emptied> {
  readonly #windows = new Map<string, W>();
  readonly #make: (windowMs: number) => W;
  #sweep = this.#windows.entries();
  #calls = 0;

  constructor(make: (windowMs: number) => W) {
    this.#make = make;
  }

  get size(): number {
    return this.#windows.size;
  }

  /** The window of a key, a new one if need be. */
  of(key: string, windowMs: number): W {
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = this.#make(windowMs);
      this.#windows.set(key, window);
    }
    return window;
  }

  /** The window of a key, if there is one. */
  get(key: string): W | undefined {
    return this.#windows.get(key);
  }

  /** Drops some windows that are out of use, once in some calls. */
  sweepSome(nowMs: number): void {
    this.#calls++;
    if (this.#calls % SWEEP_EVERY !== 0) return;
    for (let i = 0; i < SWEEP; i++) {
      const next = this.#sweep.next();
      if (next.done) {
        this.#sweep = this.#windows.entries();
        return;
      }
      const [key, window] = next.value;
      if (window.isEmpty(nowMs)) this.#windows.delete(key);
    }
  }
}
