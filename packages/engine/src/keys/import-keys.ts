import { type DialectTable, isIssuedId, type Manifest } from '@countersign/core';
import { FailureBudget } from '../guesses/failure-budget.ts';
import type { AuditEntryDraft } from '../ports/audit-log.ts';
import type { Keyring } from '../ports/keyring.ts';
import type { CredentialRecord } from '../ports/record.ts';
import { type Store, StoreError } from '../ports/store.ts';
import { turn } from '../turn.ts';
import { foreignNames } from './foreign-names.ts';
import { entryFor, remembered } from './key-change.ts';
import { faultsInImport, faultsInNewKey } from './key-faults.ts';
import type { ImportInput } from './key-input.ts';
import { type By, type KeyChanged, type KeyRefusal, refused, refusedFor } from './key-result.ts';
import { type KeyView, keyView } from './key-view.ts';
import { mayManage } from './may-manage.ts';
import { newRecord } from './new-record.ts';
import { isProvedAlike } from './same-proof.ts';

/** What became of one key of many. */
export type ImportResult =
  | { readonly status: 'imported'; readonly key: KeyView }
  /** A key of that id, account, kind and environment, with the same secret, is here: nothing is changed. */
  | { readonly status: 'already_there'; readonly id: string }
  | { readonly status: 'refused'; readonly refusal: KeyRefusal };

/** Keys that other systems issued. */
export interface Imports {
  /** Imports one key. One that is there is refused with `id_taken`, the same one too. */
  importKey(input: ImportInput, by: By): Promise<KeyChanged | KeyRefusal>;
  /**
   * Imports many in one transaction, with a result for each, in their order. One that is refused does not keep the
   * others back. All that is not refused is stored when it resolves; when it rejects, nothing is.
   */
  importKeys(inputs: readonly ImportInput[], by: By): Promise<readonly ImportResult[]>;
}

interface Parts {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly manifest: Manifest | undefined;
  readonly dialects: DialectTable;
  readonly clock: () => number;
  readonly tagKey: () => Uint8Array;
}

/** A key that has no fault in itself. */
interface Candidate {
  readonly at: number;
  readonly input: ImportInput;
  readonly names: readonly string[];
  /** Made once, when it turns out that it is needed. */
  record?: CredentialRecord;
}

/** Keys that are worked on before others get their turn: a few milliseconds. */
const SLICE = 25;
/** An import that others overtake begins again. Each time one of theirs was stored. */
const MAX_ATTEMPTS = 20;
/** How often another secret may be held against the one of a key. Who may import could guess at it otherwise. */
const GUESSES = { failures: 10, windowSeconds: 3_600 };

