import { parentPort, workerData } from 'node:worker_threads';
import type { AuditEntryDraft } from '../ports/audit-log.ts';
import { configure, loadDriver, storeError } from './connection.ts';
import { INSERT_LOG } from './schema.ts';

/** What the worker is sent: one group of entries, one JSON text a line. */
export interface GroupMessage {
  readonly group: number;
  readonly lines: string;
}

/** What it answers: the group is durable, or why it is not. */
export type GroupAnswer =
  | { readonly group: number; readonly ok: true }
  | { readonly group: number; readonly ok: false; readonly code: string; readonly message: string };

const PRUNE_EVERY_MS = 10_000;

const driver = await loadDriver();
const database = new driver((workerData as { path: string }).path);
configure(database);
const insertEntry = database.prepare(INSERT_LOG);
const insertNonce = database.prepare('INSERT OR IGNORE INTO nonces (expires_at, fingerprint) VALUES (?, ?)');
const pruneNonces = database.prepare('DELETE FROM nonces WHERE expires_at <= ?');
let prunedAt = 0;

const write = database.transaction((lines: readonly string[]) => {
  let now = 0;
  for (const line of lines) {
    const { at, type, credentialId, accountId, nonce } = JSON.parse(line) as AuditEntryDraft;
    insertEntry.run(type, credentialId ?? null, accountId ?? null, line);
    if (nonce !== undefined) insertNonce.run(nonce.expiresAt, nonce.fingerprint);
    now = Math.max(now, at);
  }
  if (now > prunedAt + PRUNE_EVERY_MS) {
    pruneNonces.run(now);
    prunedAt = now;
  }
});

parentPort?.on('message', ({ group, lines }: GroupMessage) => {
  let answer: GroupAnswer;
  try {
    write.immediate(lines.split('\n'));
    answer = { group, ok: true };
  } catch (error) {
    const { code, message } = storeError(error);
    answer = { group, ok: false, code, message };
  }
  parentPort?.postMessage(answer);
});
