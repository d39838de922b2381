import { lineOf } from '../audit/decision-entry.ts';
import { sealedName } from '../credentials/compile-credential.ts';
import { kekOf } from '../credentials/envelope.ts';
import { statusOf } from '../keys/key-view.ts';
import { isMeant } from '../keys/revocation-match.ts';
import { destroyed } from '../keys/secret-versions.ts';
import type { AuditEntry, AuditEntryDraft } from '../ports/audit-log.ts';
import type { CredentialRecord, Usage } from '../ports/record.ts';
import type { RevocationOrder, RevokedAll } from '../ports/revocations.ts';
import {
  ANSWER_MS,
  answerName,
  type Change,
  type ChangeNotice,
  dueAtAfter,
  type RememberedAnswer,
  type Store,
  StoreError,
} from '../ports/store.ts';
import { createMemoryAccounts } from './accounts-store.ts';
import { createMemoryActivity } from './activity-store.ts';
import { createMemoryFailures } from './failures-store.ts';
import { OrderedIds } from './ordered-ids.ts';
import { createMemoryReservations } from './reservations-store.ts';
import { createMemorySchedule } from './schedule-store.ts';

/** Keeps everything in memory and nothing beyond it: for tests, and for trying things out. */
export function createMemoryStore(): Store {
  const records = new Map<string, CredentialRecord>();
  const ids = new OrderedIds();
  const lookups = new Map<string, string>();
  const sealed = new Map<string, Uint8Array>();
  const answers = new Map<string, Omit<RememberedAnswer, 'sealed'>>();
  const usage = new Map<string, Usage>();
  const accounts = createMemoryAccounts();
  const log: string[] = [];
  const { note, ...reservations } = createMemoryReservations((line) => log.push(line));
  const listeners = new Set<(notice: ChangeNotice) => void>();
  const { set: setDueAt, ...schedule } = createMemorySchedule(loadCredential);
  let revision = 0;

  function loadCredential(id: string): CredentialRecord | undefined {
    const record = records.get(id);
    return record === undefined ? undefined : withSealed(record);
  }

  function withSealed(record: CredentialRecord): CredentialRecord {
    const secretVersions = record.secretVersions.map((version) => ({
      ...version,
      sealed: sealed.get(sealedName(record.id, version.version)) ?? null,
    }));
    return { ...record, secretVersions };
  }

  function check(change: Change): void {
    for (const record of change.records) {
      const there = records.get(record.id);
      if (record.revision === 0 && there !== undefined)
        throw new StoreError('id_taken', 'There is a key of that id.');
      if (record.revision !== 0 && there?.revision !== record.revision) {
        throw new StoreError('revision_conflict', 'The key was changed meanwhile: read it again.');
      }
    }
    const names = (change.lookups ?? []).map(({ name }) => name);
    for (const [i, name] of names.entries()) {
      if (lookups.has(name) || names.indexOf(name) !== i)
        throw new StoreError('lookup_taken', 'There is a key of that id or secret.');
    }
  }

  /** What can fail comes first, so that nothing of a change is stored unless all of it is. */
  function prepared(change: Change, next: number) {
    check(change);
    accounts.check(change);
    try {
      return { entries: change.entries.map(lineOf), answer: change.answer?.(next) };
    } catch (cause) {
      throw new StoreError('unavailable', `The change cannot be stored: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  function commit(change: Change): number {
    const next = revision + 1;
    const { entries, answer } = prepared(change, next);
    revision = next;
    const stored = change.records.map((record) => ({ ...record, revision: next }));
    for (const record of stored) {
      if (!records.has(record.id)) ids.add(record.id);
      records.set(record.id, record);
      setDueAt(record.id, dueAtAfter(change, record));
      for (const version of record.secretVersions) {
        const name = sealedName(record.id, version.version);
        if (version.sealed === null) sealed.delete(name);
        else if (!sealed.has(name)) sealed.set(name, version.sealed);
      }
    }
    for (const { name, credentialId } of change.lookups ?? []) lookups.set(name, credentialId);
    for (const entry of entries) log.push(entry);
    if (answer !== undefined) putAnswer(answer);
    const foreignNames = (change.lookups ?? []).map(({ name }) => name);
    const { keepsDecisions } = change;
    const changed = { records: stored, ...accounts.put(change, next) };
    for (const listener of listeners) listener({ revision: next, foreignNames, keepsDecisions, ...changed });
    return next;
  }

  function revokeMatching({ filter, at, entry, summary }: RevocationOrder): RevokedAll {
    const meant = [...records.values()].filter((record) => isMeant(record, filter));
    const { accountId: ofAccount } = filter;
    const about = { ...summary, accountId: ofAccount, data: { ...summary.data, revoked: meant.length } };
    const next = commit({
      records: meant.map((record) => ({
        ...record,
        standing: 'revoked',
        secretVersions: record.secretVersions.map((version) => destroyed(version, at)),
      })),
      entries: [...meant.map(({ id, accountId }) => ({ ...entry, credentialId: id, accountId })), about],
    });
    return { revision: next, revoked: meant.length };
  }

  function putAnswer({ sealed: bytes, ...answer }: RememberedAnswer): void {
    for (const [name, { createdAt }] of answers) {
      if (createdAt > answer.createdAt - ANSWER_MS) continue;
      answers.delete(name);
      sealed.delete(name);
    }
    const name = answerName(answer.scope, answer.key);
    answers.set(name, answer);
    sealed.set(name, bytes);
  }

  return {
    ...schedule,
    loadCredential,
    resolveLookup: (name) => lookups.get(name),
    foreignNames: () => [...lookups.keys()],
    countCredentials: () => records.size,
    listCredentials({ accountId, status, nowMs, afterId, limit }) {
      const found: CredentialRecord[] = [];
      for (const id of ids.after(afterId)) {
        if (found.length >= limit) break;
        const record = records.get(id) as CredentialRecord;
        if (accountId !== undefined && record.accountId !== accountId) continue;
        if (status !== undefined && statusOf(record, nowMs) !== status) continue;
        found.push(withSealed(record));
      }
      return found;
    },
    commit,
    revokeMatching: async (order) => revokeMatching(order),
    loadAccount: accounts.loadAccount,
    accounts: accounts.accounts,
    freezes: accounts.freezes,
    ...createMemoryFailures(),
    rememberedAnswer(scope, key, nowMs) {
      const name = answerName(scope, key);
      const answer = answers.get(name);
      const bytes = sealed.get(name);
      if (answer === undefined || bytes === undefined || answer.createdAt <= nowMs - ANSWER_MS)
        return undefined;
      return { ...answer, sealed: bytes };
    },
    rememberAnswer(answer) {
      putAnswer(answer);
    },
    saveUsage(rows) {
      for (const row of rows) usage.set(`${row.credentialId}\n${row.version}`, row);
    },
    ...createMemoryActivity(),
    usageOf: (id) => [...usage.values()].filter(({ credentialId }) => credentialId === id),
    sealedItem: (name) => sealed.get(name),
    keepSealedItem({ name, sealed: bytes }) {
      if (!sealed.has(name)) sealed.set(name, bytes);
      return sealed.get(name) as Uint8Array;
    },
    sealedUnderOtherKek: (kekId, limit) =>
      [...sealed]
        .filter(([, bytes]) => kekOf(bytes) !== kekId)
        .slice(0, limit)
        .map(([name, bytes]) => ({ name, sealed: bytes })),
    replaceSealed(name, before, after) {
      const there = sealed.get(name);
      if (there === undefined || !Buffer.from(there).equals(before)) return false;
      sealed.set(name, after);
      return true;
    },
    async append(entries) {
      for (const entry of entries.map(lineOf)) log.push(entry);
      note(entries);
    },
    ...reservations,
    readLog({ after, limit, credentialId, accountId, type, isLatest }) {
      const found: AuditEntry[] = [];
      const most = isLatest ? Number.POSITIVE_INFINITY : limit;
      for (let index = Math.max(0, after); index < log.length && found.length < most; index++) {
        const bytes = log[index] as string;
        const draft = JSON.parse(bytes) as AuditEntryDraft;
        if (credentialId !== undefined && draft.credentialId !== credentialId) continue;
        if (accountId !== undefined && draft.accountId !== accountId) continue;
        if (type !== undefined && draft.type !== type) continue;
        found.push({ index: index + 1, bytes });
      }
      return found.slice(isLatest ? -limit : 0);
    },
    latestDecisions: (id, limit) =>
      log
        .map((bytes, i) => ({ index: i + 1, bytes }))
        .reverse()
        .filter(({ bytes }) => {
          const { credentialId, type } = JSON.parse(bytes) as AuditEntryDraft;
          return credentialId === id && type === 'decision';
        })
        .slice(0, limit),
    liveNonces: (nowMs) =>
      log.flatMap((bytes) => {
        const { nonce } = JSON.parse(bytes) as AuditEntryDraft;
        if (nonce === undefined || nonce.expiresAt < nowMs) return [];
        const { fingerprint, bound, expiresAt } = nonce;
        return [fingerprint, bound].flatMap((text) =>
          text === undefined ? [] : [{ fingerprint: text, expiresAt }],
        );
      }),
    risingNonces: () =>
      log.flatMap((bytes) => {
        const { rising } = JSON.parse(bytes) as AuditEntryDraft;
        return rising === undefined ? [] : [{ series: rising.series, value: rising.value }];
      }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    feedConfirmedAt: (nowMs) => nowMs,
    close() {},
  };
}
