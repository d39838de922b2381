import type { Credential } from '@countersign/core';
import { CredentialLimits, limitsOf } from '../limits/credential-limits.ts';
import type { CredentialRecord } from '../ports/record.ts';
import type { ChangeNotice, MaybePromise, Store } from '../ports/store.ts';
import { type CredentialCompiler, releaseCredential } from './compile-credential.ts';
import { lastUseOf } from './last-use.ts';

/** A cached credential, with when it was last used. */
export class CacheEntry {
  credential: Credential;
  /** Set at each use, cleared by the hand that looks for what to evict. */
  touched = true;
  /** Ms since 1970; when the credential was made or widened, if it was not used since. */
  usedAt: number;
  usedIp: string | undefined = undefined;
  usedVersion = 0;
  hasUnsavedUse = false;
  #limits: CredentialLimits | undefined;

  constructor(credential: Credential, usedAt: number) {
    this.credential = credential;
    this.usedAt = usedAt;
  }

  /** The credential's limits, as they are asked. */
  get limits(): CredentialLimits {
    this.#limits ??= limitsOf(this.credential);
    return this.#limits;
  }

  /** The same, where something is to be kept with them: those of a credential that has none are shared. */
  ownLimits(): CredentialLimits {
    if (this.limits === CredentialLimits.NONE) this.#limits = new CredentialLimits([], []);
    return this.limits;
  }
}

/**
 * Keeps the credentials that are in use, compiled. At most `capacity` of them: the hand of a clock goes round
 * and drops what was not used since it last came by.
 *
 * An entry never gets older: a fill that was overtaken by a change is repeated, and a revoked credential stays
 * revoked whatever arrives late.
 */
export class CredentialCache {
  readonly #entries = new Map<string, CacheEntry>();
  readonly #fills = new Map<string, Promise<CacheEntry | undefined>>();
  /** The newest revision that the feed told of a credential whose fill is under way. */
  readonly #overtaken = new Map<string, number>();
  readonly #store: Store;
  readonly #compiler: CredentialCompiler;
  readonly #capacity: number;
  readonly #clock: () => number;
  #hand: IterableIterator<[string, CacheEntry]>;

  constructor(store: Store, compiler: CredentialCompiler, capacity: number, clock: () => number) {
    this.#store = store;
    this.#compiler = compiler;
    this.#capacity = capacity;
    this.#clock = clock;
    this.#hand = this.#entries.entries();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry if it is cached. */
  peek(id: string): CacheEntry | undefined {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.touched = true;
    return entry;
  }

  /** The entry, read from the store if need be. Undefined when there is no such credential. */
  get(id: string): MaybePromise<CacheEntry | undefined> {
    const cached = this.peek(id);
    if (cached !== undefined) return cached;
    let fill = this.#fills.get(id);
    if (fill === undefined) {
      fill = this.#fill(id).finally(() => {
        this.#fills.delete(id);
        this.#overtaken.delete(id);
      });
      this.#fills.set(id, fill);
    }
    return fill;
  }

  /** Takes a change from the feed. Resolves once no decision can use the older state any more. */
  async apply(notice: ChangeNotice): Promise<void> {
    for (const record of notice.records) {
      if (this.#fills.has(record.id)) {
        this.#overtaken.set(record.id, Math.max(record.revision, this.#overtaken.get(record.id) ?? 0));
      }
      const entry = this.#entries.get(record.id);
      if (entry === undefined || entry.credential.revision >= record.revision) continue;
      // Until the new state is compiled, the old one must not be used: the next request fills anew.
      this.#drop(record.id, entry);
    }
    await Promise.allSettled(notice.records.map((record) => this.#fills.get(record.id)));
  }

  async #fill(id: string): Promise<CacheEntry | undefined> {
    for (;;) {
      const record = await this.#store.loadCredential(id);
      if (record === undefined) return undefined;
      const credential = await this.#compiler.compile(record, this.#clock());
      const usedAt = await this.#lastUse(record, credential);
      if ((this.#overtaken.get(id) ?? 0) > credential.revision) {
        releaseCredential(credential);
        continue;
      }
      return this.#put(credential, usedAt);
    }
  }

  /** When the credential last showed a sign of life. Uses are read only where a policy counts the time since. */
  async #lastUse(record: CredentialRecord, credential: Credential): Promise<number> {
    if (credential.profile.idleExpiryMs === undefined) return lastUseOf(record, []);
    try {
      return lastUseOf(record, await this.#store.usageOf(credential.id));
    } catch (error) {
      releaseCredential(credential);
      throw error;
    }
  }

  #put(credential: Credential, usedAt: number): CacheEntry {
    const there = this.#entries.get(credential.id);
    if (there !== undefined) {
      if (there.credential.standing === 'revoked' || there.credential.revision >= credential.revision) {
        releaseCredential(credential);
        return there;
      }
      this.#drop(credential.id, there);
    }
    while (this.#entries.size >= this.#capacity) this.#evictOne();
    const entry = new CacheEntry(credential, usedAt);
    this.#entries.set(credential.id, entry);
    return entry;
  }

  #evictOne(): void {
    for (;;) {
      const next = this.#hand.next();
      if (next.done) {
        this.#hand = this.#entries.entries();
        continue;
      }
      const [id, entry] = next.value;
      if (!entry.touched) {
        this.#drop(id, entry);
        return;
      }
      entry.touched = false;
    }
  }

  #drop(id: string, entry: CacheEntry): void {
    this.#entries.delete(id);
    releaseCredential(entry.credential);
  }
}
