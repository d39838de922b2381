import { kekOf, rewrap } from '../credentials/envelope.ts';
import type { Keyring } from '../ports/keyring.ts';
import type { Store } from '../ports/store.ts';
import { turn } from '../turn.ts';

const BATCH = 100;

export interface RewrapState {
  readonly currentKekId: string;
  readonly isRunning: boolean;
  /** Values wrapped anew since the service started. */
  readonly rewrapped: number;
  /** What stopped it last; null while there is nothing. */
  readonly fault: string | null;
}

/** Brings sealed values under the keyring's current key while the service goes on. */
export interface Rewrapper {
  /** Begins, or goes on where a kill left off: what is done is known by the key that each value names. */
  resume(): void;
  /** Resolves when nothing is left to do; rejects when a value cannot be wrapped anew. */
  finished(): Promise<void>;
  state(): RewrapState;
  stop(): Promise<void>;
}

interface Parts {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
}

export function createRewrapper({ store, keyring, clock, onError }: Parts): Rewrapper {
  let isStopped = false;
  let rewrapped = 0;
  let fault: string | null = null;
  let run: Promise<void> | undefined;

  async function work(): Promise<void> {
    let count = 0;
    const from = new Set<string>();
    for (;;) {
      const items = await store.sealedUnderOtherKek(keyring.currentKekId, BATCH);
      if (items.length === 0 || isStopped) break;
      for (const { name, sealed } of items) {
        from.add(kekOf(sealed));
        if (await store.replaceSealed(name, sealed, await rewrap(keyring, sealed))) count++;
      }
      rewrapped += items.length;
      await turn(); // Requests come first.
    }
    if (count === 0) return;
    const data = { from: [...from], to: keyring.currentKekId, values: count, isComplete: !isStopped };
    await store.commit({
      records: [],
      entries: [{ at: clock(), type: 'keyring.rewrapped', actor: 'service', data }],
    });
  }

  return {
    resume() {
      if (run !== undefined) return;
      fault = null;
      run = work().finally(() => {
        run = undefined;
      });
      run.catch((error: unknown) => {
        fault = error instanceof Error ? error.message : String(error);
        onError(error);
      });
    },
    finished: () => run ?? Promise.resolve(),
    state: () => ({ currentKekId: keyring.currentKekId, isRunning: run !== undefined, rewrapped, fault }),
    async stop() {
      isStopped = true;
      await run?.catch(() => {}); // onError has heard of it.
    },
  };
}
