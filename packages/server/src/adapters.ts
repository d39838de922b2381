import { join } from 'node:path';
import { createEnvKeyring, type Keyring, openFileKeyring, type Store } from '@countersign/engine';
import { createSqliteStore } from '@countersign/engine/sqlite';
import type { Config } from './config.ts';

// The only file that names adapters: everything else knows ports.

/** Opens the store that is configured. Rejects with a `StoreError` whose message is for operators. */
export function openStore(config: Config): Promise<Store> {
  return createSqliteStore({ path: join(config.dataDir, 'countersign.db') });
}

/**
 * Opens the keyring that is configured. Throws a `KeyringError` whose message is for operators.
 *
 * @param isFirstStart whether there is nothing yet that a keyring must open, so that a new one may be made
 */
export function openKeyring(config: Config, isFirstStart: boolean): Keyring {
  if (config.keyring === 'env') return createEnvKeyring(config.keyringKeys ?? '');
  const path =
    config.keyring === 'file' ? join(config.dataDir, 'keyring.json') : config.keyring.slice('file:'.length);
  return openFileKeyring(path, Date.now, isFirstStart);
}
