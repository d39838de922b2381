import type { Environment } from '@countersign/core';
import type { AccountBook } from '../accounts/account-book.ts';
import type { ChangeNotice } from '../ports/store.ts';
import type { Allowed } from './decision.ts';

/** Changes that are remembered beside those of the last one. */
const MAX_KNOWN = 100_000;
/** The longest that a timer of Node can wait. */
const MAX_DELAY_MS = 2_147_483_647;

interface Watched {
  readonly end: () => void;
  readonly accountId: string;
  readonly environment: Environment;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Says when a decision that is lived on for a while (an open WebSocket) has to be made anew: the credential was
 * changed in any way, it has expired, the secret version that it was proved with is retired, or its account or
 * environment was frozen.
 */
export class DecisionWatch {
  readonly #clock: () => number;
  readonly #accounts: Pick<AccountBook, 'isFrozen'>;
  readonly #watched = new Map<string, Set<Watched>>();
  /** The revision of each credential's last change, so that one between decision and watch is not missed. */
  readonly #changed = new Map<string, number>();

  /** @param accounts knows of each change before it is applied here */
  constructor(clock: () => number, accounts: Pick<AccountBook, 'isFrozen'>) {
    this.#clock = clock;
    this.#accounts = accounts;
  }

  /** Takes note of a change. */
  apply({ records, accounts = [], freezes = [] }: ChangeNotice): void {
    if (accounts.length + freezes.length > 0) this.#endFrozen();
    // Before, so that all of one change are known, however many: whoever revokes 200,000 means each of them.
    for (const id of this.#changed.keys()) {
      if (this.#changed.size <= MAX_KNOWN) break;
      this.#changed.delete(id);
    }
    for (const { id, revision } of records) {
      this.#changed.delete(id);
      this.#changed.set(id, revision);
      for (const watched of this.#watched.get(id) ?? []) this.#end(id, watched);
    }
  }

  /** Calls `end` once, when it is time. Returns how to stop watching. A public route's decision never ends. */
  watch({ credential, validUntil }: Allowed, end: () => void): () => void {
    if (credential === null) return () => {};
    const { id, revision, accountId, environment } = credential;
    const watched: Watched = { end, accountId, environment, timer: undefined };
    const all = this.#watched.get(id) ?? new Set();
    this.#watched.set(id, all.add(watched));
    const isFrozen = this.#accounts.isFrozen(accountId, environment);
    if (isFrozen || (this.#changed.get(id) ?? 0) > revision) setImmediate(() => this.#end(id, watched));
    if (validUntil !== undefined) this.#arm(id, watched, validUntil);
    return () => this.#forget(id, watched);
  }

  /** Freezes are rare: all that is watched is looked through, so that none of it need be found by its account. */
  #endFrozen(): void {
    for (const [id, all] of this.#watched) {
      for (const watched of all) {
        if (this.#accounts.isFrozen(watched.accountId, watched.environment)) this.#end(id, watched);
      }
    }
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
