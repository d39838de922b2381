import { randomBytes } from 'node:crypto';
import { type DialectTable, isIssuedId, type Manifest, mintId, type Standing } from '@countersign/core';
import type { UsageRecorder } from '../activity/usage.ts';
import type { AuditEntryType } from '../ports/audit-log.ts';
import type { Keyring } from '../ports/keyring.ts';
import type { CredentialRecord, SecretVersionRecord } from '../ports/record.ts';
import type { CredentialFilter, Lookup, Store } from '../ports/store.ts';
import { addressesOf } from './foreign-names.ts';
import { filledIn } from './from-template.ts';
import { createImports, type Imports } from './import-keys.ts';
import { entryFor, insistently, refusalFor, remembered } from './key-change.ts';
import { faultsInNewKey, faultsInRestrictions, isAsymmetric } from './key-faults.ts';
import type { KeyEdit, KeyInput, NewKey } from './key-input.ts';
import { createKeyPolicies, type KeyPolicies } from './key-policies.ts';
import { type By, type KeyChanged, type KeyRefusal, refused, refusedFor } from './key-result.ts';
import { type KeyView, keyView } from './key-view.ts';
import { mayManage } from './may-manage.ts';
import { newRecord } from './new-record.ts';
import { neverUsable, policyFaultsOfEdit } from './policy-faults.ts';
import { createRevocations, type Revocations } from './revocations.ts';
import { destroyed, makeSecretVersion, needsBase64Secret, passphraseOf } from './secret-versions.ts';
import { coolDownOfEdit, coolDownOfNewKey } from './widening.ts';

/** Everything that can be done with keys. A refusal is a value; a store that fails rejects. */
export interface KeyService extends Revocations, Imports, KeyPolicies {
  issue(asked: NewKey, by: By): Promise<KeyChanged | KeyRefusal>;
  get(id: string): Promise<KeyView | undefined>;
  list(filter: Omit<CredentialFilter, 'nowMs'>): Promise<readonly KeyView[]>;
  /** @param revision the revision that the caller saw */
  edit(id: string, edit: KeyEdit, revision: number, by: By): Promise<KeyChanged | KeyRefusal>;
  /** Makes a new secret version; the one before it authenticates for `graceSeconds` more. */
  rotate(id: string, graceSeconds: number, by: By, publicKey?: string): Promise<KeyChanged | KeyRefusal>;
  /** @param version the one that is meant: another one that is in its grace meanwhile stays */
  retirePrevious(id: string, by: By, version?: number): Promise<KeyChanged | KeyRefusal>;
  changeStanding(id: string, deed: StandingDeed, reason: string, by: By): Promise<KeyChanged | KeyRefusal>;
  /** Called once by the engine, before any other method. */
  useTagKey(tagKey: Uint8Array): void;
}

export type StandingDeed = 'disable' | 'enable' | 'quarantine' | 'release';

/** What each deed needs and makes. A release goes back to what was before the quarantine. */
const DEEDS: Record<StandingDeed, { from: readonly Standing[]; to: Standing }> = {
  disable: { from: ['active'], to: 'disabled' },
  enable: { from: ['disabled'], to: 'active' },
  quarantine: { from: ['active', 'disabled'], to: 'quarantined' },
  release: { from: ['quarantined'], to: 'active' },
};

interface Parts {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly manifest: Manifest | undefined;
  readonly dialects: DialectTable;
  readonly clock: () => number;
  readonly usage: UsageRecorder;
}

