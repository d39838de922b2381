import type { Denial } from '@countersign/core';
import type { CacheEntry } from '../credentials/credential-cache.ts';
import type { Way } from '../decision/way.ts';
import type { Usage } from '../ports/record.ts';
import type { Store } from '../ports/store.ts';
import { ActivityRecorder } from './activity-recorder.ts';

/** Collects when credentials are used, and saves it now and then: never a write for each request. */
export class UsageRecorder {
  /** What they are used for. */
  readonly activity: ActivityRecorder;
  readonly #store: Store;
  #unsaved: CacheEntry[] = [];
  #finished: Usage[] = [];

  /** @param onError told of what could not be saved between the regular times */
  constructor(store: Store, onError: (error: unknown) => void = () => {}) {
    this.#store = store;
    this.activity = new ActivityRecorder(store, () => void this.activity.save().catch(onError));
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

  /** In the test environment, what a bot may not do yet is what its template lacks. */
  noteDenied(way: Way, { code, permission }: Denial): void {
    if (code !== 'permission_denied' || permission === undefined) return;
    const { proven } = way;
    if (proven?.profile.environment === 'test') this.activity.noteLacking(way, proven.id);
  }

  /** Saves what was noted since the last time. What cannot be saved is kept for the next time. */
  async save(): Promise<void> {
    await Promise.all([this.#saveUses(), this.activity.save()]);
  }

  async #saveUses(): Promise<void> {
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
