import { OPERATOR_ACCOUNT } from '@countersign/core';
import { sealedName } from '../credentials/compile-credential.ts';
import { isMeant } from '../keys/revocation-match.ts';
import { destroyed } from '../keys/secret-versions.ts';
import type { AuditEntryDraft } from '../ports/audit-log.ts';
import type { RevocationOrder } from '../ports/revocations.ts';
import type { Database } from './connection.ts';
import type { StoredRecord, StoredVersion } from './stored-record.ts';

/** A revocation of all that match: they are looked for where they are written, so that nothing comes between. */
export interface RevokeJob {
  readonly kind: 'revoke';
  readonly revision: number;
  readonly order: RevocationOrder;
}

const PAGE = 500;

/**
 * Makes the function that revokes all that match, within the transaction that its caller has begun. It returns their
 * ids, one a line: as one text, because a thread hands that over many times faster than a list.
 */
export function createRevokeMatching(database: Database): (job: RevokeJob) => string {
  const sql = prepare(database);

  function revoke(record: StoredRecord, { revision, order: { at, entry } }: RevokeJob): void {
    const { id, accountId } = record;
    for (const { version, isSealed } of record.secretVersions) {
      if (isSealed) sql.destroySealed.run(sealedName(id, version));
    }
    const secretVersions = record.secretVersions.map((version) => emptied(version, at));
    const next: StoredRecord = { ...record, standing: 'revoked', secretVersions, revision };
    sql.putRecord.run(next.standing, revision, JSON.stringify(next), id);
    addEntry({ ...entry, credentialId: id, accountId });
  }

  function addEntry(entry: AuditEntryDraft): void {
    const { type, credentialId = null, accountId = null } = entry;
    sql.addEntry.run(type, credentialId, accountId, JSON.stringify(entry));
  }

  return (job) => {
    const { filter, summary } = job.order;
    const page = selectPage(database, filter);
    sql.setRevision.run(job.revision);
    const ids: string[] = [];
    for (let afterId = ''; ; ) {
      // A page is read whole: while rows are read, none can be written.
      const rows = page(afterId);
      for (const text of rows) {
        const record = JSON.parse(text) as StoredRecord;
        afterId = record.id;
        if (!isMeant(record, filter)) continue;
        revoke(record, job);
        ids.push(record.id);
      }
      if (rows.length < PAGE) break;
    }
    const { accountId } = filter;
    addEntry({ ...summary, accountId, data: { ...summary.data, revoked: ids.length } });
    return ids.join('\n');
  };
}

/**
 * Selects what may match, some at a time, in the order of the ids. Records are JSON as `JSON.stringify` writes it, so
 * the text of a member is in every record that has it: most others are left out without being read.
 */
function selectPage(database: Database, filter: RevocationOrder['filter']): (afterId: string) => string[] {
  const { accountId, environment, metadata = {} } = filter;
  const members = Object.entries({ ...(environment === undefined ? {} : { environment }), ...metadata });
  const texts = members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const where = [
    'id > ?',
    "standing <> 'revoked'",
    accountId === undefined ? 'account_id <> ?' : 'account_id = ?',
    ...texts.map(() => 'instr(record, ?) > 0'),
  ];
  const statement = database
    .prepare(`SELECT record FROM credentials WHERE ${where.join(' AND ')} ORDER BY id LIMIT ${PAGE}`)
    .pluck();
  return (afterId) => statement.all(afterId, accountId ?? OPERATOR_ACCOUNT, ...texts) as string[];
}

function emptied({ isSealed: _, ...version }: StoredVersion, at: number): StoredVersion {
  const { sealed, ...rest } = destroyed({ ...version, sealed: null }, at);
  return { ...rest, isSealed: sealed !== null };
}

function prepare(database: Database) {
  return {
    setRevision: database.prepare('UPDATE revision SET value = ?'),
    putRecord: database.prepare(
      'UPDATE credentials SET standing = ?, revision = ?, record = ?, due_at = NULL WHERE id = ?',
    ),
    destroySealed: database.prepare('DELETE FROM sealed WHERE name = ?'),
    addEntry: database.prepare(
      'INSERT INTO log (type, credential_id, account_id, entry) VALUES (?, ?, ?, ?)',
    ),
  };
}
