import type { Constraints, CredentialKind, Environment, RateLimit, Standing } from '@countersign/core';

/** One secret version as it is stored: sealed, hashed, or not there at all. Times are ms since 1970. */
export interface SecretVersionRecord {
  readonly version: number;
  readonly createdAt: number;
  /** Set when a newer version took its place; it authenticates until then. */
  readonly retiresAt: number | null;
  /** The sealed secret and passphrase (see `envelope.ts`); null where there is neither, and once revoked. */
  readonly sealed: Uint8Array | null;
  /** `bearer`: hex SHA-256 of the token. */
  readonly tokenHash: string | null;
  /** `ed25519`, `rsa`, `p256`: the public key, PEM (SPKI). `secp256k1`: the Ethereum address, in lower case. */
  readonly publicKey: string | null;
}

/** What the log was told of a credential by the service itself, so that it is told once. */
export interface Told {
  /** That the expiry at that time comes near, in ms since 1970, and how many days before it the last reminder was due. */
  readonly expiring?: { readonly expiresAt: number; readonly days: number } | undefined;
  /** That it has expired: at that time, in ms since 1970. */
  readonly expiredAt?: number | undefined;
  /** That this version of the secret is old. */
  readonly rotationDueOf?: number | undefined;
}

/** A credential as it is stored. */
export interface CredentialRecord {
  readonly id: string;
  readonly accountId: string;
  readonly label: string;
  readonly environment: Environment;
  readonly kind: CredentialKind;
  readonly dialects: readonly string[] | null;
  readonly permissions: readonly string[];
  readonly allowedIps: readonly string[] | null;
  readonly constraints: Constraints;
  readonly rateLimits: readonly RateLimit[];
  /** How far below the highest nonce a lower one may come; absent in records of before that could be said: 0. */
  readonly nonceWindow?: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** When it was made, or allowed more than before; null or absent when nothing has to cool down. */
  readonly widenedAt?: number | null | undefined;
  /** Since when each withdrawal address is on its list; absent for those that need not cool down. */
  readonly addressesSince?: Readonly<Record<string, number>> | undefined;
  readonly standing: Standing;
  /** What a release from quarantine goes back to. */
  readonly standingBeforeQuarantine?: Standing | undefined;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly told?: Told | undefined;
  /** The current version first. Retired ones are kept without their secret, for the record. */
  readonly secretVersions: readonly SecretVersionRecord[];
  /** The revision of the store in which this record last changed; 0 for one that is not stored yet. */
  readonly revision: number;
}

/** When and from where a secret version was last used. */
export interface Usage {
  readonly credentialId: string;
  readonly version: number;
  readonly lastUsedAt: number;
  readonly lastUsedIp: string | null;
}
