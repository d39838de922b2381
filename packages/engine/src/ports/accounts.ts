import type { Environment } from '@countersign/core';
import type { MaybePromise } from './maybe-promise.ts';

/** Why something is frozen, and since when. */
export interface Freeze {
  readonly isFrozen: boolean;
  /** Null where it is not frozen. */
  readonly reason: string | null;
  /** Ms since 1970; null where it is not frozen. */
  readonly frozenAt: number | null;
}

/** What is known of an account beyond its keys. Most accounts have no record: they differ in nothing. */
export interface AccountRecord extends Freeze {
  readonly accountId: string;
  /** Quotas that take the place of the manifest's, by the name of the limit. */
  readonly quotas: Readonly<Record<string, number>>;
  /** The revision of the store in which it last changed; 0 where nothing is stored. */
  readonly revision: number;
}

/** Whether all customers' keys of an environment are frozen. */
export interface FreezeRecord extends Freeze {
  readonly environment: Environment;
  /** As in {@link AccountRecord}. */
  readonly revision: number;
}

/** Reads accounts and freezes. They are changed by a commit of the store, with the entries that tell of it. */
export interface AccountStore {
  loadAccount(accountId: string): MaybePromise<AccountRecord | undefined>;
  /** All that there are, read once at start. */
  accounts(): MaybePromise<Iterable<AccountRecord>>;
  /** At most one for each environment. */
  freezes(): MaybePromise<readonly FreezeRecord[]>;
}

/** The account of which nothing is stored. */
export function plainAccount(accountId: string): AccountRecord {
  return { accountId, isFrozen: false, reason: null, frozenAt: null, quotas: {}, revision: 0 };
}
