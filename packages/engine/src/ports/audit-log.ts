import type { Taken } from './claim-and-meter.ts';

/** A nonce that a decision claimed, stored with it so that a restart does not forget it. */
export interface StoredNonce {
  /** Eight bytes as 16 hex digits. */
  readonly fingerprint: string;
  /** Ms since 1970 after which it need not be remembered. */
  readonly expiresAt: number;
}

/** What a request used up: its nonce, and what that came with. */
export interface LoggedNonce extends StoredNonce {
  /** Eight bytes as 16 hex digits. */
  readonly bound?: string | undefined;
}

/** A nonce out of a rising series. */
export interface StoredRisingNonce {
  readonly series: string;
  /** A whole number of up to 20 digits. */
  readonly value: string;
}

export interface LoggedRisingNonce extends StoredRisingNonce {
  /** How many of the series' highest are to be remembered. */
  readonly keep: number;
}

/** What is logged. Management changes are named after the deed, decisions are `decision`. */
export type AuditEntryType =
  | 'decision'
  | `key.${string}`
  | `account.${string}`
  | `keyring.${string}`
  | `service.${string}`;

/** An entry before it has a place in the log. Never holds a secret, a signature or a body. */
export interface AuditEntryDraft {
  /** Ms since 1970. */
  readonly at: number;
  readonly type: AuditEntryType;
  readonly credentialId?: string | undefined;
  readonly accountId?: string | undefined;
  /** Who did it: an operator credential's id, or `service` for what the service did by itself. */
  readonly actor?: string | undefined;
  readonly requestId?: string | undefined;
  /** The nonce that a decision used up. */
  readonly nonce?: LoggedNonce | undefined;
  readonly rising?: LoggedRisingNonce | undefined;
  /** What a decision took of limits. Stored beside the entry, under its request id, and not in it. */
  readonly taken?: Taken | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * An entry in the log. `bytes` are exactly what was stored: a Merkle tree's leaf is hashed over them, so
 * they are never rebuilt from `entry`.
 */
export interface AuditEntry {
  readonly index: number;
  readonly bytes: string;
}

export interface AuditQuery {
  /** Entries with a greater index only. */
  readonly after: number;
  readonly limit: number;
  readonly credentialId?: string | undefined;
  readonly accountId?: string | undefined;
  readonly type?: string | undefined;
  /** The last ones that fit instead of the first. They come in the order of the log all the same. */
  readonly isLatest?: boolean | undefined;
}

/** Where decisions are written. Management entries go through the store, in the transaction of the change. */
export interface DecisionLog {
  /** Resolves once all entries are durable; rejects with a {@link StoreError} when none of them is. */
  append(entries: readonly AuditEntryDraft[]): Promise<void>;
}
