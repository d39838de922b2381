import type { AuditEntryDraft } from './audit-log.ts';

/** Which keys a revocation means. All that is given must fit; nothing given means none. */
export interface RevocationFilter {
  readonly accountId?: string | undefined;
  readonly environment?: string | undefined;
  /** Ms since 1970. */
  readonly createdBefore?: number | undefined;
  /** Every pair must be in a key's metadata. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A revocation of all keys of customers that match. Keys of operators are never among them. */
export interface RevocationOrder {
  readonly filter: RevocationFilter;
  /** Ms since 1970: when it happens. */
  readonly at: number;
  /** The log's entry about each key; its id and account are added. */
  readonly entry: Omit<AuditEntryDraft, 'credentialId' | 'accountId'>;
  /** The log's entry about the whole, which follows them; how many there were is added to its data. */
  readonly summary: AuditEntryDraft;
}

export interface RevokedAll {
  readonly revision: number;
  readonly revoked: number;
}

/** The part of a store that ends many keys at once. */
export interface RevocationStore {
  /**
   * Revokes all that match, destroys what is sealed of them, and writes the log, in one transaction and one revision:
   * whatever is changed at the same moment comes before or after it. Resolves once the feed was told of every key.
   */
  revokeMatching(order: RevocationOrder): Promise<RevokedAll>;
}