export function createImports({ store, keyring, manifest, dialects, clock, tagKey }: Parts): Imports {
  const guesses = new FailureBudget(GUESSES);

  async function importAll(inputs: readonly ImportInput[], by: By): Promise<ImportResult[]> {
    const nowMs = clock();
    const results: ImportResult[] = [];
    const candidates = await withoutFault(inputs, by, nowMs, results);
    for (let attempt = 1; ; attempt++) {
      const fresh = await sortOut(candidates, by, nowMs, results);
      if (fresh.length === 0) return results;
      try {
        await commit(fresh, by, nowMs, results);
        return results;
      } catch (error) {
        if (!isOvertaken(error) || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  async function withoutFault(
    inputs: readonly ImportInput[],
    by: By,
    nowMs: number,
    results: ImportResult[],
  ): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    for (const [at, input] of inputs.entries()) {
      if (at % SLICE === SLICE - 1) await turn();
      const isOurs = isIssuedId(input.id, tagKey());
      const refusal = refusalOf(input, isOurs, by, nowMs);
      if (refusal === undefined) candidates.push({ at, input, names: foreignNames(input, isOurs) });
      else results[at] = { status: 'refused', refusal };
    }
    return candidates;
  }

  function refusalOf(input: ImportInput, isOurs: boolean, by: By, nowMs: number): KeyRefusal | undefined {
    const barred = mayManage(input.accountId, by, input.permissions);
    if (barred !== undefined) return barred;
    const faults = [
      ...faultsInNewKey(input, manifest, dialects, nowMs),
      ...faultsInImport(input, isOurs, dialects),
    ];
    return faults.length === 0 ? undefined : refusedFor(faults);
  }

  /** Says of each key that cannot be stored why, and returns the others. */
  async function sortOut(
    candidates: readonly Candidate[],
    by: By,
    nowMs: number,
    results: ImportResult[],
  ): Promise<(Candidate & { record: CredentialRecord })[]> {
    const fresh = new Map<string, Candidate & { record: CredentialRecord }>();
    const names = new Set<string>();
    const wrong: AuditEntryDraft[] = [];
    for (const [i, candidate] of candidates.entries()) {
      if (i % SLICE === SLICE - 1) await turn();
      const { at, input } = candidate;
      const there = (await store.loadCredential(input.id)) ?? fresh.get(input.id)?.record;
      if (there !== undefined) results[at] = await compared(there, input, by, nowMs, wrong);
      else if (await isNameTaken(candidate.names, names)) results[at] = taken('or secret already.');
      else {
        const { id, secret } = input;
        candidate.record ??= (await newRecord(keyring, input, { id, isBase64: false, nowMs, secret })).record;
        fresh.set(id, candidate as Candidate & { record: CredentialRecord });
        for (const name of candidate.names) names.add(name);
      }
    }
    if (wrong.length > 0) await store.append(wrong);
    return [...fresh.values()];
  }

  async function isNameTaken(names: readonly string[], inThisCall: ReadonlySet<string>): Promise<boolean> {
    for (const name of names) {
      if (inThisCall.has(name) || (await store.resolveLookup(name)) !== undefined) return true;
    }
    return false;
  }

  /** Whether the key that is there is the one that is to be imported. Another secret is logged, and counted. */
  async function compared(
    there: CredentialRecord,
    input: ImportInput,
    by: By,
    nowMs: number,
    wrong: AuditEntryDraft[],
  ): Promise<ImportResult> {
    const { id } = there;
    if (!isOfSameOwner(there, input)) return taken('already, of another account, kind or environment.');
    if (there.standing === 'revoked') return taken('already, and it is revoked: that is final.');
    const wait = guesses.wait(id, nowMs);
    if (wait > 0) {
      const seconds = Math.ceil(wait / 1000);
      return taken(`already. Other secrets were held against its own too often: wait ${seconds} s.`);
    }
    if (await isProvedAlike(keyring, there, input, nowMs)) return { status: 'already_there', id };
    guesses.fail(id, nowMs);
    wrong.push(entryFor(there, by, 'key.import_refused', { why: 'another secret' }, nowMs));
    return taken('already, with another secret, passphrase or public key.');
  }

  async function commit(
    fresh: readonly (Candidate & { record: CredentialRecord })[],
    by: By,
    nowMs: number,
    results: ImportResult[],
  ): Promise<void> {
    const view = (record: CredentialRecord, revision: number) => keyView({ ...record, revision }, [], nowMs);
    const [{ record: first }] = fresh as [Candidate & { record: CredentialRecord }];
    const revision = await store.commit({
      records: fresh.map(({ record }) => record),
      lookups: fresh.flatMap(({ names, record: { id } }) =>
        names.map((name) => ({ name, credentialId: id })),
      ),
      entries: fresh.map(({ record }) => entryFor(record, by, 'key.imported', {}, nowMs)),
      answer: remembered(by, (next) => ({ ok: true, key: view(first, next) })),
    });
    for (const { at, record } of fresh) results[at] = { status: 'imported', key: view(record, revision) };
  }

  return {
    async importKey(input, by) {
      const [result] = (await importAll([input], by)) as [ImportResult];
      if (result.status === 'imported') return { ok: true, key: result.key };
      return result.status === 'refused' ? result.refusal : refused('id_taken', `${TAKEN} already.`);
    },
    // What is remembered with a change is the answer about one key.
    importKeys: (inputs, by) => importAll(inputs, { ...by, remember: undefined }),
  };
}

const TAKEN = 'There is a key of that id';

function taken(rest: string): ImportResult {
  return { status: 'refused', refusal: refused('id_taken', `${TAKEN} ${rest}`) };
}

/** What no edit can change. */
function isOfSameOwner(there: CredentialRecord, input: ImportInput): boolean {
  const { accountId, kind, environment } = there;
  return accountId === input.accountId && kind === input.kind && environment === input.environment;
}

/** Whether somebody else stored a key of one of the ids or names meanwhile. */
function isOvertaken(error: unknown): boolean {
  return error instanceof StoreError && (error.code === 'id_taken' || error.code === 'lookup_taken');
}
