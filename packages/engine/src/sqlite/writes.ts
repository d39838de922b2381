import { kekOf } from '../credentials/envelope.ts';
import type { ActivityRow } from '../ports/activity.ts';
import type { AuditEntryDraft, LoggedRisingNonce } from '../ports/audit-log.ts';
import type { FailureRow } from '../ports/failures.ts';
import type { Usage } from '../ports/record.ts';
import { ANSWER_MS, answerName, type Lookup, type RememberedAnswer, StoreError } from '../ports/store.ts';
import { type AccountRows, accountWrites } from './accounts.ts';
import { createActivityWrites } from './activity.ts';
import type { Database } from './connection.ts';
import { failureWrites } from './failures.ts';
import { textsOf } from './lines.ts';
import { reservationWrites } from './reservation-writes.ts';
import { createRevokeMatching, type RevokeJob } from './revoke-matching.ts';
import { createScheduleWrites, type ScheduleJob } from './schedule.ts';
import type { StoredRecord } from './stored-record.ts';

/** A sealed value with its name, and the key-encryption key that it needs. */
export interface SealedRow {
  readonly name: string;
  readonly kek: string;
  readonly bytes: Uint8Array;
}

/** A change, put into rows. Everything in it is stored in one transaction. */
export interface CommitJob extends AccountRows {
  readonly kind: 'commit';
  readonly revision: number;
  readonly records: readonly {
    readonly record: StoredRecord;
    readonly before: number;
    readonly dueAt: number | null;
  }[];
  readonly sealed: readonly SealedRow[];
  /** Names of sealed values to destroy. */
  readonly destroyed: readonly string[];
  readonly lookups: readonly Lookup[];
  readonly entries: readonly string[];
  readonly answer: RememberedAnswer | undefined;
}

/** Everything that is ever written, as messages to the one thread that writes. */
export type Job =
  | CommitJob
  | RevokeJob
  | ScheduleJob
  /** Entries of the log, and what they took of limits, as `linesOf` makes them. */
  | {
      readonly kind: 'append';
      readonly lines: Uint8Array;
      readonly reservations: Uint8Array;
    }
  | {
      readonly kind: 'release';
      readonly requestId: string;
      readonly releasedAt: number;
      readonly line: string;
    }
  | { readonly kind: 'usage'; readonly rows: readonly Usage[] }
  | { readonly kind: 'activity'; readonly rows: readonly ActivityRow[] }
  | { readonly kind: 'failures'; readonly rows: readonly FailureRow[] }
  | { readonly kind: 'answer'; readonly answer: RememberedAnswer }
  | { readonly kind: 'keepSealed'; readonly row: SealedRow }
  | { readonly kind: 'replaceSealed'; readonly row: SealedRow; readonly before: Uint8Array };

/** What a job comes to: how many rows were changed; of a revocation the ids, one a line. */
export type Written<J extends Job = Job> = J extends RevokeJob ? string : number;

const PRUNE_EVERY_MS = 10_000;