export function createKeyService({ store, keyring, manifest, dialects, clock, usage }: Parts): KeyService {
  let givenTagKey: Uint8Array | undefined;

  /** Under an empty key, ids would be issued that nobody ever finds again. */
  function tagKey(): Uint8Array {
    if (givenTagKey === undefined) throw new TypeError('the engine was not started: call start() first');
    return givenTagKey;
  }

  async function issue(asked: NewKey, by: By): Promise<KeyChanged | KeyRefusal> {
    const nowMs = clock();
    const { input, faults: unfilled } = filledIn(asked, manifest, nowMs);
    if (input === undefined) return refusedFor(unfilled);
    const barred = mayManage(input.accountId, by, input.permissions);
    if (barred !== undefined) return barred;
    const faults = [
      ...unfilled,
      ...faultsInNewKey(input, manifest, dialects, nowMs),
      ...neverUsable(input, manifest, nowMs),
    ];
    if (faults.length > 0) return refusedFor(faults);
    const id = mintId(input.environment, tagKey(), randomBytes);
    const isBase64 = needsBase64Secret(input.kind, input.dialects ?? manifest?.dialects, dialects);
    const made = await newRecord(keyring, input, { id, isBase64, nowMs });
    const record = { ...made.record, ...coolDownOfNewKey(input, nowMs) };
    const lookups = addressesOf(input).map((name) => ({ name, credentialId: id }));
    return save(record, by, 'key.issued', {}, made.secret, lookups);
  }

  /** Stores a record with its log entry. */
  async function save(
    record: CredentialRecord,
    by: By,
    type: AuditEntryType,
    data: Readonly<Record<string, unknown>>,
    secret?: KeyChanged['secret'],
    lookups: readonly Lookup[] = [],
  ): Promise<KeyChanged | KeyRefusal> {
    const nowMs = clock();
    const uses = record.revision === 0 ? [] : await usageOf(record.id);
    const result = (revision: number): KeyChanged => ({
      ok: true,
      key: keyView({ ...record, revision }, uses, nowMs),
      secret,
    });
    try {
      const revision = await store.commit({
        records: [record],
        lookups,
        entries: [entryFor(record, by, type, data, nowMs)],
        answer: remembered(by, result),
      });
      return result(revision);
    } catch (error) {
      return refusalFor(error);
    }
  }

  async function change(
    id: string,
    by: By,
    make: (record: CredentialRecord, nowMs: number) => Promise<KeyChanged | KeyRefusal>,
  ): Promise<KeyChanged | KeyRefusal> {
    const record = await store.loadCredential(id);
    if (record === undefined) return refused('not_found', 'There is no key of that id.');
    const barred = mayManage(record.accountId, by);
    if (barred !== undefined) return barred;
    if (record.standing === 'revoked')
      return refused('key_revoked', 'The key is revoked, and that is final.');
    return make(record, clock());
  }

  async function rotate(id: string, graceSeconds: number, by: By, publicKey?: string) {
    return change(id, by, async (record, nowMs) => {
      // Who rotates a key can use it afterwards.
      const barred = mayManage(record.accountId, by, record.permissions);
      if (barred !== undefined) return barred;
      const [current, ...older] = record.secretVersions;
      if (current === undefined) throw new TypeError('a live key has no secret version');
      const passphrase = await passphraseOf(keyring, id, current);
      if (isAsymmetric(record.kind) || publicKey !== undefined) {
        const faults = faultsInNewKey({ ...newKeyOf(record), passphrase, publicKey }, undefined, dialects, 0);
        const own = faults.filter(({ pointer }) => pointer === '/publicKey');
        if (own.length > 0) return refusedFor(own);
      }
      const tokenId = isIssuedId(id, tagKey()) ? id : mintId(record.environment, tagKey(), randomBytes);
      const version = current.version + 1;
      const made = await makeSecretVersion(keyring, {
        record,
        isBase64: needsBase64Secret(record.kind, record.dialects ?? manifest?.dialects, dialects),
        version,
        nowMs,
        tokenId,
        passphrase,
        publicKey,
      });
      const retiresAt = nowMs + graceSeconds * 1000;
      const previous = graceSeconds === 0 ? destroyed(current, nowMs) : { ...current, retiresAt };
      const next = {
        ...record,
        secretVersions: [made.version, previous, ...older.map((old) => destroyed(old, nowMs))].slice(
          0,
          MAX_VERSIONS,
        ),
      };
      const isForeignToken = record.kind === 'bearer' && tokenId !== id;
      const names = isForeignToken ? [tokenId] : await newNames(made.version, record);
      const lookups = names.map((name) => ({ name, credentialId: id }));
      return save(next, by, 'key.rotated', { version, graceSeconds }, made.secret, lookups);
    });
  }

  /** The address of a key on secp256k1 is a name of it, unless it was before: a rotation may go back to it. */
  async function newNames({ publicKey }: SecretVersionRecord, { id, kind }: CredentialRecord) {
    if (kind !== 'secp256k1' || publicKey === null) return [];
    return (await store.resolveLookup(publicKey)) === id ? [] : [publicKey];
  }

  async function usageOf(id: string) {
    await saveUsage();
    return store.usageOf(id);
  }

  /** What cannot be saved is kept, tried again and reported by who saves it regularly. Keys are shown all the same. */
  async function saveUsage(): Promise<void> {
    await usage.save().catch(() => undefined);
  }

  const revocations = createRevocations({ store, clock });
  const imports = createImports({ store, keyring, manifest, dialects, clock, tagKey });

  return {
    ...revocations,
    ...createKeyPolicies({ store, manifest, clock }),
    ...imports,
    issue,
    rotate,
    useTagKey(key) {
      givenTagKey = key;
    },
    async get(id) {
      const record = await store.loadCredential(id);
      if (record === undefined) return undefined;
      const uses = await usageOf(id);
      return keyView(record, uses, clock(), await store.lastUses(id));
    },
    async list(filter) {
      await saveUsage();
      const nowMs = clock();
      const records = await store.listCredentials({ ...filter, nowMs });
      return Promise.all(
        records.map(async (record) => keyView(record, await store.usageOf(record.id), nowMs)),
      );
    },
    edit: (id, edit, revision, by) =>
      change(id, by, async (record, nowMs) => {
        const barred = mayManage(record.accountId, by, edit.permissions);
        if (barred !== undefined) return barred;
        if (record.revision !== revision) {
          return refused('revision_mismatch', `The key is at revision ${record.revision}, not ${revision}.`);
        }
        const given = Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
        const next: CredentialRecord = { ...record, ...given };
        const faults = [
          ...faultsInRestrictions(edit, record.accountId, manifest, nowMs),
          ...policyFaultsOfEdit(record, next, manifest, nowMs),
        ];
        if (faults.length > 0) return refusedFor(faults);
        const cooling = { ...next, ...coolDownOfEdit(record, next, nowMs) };
        return save(cooling, by, 'key.edited', { fields: Object.keys(given) });
      }),
    retirePrevious: (id, by, meant) =>
      change(id, by, async (record, nowMs) => {
        const [current, ...older] = record.secretVersions;
        const live = older.find(({ retiresAt }) => isLive(retiresAt, nowMs));
        if (current === undefined || live === undefined) {
          return refused('state_conflict', 'No previous secret version is in its grace.');
        }
        if (meant !== undefined && live.version !== meant) {
          return refused('state_conflict', `Version ${live.version} is in its grace, and not ${meant}.`);
        }
        const secretVersions = [current, ...older.map((version) => destroyed(version, nowMs))];
        return save({ ...record, secretVersions }, by, 'key.previous_retired', { version: live.version });
      }),
    changeStanding: (id, deed, reason, by) => {
      const attempt = () =>
        change(id, by, async (record) => {
          const { from, to } = DEEDS[deed];
          if (!from.includes(record.standing)) {
            return refused('state_conflict', `A key that is ${record.standing} cannot be ${deed}d.`);
          }
          const standing = deed === 'release' ? (record.standingBeforeQuarantine ?? to) : to;
          const standingBeforeQuarantine = deed === 'quarantine' ? record.standing : undefined;
          return save({ ...record, standing, standingBeforeQuarantine }, by, `key.${deed}d`, { reason });
        });
      // Who lets a key go on has seen it in a state that it may not be in any more.
      return deed === 'disable' || deed === 'quarantine' ? insistently(attempt) : attempt();
    },
  };
}

/** Versions of which the record keeps when they were, the live ones included. */
const MAX_VERSIONS = 10;

function isLive(retiresAt: number | null, nowMs: number): boolean {
  return retiresAt === null || retiresAt > nowMs;
}

function newKeyOf(record: CredentialRecord): KeyInput {
  const { accountId, label, environment, kind, permissions } = record;
  return { accountId, label, environment, kind, permissions };
}
