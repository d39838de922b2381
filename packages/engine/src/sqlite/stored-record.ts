import type { CredentialRecord, SecretVersionRecord } from '../ports/record.ts';

/** A record as it stands in its column: what is sealed stands in a table of its own. */
export type StoredRecord = Omit<CredentialRecord, 'secretVersions'> & {
  readonly secretVersions: readonly StoredVersion[];
};
export type StoredVersion = Omit<SecretVersionRecord, 'sealed'> & { readonly isSealed: boolean };
