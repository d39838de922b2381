import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { AuditQuery } from '../ports/audit-log.ts';
import { logStatement } from './read-log.ts';
import { MIGRATIONS } from './schema.ts';

const database = new Database(':memory:');
for (const statements of MIGRATIONS) database.exec(statements);

function planOf(query: Partial<AuditQuery>): string {
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${logStatement(query)}`).all({
    after: 0,
    limit: 1,
    credentialId: '',
    accountId: '',
    type: '',
  }) as { detail: string }[];
  return rows.map(({ detail }) => detail).join('; ');
}

describe('the log is read by an index, which has the order too', () => {
  const credentialId = 'ck_live_a';
  const accountId = 'acct_1';
  const cases: [string, Partial<AuditQuery>, string][] = [
    ['of a key', { credentialId }, 'INDEX log_by_credential (credential_id=? AND idx>?)'],
    ['of an account', { accountId }, 'INDEX log_by_account (account_id=? AND idx>?)'],
    ['decisions of a key', { credentialId, type: 'decision' }, 'INDEX log_by_credential'],
    ['changes of a type', { type: 'key.expiring' }, 'INDEX log_by_type (type=?'],
    ['changes of a key', { credentialId, type: 'key.edited' }, 'INDEX log_by_type (type=?'],
    ['changes of an account', { accountId, type: 'key.edited' }, 'INDEX log_by_type (type=?'],
    ['everything', {}, 'INTEGER PRIMARY KEY (rowid>?)'],
  ];
  for (const isLatest of [false, true]) {
    it.each(cases)(`%s, ${isLatest ? 'the last' : 'the first'}`, (_, query, index) => {
      const plan = planOf({ ...query, isLatest });
      expect(plan).toContain(index);
      expect(plan).not.toContain('TEMP B-TREE');
    });
  }
});
