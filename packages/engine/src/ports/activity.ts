import type { AuditEntry } from './audit-log.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** Stands for addresses or instruments that were too many, or too long, to be kept apart. No address has this name. */
export const FOLDED = '*';
/** How many days are kept, today not counted. */
export const ACTIVITY_DAYS = 90;
/** How many rows are kept of one credential and day. Beyond them, addresses and instruments become {@link FOLDED}. */
export const MAX_DAILY_ROWS = 2_000;
/** How many rows are given back of one credential. Beyond them, something is left out. */
export const MAX_ACTIVITY_ROWS = 20_000;

/** What was asked, from where, and about what. */
export interface ActivityOf {
  /** Empty where only authentication was asked for. */
  readonly permission: string;
  /** As core's `addressText` writes it; empty where it was not known, or {@link FOLDED}. */
  readonly ip: string;
  /** Empty where the request named none, or {@link FOLDED}. */
  readonly instrument: string;
  /** Set for what was denied because the credential lacks the permission. Kept of the test environment alone. */
  readonly wasDenied: boolean;
}

/** How often a credential was used for something on a day. */
export interface ActivityRow extends ActivityOf {
  readonly credentialId: string;
  /** Days since 1970, in UTC. */
  readonly day: number;
  readonly requests: number;
  /** Ms since 1970. */
  readonly lastAt: number;
}

/** How often a credential was used for something over several days. */
export interface Activity extends ActivityOf {
  readonly firstDay: number;
  readonly requests: number;
  readonly lastAt: number;
}

export interface LastUse {
  readonly permission: string;
  /** Ms since 1970. */
  readonly lastAt: number;
}

/** Keeps what credentials were used for, a while. */
export interface ActivityStore {
  /** Adds to what is there already, in one step. Forgets some of what is older than {@link ACTIVITY_DAYS}. */
  saveActivity(rows: readonly ActivityRow[]): MaybePromise<void>;
  /** What a credential was used for on that day and after; at most {@link MAX_ACTIVITY_ROWS}, the latest first. */
  activityOf(credentialId: string, sinceDay: number): MaybePromise<readonly Activity[]>;
  /** When a credential was last allowed something, of each permission. */
  lastUses(credentialId: string): MaybePromise<readonly LastUse[]>;
  /** The first day of which anything is kept, of any credential. Undefined: nothing is. */
  firstActivityDay(): MaybePromise<number | undefined>;
  /** The latest decisions about a credential, the latest first. */
  latestDecisions(credentialId: string, limit: number): MaybePromise<readonly AuditEntry[]>;
}
