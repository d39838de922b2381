import type { CacheEntry } from './credential-cache.ts';
import type { Usage } from './ports/record.ts';
import type { Store } from './ports/store.ts';

/** Collects when credentials are used, and saves it now and then: never a write for each request. */
export class UsageRecorder {
  readonly #store: Store;
  #unsaved: CacheEntry[] = [];
  #finished: Usage[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  note(entry: CacheEntry, version: number, nowMs: number, ip: string | undefined): void {
    if (entry.hasUnsavedUse) {
      if (entry.usedVersion !== version) this.#finished.push(usageOf(entry));
    } else {
      entry.hasUnsavedUse = true;
      this.#unsaved.push(entry);
    }
    entry.usedAt = nowMs;
    entry.usedIp = ip;
    entry.usedVersion = version;
  }

  /** Saves what was noted since the last time. What cannot be saved is kept for the next time. */
  async save(): Promise<void> {
    const rows = [...this.#finished, ...this.#unsaved.map(usageOf)];
    if (rows.length === 0) return;
    for (const entry of this.#unsaved) entry.hasUnsavedUse = false;
    this.#unsaved = [];
    this.#finished = [];
    try {
      await this.#store.saveUsage(rows);
    } catch (error) {
      this.#finished.unshift(...rows.slice(0, MAX_KEPT));
      throw error;
    }
  }
}

const MAX_KEPT = 100_000;

function usageOf(entry: CacheEntry): Usage {
  return {
    credentialId: entry.credential.id,
    version: entry.usedVersion,
    lastUsedAt: entry.usedAt,
    lastUsedIp: entry.usedIp ?? null,
  };
}
