import type { Database, Statement } from 'better-sqlite3';
import type { AuditEntry, AuditQuery } from '../ports/audit-log.ts';

/** Reads the log. It grows with the traffic, and is read by the thread that decides: see {@link logStatement}. */
export function createLogReader(database: Database): (query: AuditQuery) => AuditEntry[] {
  const statements = new Map<string, Statement>();
  return (query) => {
    const text = logStatement(query);
    const statement = statements.get(text) ?? database.prepare(text);
    statements.set(text, statement);
    const { isLatest: _, ...values } = query;
    const entries = statement.all(values) as AuditEntry[];
    return query.isLatest ? entries.reverse() : entries;
  };
}

/**
 * Writes the statement that answers a question. Each has its own, which finds its entries by an index: one for all of them
 * would go through the log from end to end.
 */
export function logStatement({ credentialId, accountId, type, isLatest }: Partial<AuditQuery>): string {
  const where = ['idx > @after'];
  // Of a type that is no decision there are few entries, whoever they are about. The plus keeps the other indexes out.
  const isRare = type !== undefined && type !== 'decision';
  const unlessRare = isRare ? '+' : '';
  if (credentialId !== undefined) where.push(`${unlessRare}credential_id = @credentialId`);
  if (accountId !== undefined) where.push(`${unlessRare}account_id = @accountId`);
  if (type !== undefined) where.push('type = @type');
  if (isRare) where.push("type <> 'decision'");
  return `SELECT idx AS "index", entry AS bytes FROM log
    WHERE ${where.join(' AND ')} ORDER BY idx ${isLatest ? 'DESC' : 'ASC'} LIMIT @limit`;
}
