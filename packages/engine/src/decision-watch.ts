import type { Allowed } from './decision.ts';
import type { ChangeNotice } from './ports/store.ts';

const MAX_KNOWN = 100_000;
/** The longest that a timer of Node can wait. */
const MAX_DELAY_MS = 2_147_483_647;

interface Watched {
  readonly end: () => void;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Says when a decision that is lived on for a while (an open WebSocket) has to be made anew: the credential was
 * changed in any way, it has expired, or the secret version that it was proved with is retired.
 */
export class DecisionWatch {
  readonly #clock: () => number;
  readonly #watched = new Map<string, Set<Watched>>();
  /** The revision of each credential's last change, so that one between decision and watch is not missed. */
  readonly #changed = new Map<string, number>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Takes note of a change. */
  apply({ records }: ChangeNotice): void {
    for (const { id, revision } of records) {
      this.#changed.delete(id);
      this.#changed.set(id, revision);
      if (this.#changed.size > MAX_KNOWN) this.#changed.delete(this.#changed.keys().next().value as string);
      for (const watched of this.#watched.get(id) ?? []) this.#end(id, watched);
    }
  }

  /** Calls `end` once, when it is time. Returns how to stop watching. A public route's decision never ends. */
  watch({ credential, validUntil }: Allowed, end: () => void): () => void {
    if (credential === null) return () => {};
    const { id, revision } = credential;
    const watched: Watched = { end, timer: undefined };
    const all = this.#watched.get(id) ?? new Set();
    this.#watched.set(id, all.add(watched));
    if ((this.#changed.get(id) ?? 0) > revision) setImmediate(() => this.#end(id, watched));
    if (validUntil !== undefined) this.#arm(id, watched, validUntil);
    return () => this.#forget(id, watched);
  }

  #arm(id: string, watched: Watched, at: number): void {
    const left = at - this.#clock();
    const step = () => (left > MAX_DELAY_MS ? this.#arm(id, watched, at) : this.#end(id, watched));
    watched.timer = setTimeout(step, Math.min(Math.max(left, 0), MAX_DELAY_MS)).unref();
  }

  #end(id: string, watched: Watched): void {
    if (this.#forget(id, watched)) watched.end();
  }

  #forget(id: string, watched: Watched): boolean {
    clearTimeout(watched.timer);
    const all = this.#watched.get(id);
    const wasThere = all?.delete(watched) ?? false;
    if (all?.size === 0) this.#watched.delete(id);
    return wasThere;
  }
}
