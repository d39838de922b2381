import type { CredentialKind, Dialect, SigningKey } from '@countersign/core';
import { CountersignError } from './errors.ts';
import { type KeyMaterial, makeSigningKey } from './key-material.ts';
import type { KeySource } from './secret-source.ts';

/** How often, and how long, a change is waited for that the service knows of already. */
const LOOK_EVERY_MS = 25;
const WAIT_MS = 1000;

/** A key as it is used for one request. */
export interface HeldKey {
  readonly signing: SigningKey;
  readonly material: KeyMaterial;
}

/** The key that a client signs with, as it is now. */
export interface KeyHolder {
  /**
   * The key now. One that was replaced by something unusable is kept, so that a mistake in a file ends no requests
   * before the old secret does.
   *
   * @throws {@link CountersignError} when there is none
   */
  current(): HeldKey;
  /**
   * After a refusal of `used`: the key that took its place, looked for a moment where it once worked. Undefined when
   * there is no other.
   *
   * @throws {@link CountersignError} when another one is there that cannot be used
   */
  successorOf(used: HeldKey, signal: AbortSignal): Promise<HeldKey | undefined>;
  /** Waits while a successor is looked for, so that no more requests are signed with what was just refused. */
  settled(): Promise<unknown>;
  /** Told of a key that the service accepted. */
  hasWorked(used: HeldKey): void;
}

export function createKeyHolder(
  source: KeySource,
  dialect: Dialect,
  kind: CredentialKind | undefined,
): KeyHolder {
  let held: HeldKey | undefined;
  let unusable: CountersignError | undefined;
  let worked: HeldKey | undefined;
  let search: Promise<void> | undefined;

  function current(): HeldKey {
    const material = source.current();
    if (held !== undefined && isSame(held.material, material)) return held;
    try {
      held = { material, signing: makeSigningKey(material, dialect, kind) };
      unusable = undefined;
    } catch (error) {
      if (held === undefined || !(error instanceof CountersignError)) throw error;
      unusable = error;
    }
    return held;
  }

  return {
    current,
    hasWorked(used) {
      worked = used;
    },
    settled: () => search ?? Promise.resolve(),
    async successorOf(used, signal) {
      if (!isReplaced(used) && source.isReloadable && worked === used) {
        search ??= lookFor(used).finally(() => {
          search = undefined;
        });
        await search;
        signal.throwIfAborted();
      }
      const now = current();
      if (now !== used) return now;
      const fault = unusable ?? source.fault();
      if (fault !== undefined) throw fault;
      return undefined;
    },
  };

  function isReplaced(used: HeldKey): boolean {
    return current() !== used;
  }

  /** One search for all requests that were refused alike; none of them can end it for the others. */
  async function lookFor(used: HeldKey): Promise<void> {
    for (let look = 0; look < WAIT_MS / LOOK_EVERY_MS && !isReplaced(used); look++) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}

function isSame(a: KeyMaterial, b: KeyMaterial): boolean {
  return (
    a.keyId === b.keyId &&
    a.secret.expose() === b.secret.expose() &&
    a.passphrase?.expose() === b.passphrase?.expose()
  );
}
