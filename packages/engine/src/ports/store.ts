import type { AccountRecord, AccountStore, FreezeRecord } from './accounts.ts';
import type { ActivityStore } from './activity.ts';
import type {
  AuditEntry,
  AuditEntryDraft,
  AuditQuery,
  DecisionLog,
  StoredNonce,
  StoredRisingNonce,
} from './audit-log.ts';
import type { FailureStore } from './failures.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { CredentialRecord, Usage } from './record.ts';
import type { ReservationStore } from './reservations.ts';
import type { RevocationStore } from './revocations.ts';
import type { Schedule } from './schedule.ts';

export type { MaybePromise } from './maybe-promise.ts';

/** A management change: everything in it is stored in one transaction, or nothing. */
export interface Change {
  /** Records to store. One with revision 0 is new; any other must still have that revision in the store. */
  readonly records: readonly CredentialRecord[];
  /** Foreign names under which a record is found as well. */
  readonly lookups?: readonly Lookup[] | undefined;
  /** Accounts to store, each of the revision that is in the store; 0 where there is none. */
  readonly accounts?: readonly AccountRecord[] | undefined;
  /** Freezes of environments, likewise. */
  readonly freezes?: readonly FreezeRecord[] | undefined;
  readonly entries: readonly AuditEntryDraft[];
  /** By id, when something is next to be done with a record by itself; see {@link Schedule}. */
  readonly dueAt?: ReadonlyMap<string, number | null> | undefined;
  /** Whether every decision on these credentials stays as it is, so that what is lived on (a WebSocket) goes on. */
  readonly keepsDecisions?: boolean | undefined;
  /** The answer to remember for the caller's idempotency key, made once the revision is known. */
  readonly answer?: ((revision: number) => RememberedAnswer) | undefined;
}

/** When a record of a change is due afterwards, in ms since 1970; null: never. Where the change does not say, at once. */
export function dueAtAfter({ dueAt }: Change, { id, standing }: CredentialRecord): number | null {
  if (standing === 'revoked') return null;
  const told = dueAt?.get(id);
  return told === undefined ? 0 : told;
}

export interface Lookup {
  readonly name: string;
  readonly credentialId: string;
}

/**
 * An answer that is given again for the same idempotency key. It may hold a secret that is shown once, so it is
 * sealed, under {@link answerName}, and wrapped anew with everything else that is sealed.
 */
export interface RememberedAnswer {
  readonly scope: string;
  readonly key: string;
  readonly bodyHash: string;
  readonly sealed: Uint8Array;
  readonly createdAt: number;
}

/** The name under which a remembered answer is sealed. */
export function answerName(scope: string, key: string): string {
  return `answer/${scope}/${key}`;
}

/** How long an answer is remembered. */
export const ANSWER_MS = 86_400_000;

export interface CredentialFilter {
  readonly accountId?: string | undefined;
  readonly status?: 'active' | 'disabled' | 'quarantined' | 'expired' | 'revoked' | undefined;
  /** For `expired` and `active`: ms since 1970. */
  readonly nowMs: number;
  /** Ids greater than this one only. */
  readonly afterId: string;
  readonly limit: number;
}

/** What the feed tells of a credential. What it is like now stands in the store. */
export type ChangedRecord = Pick<CredentialRecord, 'id' | 'revision'>;

/**
 * A change of some credentials or accounts, as the change feed tells it. One of very many is told in parts, of one
 * revision.
 */
export interface ChangeNotice {
  readonly revision: number;
  readonly records: readonly ChangedRecord[];
  /** Names that were imported with it. */
  readonly foreignNames: readonly string[];
  /** Whether decisions that were made stay as they are: see {@link Change.keepsDecisions}. */
  readonly keepsDecisions?: boolean | undefined;
  /** Accounts and freezes that were changed with it; absent: none. */
  readonly accounts?: readonly AccountRecord[] | undefined;
  readonly freezes?: readonly FreezeRecord[] | undefined;
}

/** Something sealed that is kept under a name: the key of the id tags, for example. */
export interface SealedItem {
  readonly name: string;
  readonly sealed: Uint8Array;
}

/**
 * Keeps credentials, their use and the log. One method a use case; every method
 * rejects (or throws) with a {@link StoreError} and nothing else.
 */
export interface Store
  extends DecisionLog,
    AccountStore,
    ActivityStore,
    FailureStore,
    ReservationStore,
    RevocationStore,
    Schedule {
  loadCredential(id: string): MaybePromise<CredentialRecord | undefined>;
  /** The credential that a foreign name stands for. */
  resolveLookup(name: string): MaybePromise<string | undefined>;
  /** All foreign names, read once at start. */
  foreignNames(): MaybePromise<Iterable<string>>;
  listCredentials(filter: CredentialFilter): MaybePromise<readonly CredentialRecord[]>;
  countCredentials(): MaybePromise<number>;

  /** Stores a change and tells the feed. Returns its revision, greater than any before it. */
  commit(change: Change): MaybePromise<number>;
  /** The answer remembered for an idempotency key, if it is younger than a day. */
  rememberedAnswer(scope: string, key: string, nowMs: number): MaybePromise<RememberedAnswer | undefined>;
  rememberAnswer(answer: RememberedAnswer): MaybePromise<void>;

  saveUsage(rows: readonly Usage[]): MaybePromise<void>;
  usageOf(credentialId: string): MaybePromise<readonly Usage[]>;

  sealedItem(name: string): MaybePromise<Uint8Array | undefined>;
  /** Stores a sealed item unless there is one of that name, and returns what is stored afterwards. */
  keepSealedItem(item: SealedItem): MaybePromise<Uint8Array>;
  /** Sealed values that are not yet under the given key-encryption key, some at a time. */
  sealedUnderOtherKek(kekId: string, limit: number): MaybePromise<readonly SealedItem[]>;
  /** Replaces a sealed value if it is still the one that was read. False: somebody else changed it. */
  replaceSealed(name: string, before: Uint8Array, after: Uint8Array): MaybePromise<boolean>;

  readLog(query: AuditQuery): MaybePromise<readonly AuditEntry[]>;
  /** Nonces that are still to be remembered at that time. */
  liveNonces(nowMs: number): MaybePromise<Iterable<StoredNonce>>;
  /** The highest nonces of each rising series, and one more than are remembered: below it, all count as used. */
  risingNonces(): MaybePromise<Iterable<StoredRisingNonce>>;

  /** The change feed: calls the listener after each commit. Returns how to stop. */
  subscribe(listener: (notice: ChangeNotice) => void): () => void;
  /** Ms since 1970 at which the feed was last known to be complete. */
  feedConfirmedAt(nowMs: number): number;

  close(): MaybePromise<void>;
}

export type StoreErrorCode =
  | 'revision_conflict'
  | 'id_taken'
  | 'lookup_taken'
  | 'newer_version'
  | 'in_use'
  | 'driver_missing'
  | 'read_only'
  | 'full'
  | 'unavailable';

/** A store that could not do what was asked. The message is for operators and says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
