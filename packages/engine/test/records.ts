import { randomBytes } from 'node:crypto';
import {
  type AuditEntryDraft,
  type ChangeNotice,
  type CredentialRecord,
  createEnvKeyring,
  type Keyring,
  type SecretVersionRecord,
  type Store,
  seal,
} from '@countersign/engine';

export const T0 = 1_800_000_000_000;

/** A keyring with the named keys, the first of them current. The same name is always the same key. */
export function keyringOf(...ids: string[]): Keyring {
  const kek = (id: string) => Buffer.alloc(32, id).toString('base64');
  return createEnvKeyring(ids.map((id) => `${id}:${kek(id)}`).join(','));
}

export function sealedUnder(kekId: string, credentialId: string, version = 1): Promise<Uint8Array> {
  return seal(keyringOf(kekId), `credential/${credentialId}/${version}`, randomBytes(40));
}

export function versionOf(more: Partial<SecretVersionRecord> = {}): SecretVersionRecord {
  return {
    version: 1,
    createdAt: T0,
    retiresAt: null,
    sealed: null,
    tokenHash: null,
    publicKey: null,
    ...more,
  };
}

export function recordOf(id: string, more: Partial<CredentialRecord> = {}): CredentialRecord {
  return {
    id,
    accountId: 'acct_1',
    label: 'a key',
    environment: 'live',
    kind: 'hmac',
    dialects: null,
    permissions: ['spot.read'],
    allowedIps: null,
    constraints: {},
    rateLimits: [],
    metadata: {},
    standing: 'active',
    createdAt: T0,
    expiresAt: null,
    secretVersions: [versionOf()],
    revision: 0,
    ...more,
  };
}

export function entryOf(more: Partial<AuditEntryDraft> = {}): AuditEntryDraft {
  return { at: T0, type: 'key.issued', actor: 'service', data: {}, ...more };
}

/** Everything in a log, oldest first, as it was drafted. */
export async function wholeLog(store: Store): Promise<AuditEntryDraft[]> {
  const entries = await store.readLog({ after: 0, limit: 1_000_000 });
  return entries.map(({ bytes }) => JSON.parse(bytes) as AuditEntryDraft);
}

/** Collects what the change feed tells. */
export function listenTo(store: Store): ChangeNotice[] {
  const notices: ChangeNotice[] = [];
  store.subscribe((notice) => notices.push(notice));
  return notices;
}

/** The code of what a call throws or rejects with; `undefined` when it does neither. */
export async function codeOf(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return `${(error as Error).name}:${(error as { code?: string }).code}`;
  }
}
