import type BetterSqlite3 from 'better-sqlite3';
import { StoreError, type StoreErrorCode } from '../ports/store.ts';

export type Database = BetterSqlite3.Database;

/**
 * Loads the driver when it is first needed, and says what to install where it is not there: it is compiled at
 * install, and where that fails npm leaves an optional dependency out without a word.
 */
export async function loadDriver(): Promise<typeof BetterSqlite3> {
  try {
    const driver = (await import('better-sqlite3')).default;
    new driver(':memory:').close();
    return driver;
  } catch (cause) {
    throw new StoreError('driver_missing', DRIVER_HELP, { cause });
  }
}

const DRIVER_HELP = [
  'The SQLite driver (better-sqlite3) is not installed: there was no prebuilt binary for this machine,',
  'and no compiler to build it with. Install one and try again:',
  '  Debian, Ubuntu:  apt-get install -y python3 make g++',
  '  Fedora, RHEL:    dnf install -y python3 make gcc-c++',
  '  Alpine:          apk add python3 make g++',
  '  macOS:           xcode-select --install',
  'then: npm ci',
].join('\n');

/** Settings of every connection: durable commits, and pages of deleted secrets overwritten. */
export function configure(database: Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('secure_delete = ON');
  database.pragma('foreign_keys = ON');
  database.pragma('busy_timeout = 10000');
}

/** Turns a driver's error into one that says what to do. */
export function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = (error as { code?: string }).code ?? '';
  const [, kind, message] = MESSAGES.find(([prefix]) => code.startsWith(prefix)) ?? OTHER;
  return new StoreError(kind, `${message} (${code || 'unknown'}: ${(error as Error).message})`, {
    cause: error,
  });
}

type Message = readonly [prefix: string, code: StoreErrorCode, text: string];

const OTHER: Message = ['', 'unavailable', 'The database does not answer'];
const MESSAGES: readonly Message[] = [
  ['SQLITE_FULL', 'full', 'The disk is full: free some room, and the service goes on by itself'],
  ['SQLITE_READONLY', 'read_only', 'The database cannot be written: check who owns the data folder'],
  [
    'SQLITE_CANTOPEN',
    'read_only',
    'The database cannot be opened: check that the data folder is there and writable',
  ],
  ['SQLITE_IOERR', 'unavailable', 'The disk reports an error'],
  ['SQLITE_CORRUPT', 'unavailable', 'The database is damaged: stop the service and restore a backup'],
  ['SQLITE_NOTADB', 'unavailable', 'The file is not a database'],
  ['SQLITE_BUSY', 'in_use', 'The database is in use by another process'],
];

/** Runs a driver call; whatever it throws comes out as a {@link StoreError}. */
export function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw storeError(error);
  }
}
