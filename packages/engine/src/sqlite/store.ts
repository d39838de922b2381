import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { sealedName } from '../compile-credential.ts';
import { kekOf } from '../envelope.ts';
import type { AuditEntry, AuditEntryDraft, StoredNonce } from '../ports/audit-log.ts';
import type { CredentialRecord, SecretVersionRecord, Usage } from '../ports/record.ts';
import {
  type Change,
  type ChangeNotice,
  type CredentialFilter,
  type RememberedAnswer,
  type Store,
  StoreError,
} from '../ports/store.ts';
import { configure, type Database, guarded, loadDriver } from './connection.ts';
import { createLogWriter } from './log-writer.ts';
import { INSERT_LOG, MIGRATIONS, SCHEMA_VERSION } from './schema.ts';

const DAY_MS = 86_400_000;

export interface SqliteStoreOptions {
  /** Path of the database file. Its folder is made if need be, for its owner alone. */
  readonly path: string;
}

/**
 * Opens a SQLite database as a store: one process, durable commits, decisions written by a thread of its own.
 * A second process that opens the same file is refused.
 *
 * @throws {@link StoreError}: `driver_missing`, `newer_version`, `in_use`, `read_only`, `full`, `unavailable`
 */
export async function createSqliteStore({ path }: SqliteStoreOptions): Promise<Store> {
  const driver = await loadDriver();
  const lock = guarded(() => {
    makeFolder(path);
    return holdLock(new driver(`${path}.lock`));
  });
  try {
    const database = guarded(() => {
      const opened = new driver(path);
      configure(opened);
      migrate(opened);
      return opened;
    });
    return storeOver(database, path, () => lock.close());
  } catch (error) {
    lock.close();
    throw error;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StoreError('read_only', `The folder ${dirname(path)} cannot be made: ${(cause as Error).message}`, { cause });
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
      throw new StoreError('in_use', 'Another process uses this database: is the service running already?', { cause });
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

type StoredVersion = Omit<SecretVersionRecord, 'sealed'> & { readonly isSealed: boolean };
type StoredRecord = Omit<CredentialRecord, 'secretVersions'> & { readonly secretVersions: readonly StoredVersion[] };

function storeOver(database: Database, path: string, unlock: () => void): Store {
  const sql = prepare(database);
  const logWriter = createLogWriter(path);
  const listeners = new Set<(notice: ChangeNotice) => void>();

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

  /** Sealed values are only ever added or destroyed here: re-wrapping alone replaces them. */
  function putRecord(record: CredentialRecord): void {
    const secretVersions = record.secretVersions.map(({ sealed, ...version }) => {
      const name = sealedName(record.id, version.version);
      if (sealed === null) sql.destroySealed.run(name);
      else sql.keepSealed.run(name, kekOf(sealed), sealed);
      return { ...version, isSealed: sealed !== null };
    });
    const { id, accountId, standing, expiresAt, revision } = record;
    const text = JSON.stringify({ ...record, secretVersions });
    sql.putCredential.run(id, accountId, standing, expiresAt, revision, text);
  }

  function check(record: CredentialRecord): void {
    const there = sql.revisionOf.get(record.id) as { revision: number } | undefined;
    if (record.revision === 0 && there !== undefined) throw new StoreError('id_taken', 'There is a key of that id.');
    if (record.revision !== 0 && there?.revision !== record.revision) {
      throw new StoreError('revision_conflict', 'The key was changed meanwhile: read it again.');
    }
  }

  const transact = database.transaction((change: Change): ChangeNotice => {
    const { value: revision } = sql.nextRevision.get() as { value: number };
    const records = change.records.map((record) => ({ ...record, revision }));
    for (const record of change.records) check(record);
    for (const record of records) putRecord(record);
    const foreignNames = (change.lookups ?? []).map(({ name, credentialId }) => {
      if (sql.addLookup.run(name, credentialId).changes === 0) {
        throw new StoreError('lookup_taken', 'There is a key of that id or secret.');
      }
      return name;
    });
    for (const entry of change.entries) addEntry(entry);
    if (change.answer !== undefined) putAnswer(change.answer(revision));
    return { revision, records, foreignNames };
  });

  function addEntry(entry: AuditEntryDraft): void {
    sql.addEntry.run(entry.type, entry.credentialId ?? null, entry.accountId ?? null, JSON.stringify(entry));
  }

  function putAnswer({ scope, key, bodyHash, sealed, createdAt }: RememberedAnswer): void {
    sql.forgetAnswers.run(createdAt - DAY_MS);
    sql.putAnswer.run(scope, key, bodyHash, sealed, createdAt);
  }

  const saveUsage = database.transaction((rows: readonly Usage[]) => {
    for (const { credentialId, version, lastUsedAt, lastUsedIp } of rows) {
      sql.putUsage.run(credentialId, version, lastUsedAt, lastUsedIp);
    }
  });

  return {
    loadCredential: (id) =>
      guarded(() => {
        const row = sql.credential.get(id) as { record: string } | undefined;
        return row === undefined ? undefined : fromRow(row.record);
      }),
    resolveLookup: (name) =>
      guarded(() => (sql.lookup.get(name) as { credential_id: string } | undefined)?.credential_id),
    foreignNames: () => guarded(() => names(sql.lookups.iterate())),
    countCredentials: () => guarded(() => (sql.count.get() as { n: number }).n),
    listCredentials: (filter) => guarded(() => list(database, filter).map(fromRow)),
    commit(change) {
      const notice = guarded(() => transact.immediate(change));
      for (const listener of listeners) listener(notice);
      return notice.revision;
    },
    rememberedAnswer: (scope, key, nowMs) =>
      guarded(() => sql.answer.get(scope, key, nowMs - DAY_MS) as RememberedAnswer | undefined),
    rememberAnswer: (answer) => guarded(() => putAnswer(answer)),
    saveUsage: (rows) => guarded(() => saveUsage.immediate(rows)),
    usageOf: (id) => guarded(() => sql.usage.all(id) as Usage[]),
    sealedItem: (name) => guarded(() => bytesOf(name) ?? undefined),
    keepSealedItem: ({ name, sealed }) =>
      guarded(() => {
        sql.keepSealed.run(name, kekOf(sealed), sealed);
        return bytesOf(name) as Uint8Array;
      }),
    sealedUnderOtherKek: (kekId, limit) =>
      guarded(() => sql.otherKek.all(kekId, limit) as { name: string; sealed: Buffer }[]),
    replaceSealed: (name, before, after) =>
      guarded(() => sql.replaceSealed.run(kekOf(after), after, name, before).changes === 1),
    append: (entries) => logWriter.append(entries),
    readLog: (query) =>
      guarded(() => {
        const { after, limit, credentialId = null, accountId = null, type = null } = query;
        return sql.readLog.all({ after, limit, credentialId, accountId, type }) as AuditEntry[];
      }),
    liveNonces: (nowMs) =>
      guarded(() => sql.liveNonces.iterate(nowMs) as IterableIterator<StoredNonce>),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    // One process and one store: a change is known here before its commit returns.
    feedConfirmedAt: (nowMs) => nowMs,
    async close() {
      await logWriter.close();
      database.close();
      unlock();
    },
  };
}

function* names(rows: IterableIterator<unknown>): Generator<string> {
  for (const row of rows) yield (row as { name: string }).name;
}

function list(database: Database, filter: CredentialFilter): string[] {
  const { accountId, status, nowMs, afterId, limit } = filter;
  const where = ['id > @afterId'];
  if (accountId !== undefined) where.push('account_id = @accountId');
  if (status === 'expired') where.push("standing = 'active' AND expires_at <= @nowMs");
  else if (status === 'active') where.push("standing = 'active' AND (expires_at IS NULL OR expires_at > @nowMs)");
  else if (status !== undefined) where.push('standing = @status');
  const text = `SELECT record FROM credentials WHERE ${where.join(' AND ')} ORDER BY id LIMIT @limit`;
  const rows = database.prepare(text).all({ accountId, status, nowMs, afterId, limit }) as { record: string }[];
  return rows.map(({ record }) => record);
}

function prepare(database: Database) {
  return {
    nextRevision: database.prepare('UPDATE revision SET value = value + 1 RETURNING value'),
    credential: database.prepare('SELECT record FROM credentials WHERE id = ?'),
    revisionOf: database.prepare('SELECT revision FROM credentials WHERE id = ?'),
    putCredential: database.prepare(
      `INSERT INTO credentials (id, account_id, standing, expires_at, revision, record) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET account_id = excluded.account_id, standing = excluded.standing,
         expires_at = excluded.expires_at, revision = excluded.revision, record = excluded.record`,
    ),
    count: database.prepare('SELECT count(*) AS n FROM credentials'),
    lookup: database.prepare('SELECT credential_id FROM lookups WHERE name = ?'),
    lookups: database.prepare('SELECT name FROM lookups'),
    addLookup: database.prepare('INSERT INTO lookups (name, credential_id) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    sealed: database.prepare('SELECT bytes FROM sealed WHERE name = ?'),
    keepSealed: database.prepare('INSERT INTO sealed (name, kek, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
    destroySealed: database.prepare('DELETE FROM sealed WHERE name = ?'),
    otherKek: database.prepare('SELECT name, bytes AS sealed FROM sealed WHERE kek <> ? LIMIT ?'),
    replaceSealed: database.prepare('UPDATE sealed SET kek = ?, bytes = ? WHERE name = ? AND bytes = ?'),
    usage: database.prepare(
      `SELECT credential_id AS credentialId, version, last_used_at AS lastUsedAt, last_used_ip AS lastUsedIp
       FROM usage WHERE credential_id = ?`,
    ),
    putUsage: database.prepare(
      `INSERT INTO usage (credential_id, version, last_used_at, last_used_ip) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET last_used_at = excluded.last_used_at, last_used_ip = excluded.last_used_ip`,
    ),
    answer: database.prepare(
      `SELECT scope, key, body_hash AS bodyHash, sealed, created_at AS createdAt
       FROM answers WHERE scope = ? AND key = ? AND created_at > ?`,
    ),
    putAnswer: database.prepare(
      'INSERT OR REPLACE INTO answers (scope, key, body_hash, sealed, created_at) VALUES (?, ?, ?, ?, ?)',
    ),
    forgetAnswers: database.prepare('DELETE FROM answers WHERE created_at <= ?'),
    addEntry: database.prepare(INSERT_LOG),
    readLog: database.prepare(
      `SELECT idx AS "index", entry AS bytes FROM log
       WHERE idx > @after
         AND (@credentialId IS NULL OR credential_id = @credentialId)
         AND (@accountId IS NULL OR account_id = @accountId)
         AND (@type IS NULL OR type = @type)
       ORDER BY idx LIMIT @limit`,
    ),
    liveNonces: database.prepare('SELECT fingerprint, expires_at AS expiresAt FROM nonces WHERE expires_at > ?'),
  };
}
