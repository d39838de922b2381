import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { lineOf } from '../audit/decision-entry.ts';
import { sealedName } from '../credentials/compile-credential.ts';
import { kekOf } from '../credentials/envelope.ts';
import type { StoredNonce, StoredRisingNonce } from '../ports/audit-log.ts';
import type { CredentialRecord, Usage } from '../ports/record.ts';
import type { RevocationOrder, RevokedAll } from '../ports/revocations.ts';
import {
  ANSWER_MS,
  answerName,
  type Change,
  type ChangeNotice,
  type CredentialFilter,
  dueAtAfter,
  type RememberedAnswer,
  type Store,
  StoreError,
} from '../ports/store.ts';
import { turn } from '../turn.ts';
import { accountReads } from './accounts.ts';
import { createActivityReads } from './activity.ts';
import { configure, type Database, guarded, loadDriver, storeError } from './connection.ts';
import { failureReads } from './failures.ts';
import { linesOf } from './lines.ts';
import { createLogReader } from './read-log.ts';
import { reservationText } from './reservation-writes.ts';
import { sqliteReservations } from './reservations.ts';
import type { RevokeJob } from './revoke-matching.ts';
import { createSchedule } from './schedule.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './schema.ts';
import type { StoredRecord } from './stored-record.ts';
import { createWriter } from './writer.ts';
import type { CommitJob, SealedRow } from './writes.ts';

/** Keys of a large change that the feed tells of before others get their turn. */
const TOLD_AT_ONCE = 1_000;
/** How long a second process waits for the lock: as long as a restart may overlap. */
const LOCK_WAIT_MS = 500;

export interface SqliteStoreOptions {
  /** Path of the database file. Its folder is made if need be, for its owner alone. */
  readonly path: string;
}

/**
 * Opens a SQLite database as a store: one process, durable commits, all written by a thread of its own.
 * A second process that opens the same file is refused.
 *
 * @throws {@link StoreError}: `driver_missing`, `newer_version`, `in_use`, `read_only`, `full`, `unavailable`
 */
