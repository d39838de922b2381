import { hasIdForm, isIssuedId } from '@countersign/core';
import type { Store } from '../ports/store.ts';
import type { CacheEntry, CredentialCache } from './credential-cache.ts';
import { fingerprint } from './fingerprint.ts';
import { FingerprintSet } from './fingerprint-set.ts';

const MAX_ALIASES = 100_000;
const MAX_TRIES = 8;

/**
 * Stage 3: finds the credential that a claim names. An id of our form is asked for its keyed tag first, and
 * any other name for its fingerprint among the imported ones, so that invented names never reach the store.
 */
export class Resolver {
  readonly #store: Store;
  readonly #cache: CredentialCache;
  readonly #tagKey: Uint8Array;
  readonly #seed: number;
  readonly #foreign = new FingerprintSet();
  /** Foreign names whose credential has another id. They never change what they stand for. */
  readonly #aliases = new Map<string, string>();

  constructor(store: Store, cache: CredentialCache, tagKey: Uint8Array, seed: number) {
    this.#store = store;
    this.#cache = cache;
    this.#tagKey = tagKey;
    this.#seed = seed;
  }

  async start(): Promise<void> {
    for (const name of await this.#store.foreignNames()) this.addForeign(name);
  }

  /** Takes note of a name that was imported. */
  addForeign(name: string): void {
    const { high, low } = fingerprint(name, this.#seed);
    this.#foreign.add(high, low);
  }

  /** The cached credential, at once. Undefined says nothing about whether there is one. */
  peek(name: string): CacheEntry | undefined {
    return this.#cache.peek(name) ?? (this.#aliases.size > 0 ? this.#throughAlias(name) : undefined);
  }

  /**
   * Reads the credential into the cache. True when {@link Resolver.peek} will find it; false when there is
   * none.
   */
  async load(name: string): Promise<boolean> {
    const id = hasIdForm(name) ? await this.#issued(name) : await this.#imported(name);
    if (id === undefined) return false;
    for (let i = 0; i < MAX_TRIES; i++) {
      if ((await this.#cache.get(id)) === undefined) return false;
      if (this.#cache.peek(id) !== undefined) return true;
    }
    throw new Error('a credential changes faster than it can be read');
  }

  async #issued(id: string): Promise<string | undefined> {
    // The tokens of a foreign key that was rotated carry an id of ours which is not the key's: a name like others.
    return (await this.#imported(id)) ?? (isIssuedId(id, this.#tagKey) ? id : undefined);
  }

  async #imported(name: string): Promise<string | undefined> {
    const { high, low } = fingerprint(name, this.#seed);
    if (!this.#foreign.has(high, low)) return undefined;
    const id = await this.#store.resolveLookup(name);
    if (id === undefined || id === name) return id;
    if (this.#aliases.size >= MAX_ALIASES) this.#aliases.delete(this.#aliases.keys().next().value as string);
    this.#aliases.set(name, id);
    return id;
  }

  #throughAlias(name: string): CacheEntry | undefined {
    const id = this.#aliases.get(name);
    return id === undefined ? undefined : this.#cache.peek(id);
  }
}