/** Makes the function that does a job, in one durable transaction. */
export function createWrites(database: Database): (job: Job) => Written {
  const sql = prepare(database);
  const putActivity = createActivityWrites(database);
  const revokeMatching = createRevokeMatching(database);
  const schedule = createScheduleWrites(database);
  const reservations = reservationWrites(database);
  const putAccounts = accountWrites(database);
  const putFailures = failureWrites(database);
  let prunedAt = 0;

  function addEntry(line: string): AuditEntryDraft {
    const entry = JSON.parse(line) as AuditEntryDraft;
    sql.addEntry.run(entry.type, entry.credentialId ?? null, entry.accountId ?? null, line);
    return entry;
  }

  function append(lines: readonly string[], taken: readonly string[]): number {
    let now = 0;
    for (const line of lines) {
      const { nonce, rising, at } = addEntry(line);
      if (nonce !== undefined) sql.addNonce.run(nonce.expiresAt, nonce.fingerprint);
      if (nonce?.bound !== undefined) sql.addNonce.run(nonce.expiresAt, nonce.bound);
      if (rising !== undefined) addRising(rising);
      now = Math.max(now, at);
    }
    reservations.add(taken);
    if (now > prunedAt + PRUNE_EVERY_MS) {
      sql.pruneNonces.run(now);
      reservations.prune(now);
      forgetAnswers(now);
      prunedAt = now;
    }
    return lines.length;
  }

  function addRising({ series, value, keep }: LoggedRisingNonce): void {
    sql.addRising.run(series, value.padStart(20, '0'));
    sql.pruneRising.run({ series, keep });
  }

  function check({ id }: StoredRecord, before: number): void {
    const there = sql.revisionOf.get(id) as { revision: number } | undefined;
    if (before === 0 && there !== undefined) throw new StoreError('id_taken', 'There is a key of that id.');
    if (before !== 0 && there?.revision !== before) {
      throw new StoreError('revision_conflict', 'The key was changed meanwhile: read it again.');
    }
  }

  function commit(job: CommitJob): number {
    sql.setRevision.run(job.revision);
    for (const { record, before, dueAt } of job.records) {
      check(record, before);
      const { id, accountId, standing, expiresAt, revision } = record;
      sql.putCredential.run(id, accountId, standing, expiresAt, revision, dueAt, JSON.stringify(record));
    }
    putAccounts(job);
    // Re-wrapping may have replaced what a change has read: what is there stays.
    for (const { name, kek, bytes } of job.sealed) sql.keepSealed.run(name, kek, bytes);
    for (const name of job.destroyed) sql.destroySealed.run(name);
    for (const { name, credentialId } of job.lookups) {
      if (sql.addLookup.run(name, credentialId).changes === 0) {
        throw new StoreError('lookup_taken', 'There is a key of that id or secret.');
      }
    }
    for (const line of job.entries) addEntry(line);
    if (job.answer !== undefined) putAnswer(job.answer);
    return job.records.length;
  }

  function putAnswer({ scope, key, bodyHash, sealed, createdAt }: RememberedAnswer): number {
    forgetAnswers(createdAt);
    const name = answerName(scope, key);
    sql.destroySealed.run(name);
    sql.keepSealed.run(name, kekOf(sealed), sealed);
    return sql.putAnswer.run(scope, key, bodyHash, createdAt).changes;
  }

  function forgetAnswers(nowMs: number): void {
    for (const { scope, key } of sql.oldAnswers.all(nowMs - ANSWER_MS) as { scope: string; key: string }[]) {
      sql.destroySealed.run(answerName(scope, key));
      sql.forgetAnswer.run(scope, key);
    }
  }

  function putUsage(rows: readonly Usage[]): number {
    for (const { credentialId, version, lastUsedAt, lastUsedIp } of rows) {
      sql.putUsage.run(credentialId, version, lastUsedAt, lastUsedIp);
    }
    return rows.length;
  }

  const inTransaction = database.transaction((job: Job): Written => {
    switch (job.kind) {
      case 'commit':
        return commit(job);
      case 'revoke':
        return revokeMatching(job);
      case 'schedule':
      case 'scheduledUnder':
        return schedule(job);
      case 'append':
        return append(textsOf(job.lines), textsOf(job.reservations));
      case 'release': {
        const released = reservations.release(job.requestId, job.releasedAt);
        if (released === 1) addEntry(job.line);
        return released;
      }
      case 'usage':
        return putUsage(job.rows);
      case 'activity':
        return putActivity(job.rows);
      case 'failures':
        return putFailures(job.rows);
      case 'answer':
        return putAnswer(job.answer);
      case 'keepSealed':
        return sql.keepSealed.run(job.row.name, job.row.kek, job.row.bytes).changes;
      case 'replaceSealed':
        return sql.replaceSealed.run(job.row.kek, job.row.bytes, job.row.name, job.before).changes;
    }
  });
  return (job) => inTransaction.immediate(job);
}

function prepare(database: Database) {
  return {
    setRevision: database.prepare('UPDATE revision SET value = ?'),
    revisionOf: database.prepare('SELECT revision FROM credentials WHERE id = ?'),
    putCredential: database.prepare(
      `INSERT INTO credentials (id, account_id, standing, expires_at, revision, due_at, record)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET account_id = excluded.account_id, standing = excluded.standing,
         expires_at = excluded.expires_at, revision = excluded.revision, due_at = excluded.due_at,
         record = excluded.record`,
    ),
    addLookup: database.prepare(
      'INSERT INTO lookups (name, credential_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ),
    keepSealed: database.prepare(
      'INSERT INTO sealed (name, kek, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    destroySealed: database.prepare('DELETE FROM sealed WHERE name = ?'),
    replaceSealed: database.prepare('UPDATE sealed SET kek = ?, bytes = ? WHERE name = ? AND bytes = ?'),
    putUsage: database.prepare(
      `INSERT INTO usage (credential_id, version, last_used_at, last_used_ip) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET last_used_at = excluded.last_used_at, last_used_ip = excluded.last_used_ip`,
    ),
    putAnswer: database.prepare(
      'INSERT OR REPLACE INTO answers (scope, key, body_hash, created_at) VALUES (?, ?, ?, ?)',
    ),
    oldAnswers: database.prepare('SELECT scope, key FROM answers WHERE created_at <= ?'),
    forgetAnswer: database.prepare('DELETE FROM answers WHERE scope = ? AND key = ?'),
    addEntry: database.prepare(
      'INSERT INTO log (type, credential_id, account_id, entry) VALUES (?, ?, ?, ?)',
    ),
    addNonce: database.prepare('INSERT OR IGNORE INTO nonces (expires_at, fingerprint) VALUES (?, ?)'),
    addRising: database.prepare('INSERT OR IGNORE INTO rising_nonces (series, value) VALUES (?, ?)'),
    pruneRising: database.prepare(
      `DELETE FROM rising_nonces WHERE series = @series AND value <
         (SELECT value FROM rising_nonces WHERE series = @series ORDER BY value DESC LIMIT 1 OFFSET @keep)`,
    ),
    pruneNonces: database.prepare('DELETE FROM nonces WHERE expires_at < ?'),
  };
}