export async function createSqliteStore({ path }: SqliteStoreOptions): Promise<Store> {
  const driver = await loadDriver();
  const lock = guarded(() => {
    makeFolder(path);
    return holdLock(new driver(`${path}.lock`, { timeout: LOCK_WAIT_MS }));
  });
  try {
    const database = guarded(() => {
      const opened = new driver(path);
      configure(opened);
      migrate(opened);
      // The driver opens a file that it may not write for reading only, without a word.
      opened.exec('BEGIN IMMEDIATE; UPDATE revision SET value = value; ROLLBACK');
      return opened;
    });
    return storeOver(database, path, () => lock.close());
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Puts a change into rows. What can fail here fails before anything is written. */
function jobOf(change: Change, revision: number): CommitJob {
  const sealed: SealedRow[] = [];
  const destroyed: string[] = [];
  const records = change.records.map((record) => {
    const secretVersions = record.secretVersions.map(({ sealed: bytes, ...version }) => {
      const name = sealedName(record.id, version.version);
      if (bytes === null) destroyed.push(name);
      else sealed.push({ name, kek: kekOf(bytes), bytes });
      return { ...version, isSealed: bytes !== null };
    });
    return {
      record: { ...record, secretVersions, revision },
      before: record.revision,
      dueAt: dueAtAfter(change, record),
    };
  });
  const moved = <T extends { readonly revision: number }>(record: T) => ({
    record: { ...record, revision },
    before: record.revision,
  });
  try {
    const entries = change.entries.map(lineOf);
    const answer = change.answer?.(revision);
    return {
      kind: 'commit',
      revision,
      records,
      accounts: (change.accounts ?? []).map(moved),
      freezes: (change.freezes ?? []).map(moved),
      sealed,
      destroyed,
      lookups: change.lookups ?? [],
      entries,
      answer,
    };
  } catch (cause) {
    throw new StoreError('unavailable', `The change cannot be stored: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StoreError(
      'read_only',
      `The folder ${dirname(path)} cannot be made: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Holds a lock that the system gives back when this process ends, however it ends. */
function holdLock(database: Database): Database {
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (by TEXT); COMMIT');
    return database;
  } catch (cause) {
    database.close();
    if ((cause as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw new StoreError('in_use', 'Another process uses this database: is the service running already?', {
        cause,
      });
    }
    throw cause;
  }
}

function migrate(database: Database): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      'newer_version',
      `The database has version ${version}, and this program knows ${SCHEMA_VERSION}: start a newer one, or restore a backup.`,
    );
  }
  for (let next = version; next < SCHEMA_VERSION; next++) {
    database.transaction(() => {
      database.exec(MIGRATIONS[next] as string);
      database.pragma(`user_version = ${next + 1}`);
    })();
  }
}

function storeOver(database: Database, path: string, unlock: () => void): Store {
  const sql = prepare(database);
  const writer = createWriter(path);
  const accounts = accountReads(database);
  const readLog = createLogReader(database);
  const listeners = new Set<(notice: ChangeNotice) => void>();
  let revision = (sql.revision.get() as { value: number }).value;

  function fromRow(text: string): CredentialRecord {
    const stored = JSON.parse(text) as StoredRecord;
    const secretVersions = stored.secretVersions.map(({ isSealed, ...version }) => ({
      ...version,
      sealed: isSealed ? bytesOf(sealedName(stored.id, version.version)) : null,
    }));
    return { ...stored, secretVersions };
  }

  function bytesOf(name: string): Uint8Array | null {
    return (sql.sealed.get(name) as { bytes: Buffer } | undefined)?.bytes ?? null;
  }

  function isStored({ records, accounts = [], freezes = [], revision: wanted }: ChangeNotice): boolean {
    if (records.length + accounts.length + freezes.length === 0) return false;
    const isOfIt = (json: unknown) =>
      typeof json === 'string' && (JSON.parse(json) as { revision: number }).revision === wanted;
    return (
      records.every(({ id }) => sql.revisionOf.get(id) === wanted) &&
      accounts.every(({ accountId }) => isOfIt(sql.account.get(accountId))) &&
      freezes.every(({ environment }) => isOfIt(sql.freeze.get(environment)))
    );
  }

  async function commit(change: Change): Promise<number> {
    // One process and one store: the count is kept here. A change that fails leaves a gap.
    const next = ++revision;
    const notice: ChangeNotice = {
      revision: next,
      records: change.records.map((record) => ({ ...record, revision: next })),
      foreignNames: (change.lookups ?? []).map(({ name }) => name),
      keepsDecisions: change.keepsDecisions,
      accounts: change.accounts?.map((record) => ({ ...record, revision: next })),
      freezes: change.freezes?.map((record) => ({ ...record, revision: next })),
    };
    try {
      await writer.write(jobOf(change, next));
    } catch (error) {
      // When the writing thread is lost, its answer is too, and the change may be stored all the same.
      if (!isStored(notice)) throw error;
    }
    for (const listener of listeners) listener(notice);
    return next;
  }

  async function revokeMatching(order: RevocationOrder): Promise<RevokedAll> {
    const next = ++revision;
    const text = await revokedIds({ kind: 'revoke', revision: next, order });
    const ids = text === '' ? [] : text.split('\n');
    for (let first = 0; first < ids.length; first += TOLD_AT_ONCE) {
      if (first > 0) await turn();
      const records = ids.slice(first, first + TOLD_AT_ONCE).map((id) => ({ id, revision: next }));
      for (const listener of listeners) listener({ revision: next, records, foreignNames: [] });
    }
    return { revision: next, revoked: ids.length };
  }

  async function revokedIds(job: RevokeJob): Promise<string> {
    try {
      return await writer.write(job);
    } catch (error) {
      // When the writing thread is lost, its answer is too, and the keys may be revoked all the same.
      const ids = guarded(() => sql.idsOfRevision.all(job.revision)) as string[];
      if (ids.length === 0) throw error;
      return ids.join('\n');
    }
  }

  return {
    ...createSchedule(database, writer, fromRow),
    loadCredential: (id) =>
      guarded(() => {
        const row = sql.credential.get(id) as { record: string } | undefined;
        return row === undefined ? undefined : fromRow(row.record);
      }),
    resolveLookup: (name) =>
      guarded(() => (sql.lookup.get(name) as { credential_id: string } | undefined)?.credential_id),
    foreignNames: () => rowsOf<string>(() => sql.lookups.iterate()),
    countCredentials: () => guarded(() => (sql.count.get() as { n: number }).n),
    listCredentials: (filter) => guarded(() => list(database, filter).map(fromRow)),
    commit,
    revokeMatching,
    ...accounts,
    failures: failureReads(database),
    saveFailures: async (rows) => void (await writer.write({ kind: 'failures', rows })),
    rememberedAnswer: (scope, key, nowMs) =>
      guarded(() => {
        const row = sql.answer.get(scope, key, nowMs - ANSWER_MS) as
          | Omit<RememberedAnswer, 'sealed'>
          | undefined;
        const sealed = row === undefined ? null : bytesOf(answerName(scope, key));
        return row === undefined || sealed === null ? undefined : { ...row, sealed };
      }),
    rememberAnswer: async (answer) => void (await writer.write({ kind: 'answer', answer })),
    saveUsage: async (rows) => void (await writer.write({ kind: 'usage', rows })),
    usageOf: (id) => guarded(() => sql.usage.all(id) as Usage[]),
    ...createActivityReads(database),
    saveActivity: async (rows) => void (await writer.write({ kind: 'activity', rows })),
    sealedItem: (name) => guarded(() => bytesOf(name) ?? undefined),
    async keepSealedItem({ name, sealed }) {
      await writer.write({ kind: 'keepSealed', row: { name, kek: kekOf(sealed), bytes: sealed } });
      return guarded(() => bytesOf(name) as Uint8Array);
    },
    sealedUnderOtherKek: (kekId, limit) =>
      guarded(() => sql.otherKek.all(kekId, limit) as { name: string; sealed: Buffer }[]),
    async replaceSealed(name, before, after) {
      const row = { name, kek: kekOf(after), bytes: after };
      return (await writer.write({ kind: 'replaceSealed', row, before })) === 1;
    },
    async append(entries) {
      if (entries.length === 0) return;
      const lines = linesOf(entries, lineOf);
      await writer.write({ kind: 'append', lines, reservations: linesOf(entries, reservationText) });
    },
    readLog: (query) => guarded(() => readLog(query)),
    liveNonces: (nowMs) => rowsOf<StoredNonce>(() => sql.liveNonces.iterate(nowMs)),
    risingNonces: () => rowsOf<StoredRisingNonce>(() => sql.risingNonces.iterate()),
    ...sqliteReservations(database, writer),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    // One process and one store: a change is known here before its commit returns.
    feedConfirmedAt: (nowMs) => nowMs,
    async close() {
      await writer.close();
      database.close();
      unlock();
    },
  };
}

/** Opens the driver's iterator with the first row only: while it is open, the connection can do nothing else. */
function* rowsOf<T>(open: () => IterableIterator<unknown>): Generator<T> {
  try {
    yield* open() as IterableIterator<T>;
  } catch (error) {
    throw storeError(error);
  }
}

function list(database: Database, filter: CredentialFilter): string[] {
  const { accountId, status, nowMs, afterId, limit } = filter;
  const where = ['id > @afterId'];
  if (accountId !== undefined) where.push('account_id = @accountId');
  if (status === 'expired') where.push("standing = 'active' AND expires_at <= @nowMs");
  else if (status === 'active')
    where.push("standing = 'active' AND (expires_at IS NULL OR expires_at > @nowMs)");
  else if (status !== undefined) where.push('standing = @status');
  const text = `SELECT record FROM credentials WHERE ${where.join(' AND ')} ORDER BY id LIMIT @limit`;
  const rows = database.prepare(text).all({ accountId, status, nowMs, afterId, limit }) as {
    record: string;
  }[];
  return rows.map(({ record }) => record);
}

function prepare(database: Database) {
  return {
    revision: database.prepare('SELECT value FROM revision'),
    credential: database.prepare('SELECT record FROM credentials WHERE id = ?'),
    revisionOf: database.prepare('SELECT revision FROM credentials WHERE id = ?').pluck(),
    idsOfRevision: database.prepare('SELECT id FROM credentials WHERE revision = ?').pluck(),
    account: database.prepare('SELECT record FROM accounts WHERE account_id = ?').pluck(),
    freeze: database.prepare('SELECT record FROM freezes WHERE environment = ?').pluck(),
    count: database.prepare('SELECT count(*) AS n FROM credentials'),
    lookup: database.prepare('SELECT credential_id FROM lookups WHERE name = ?'),
    lookups: database.prepare('SELECT name FROM lookups').pluck(),
    sealed: database.prepare('SELECT bytes FROM sealed WHERE name = ?'),
    otherKek: database.prepare('SELECT name, bytes AS sealed FROM sealed WHERE kek <> ? LIMIT ?'),
    usage: database.prepare(
      `SELECT credential_id AS credentialId, version, last_used_at AS lastUsedAt, last_used_ip AS lastUsedIp
       FROM usage WHERE credential_id = ?`,
    ),
    answer: database.prepare(
      `SELECT scope, key, body_hash AS bodyHash, created_at AS createdAt
       FROM answers WHERE scope = ? AND key = ? AND created_at > ?`,
    ),
    liveNonces: database.prepare(
      'SELECT fingerprint, expires_at AS expiresAt FROM nonces WHERE expires_at >= ?',
    ),
    risingNonces: database.prepare('SELECT series, value FROM rising_nonces'),
  };
}
