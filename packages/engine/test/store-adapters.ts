import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore, type Store } from '@countersign/engine';
import { createSqliteStore } from '@countersign/engine/sqlite';

/** A store that a test suite opens, and puts away afterwards. */
export interface OpenStore {
  readonly store: Store;
  /** What a restart does: the store as it is found afterwards. */
  reopen(): Promise<Store>;
  remove(): Promise<void>;
}

export interface StoreAdapter {
  readonly name: string;
  open(): Promise<OpenStore>;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'countersign-'));
}

/** Every store that the package has. Memory outlives a restart of the engine, though not of the process. */
export const STORES: readonly StoreAdapter[] = [
  {
    name: 'memory',
    async open() {
      const store = createMemoryStore();
      return { store, reopen: async () => store, remove: async () => {} };
    },
  },
  {
    name: 'SQLite',
    async open() {
      const folder = temporaryFolder();
      const path = join(folder, 'data', 'countersign.db');
      const store = await createSqliteStore({ path });
      let current = store;
      return {
        store,
        async reopen() {
          await current.close();
          current = await createSqliteStore({ path });
          return current;
        },
        async remove() {
          await current.close();
          rmSync(folder, { recursive: true });
        },
      };
    },
  },
];
