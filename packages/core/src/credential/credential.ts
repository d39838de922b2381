import type { KeyObject } from 'node:crypto';
import type { Network } from '../address.ts';
import type { CompiledConstraints } from '../decide/constraints.ts';
import type { KeyRow } from '../schemes/key-slab.ts';

export const ENVIRONMENTS = ['live', 'test'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** What a credential proves possession of. A `secp256k1` key is known by its Ethereum address. */
export const CREDENTIAL_KINDS = ['hmac', 'ed25519', 'rsa', 'p256', 'secp256k1', 'bearer'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** The states that are kept; `expired` follows from the clock and is never stored. */
export const STANDINGS = ['active', 'disabled', 'quarantined', 'revoked'] as const;
export type Standing = (typeof STANDINGS)[number];

/** What is said of a credential: its standing, or that it has expired. */
export const CREDENTIAL_STATUSES = ['active', 'disabled', 'quarantined', 'expired', 'revoked'] as const;
export type CredentialStatus = (typeof CREDENTIAL_STATUSES)[number];

/** The account whose credentials manage this service. No customer's account can have this name. */
export const OPERATOR_ACCOUNT = 'operator';

/** One quota of a credential: at most `quota` units of cost in any window of that length. */
export interface RateLimit {
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
}

/**
 * What many credentials have in common, held once for all of them: a platform issues thousands of keys with
 * the same few permission sets.
 */
export interface CredentialProfile {
  readonly environment: Environment;
  readonly kind: CredentialKind;
  /** Names of dialects; absent: any that fits the kind, and carries a passphrase where the key has one. */
  readonly dialects: readonly string[] | undefined;
  readonly permissions: readonly string[];
  /** Absent: any address. */
  readonly allowedNetworks: readonly Network[] | undefined;
  readonly rateLimits: readonly RateLimit[];
  /** Absent: none. */
  readonly constraints: CompiledConstraints | undefined;
  /**
   * Ms since 1970 from which on a permission may be used, by its name, where it is cooling down after a widening. Absent:
   * all of them now.
   */
  readonly usableFrom?: ReadonlyMap<string, number> | undefined;
  /** After how many ms without use the credential expires. Absent: never. */
  readonly idleExpiryMs?: number | undefined;
  /**
   * How far below the highest nonce a lower one may still come, in the unit of the client's nonces, for dialects
   * whose nonces rise. Zero: not at all.
   */
  readonly nonceWindow: number;
}

/** A secret version as the decision needs it: proof material of one kind. */
export interface Proof {
  readonly version: number;
  /** Ms since 1970 from which on this version no longer authenticates; absent for the current one. */
  readonly retiresAt?: number | undefined;
  /** Ms since 1970 at which a newer version took its place; absent for the current one. */
  readonly replacedAt?: number | undefined;
  /** The passphrase, and for `hmac` the secret. */
  readonly key?: KeyRow | undefined;
  /** `bearer`: hex SHA-256 of the token. */
  readonly tokenHash?: string | undefined;
  /** `ed25519`, `rsa`, `p256`: the public key. */
  readonly publicKey?: KeyObject | undefined;
  /** `secp256k1`: the Ethereum address of the public key, `0x` and 40 hex digits in lower case. */
  readonly address?: string | undefined;
}

/** A credential as the decision needs it. The stored record holds more, and no usable secret. */
export interface Credential {
  readonly id: string;
  readonly accountId: string;
  readonly label: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly profile: CredentialProfile;
  readonly standing: Standing;
  /** Ms since 1970; absent when it never expires. */
  readonly expiresAt?: number | undefined;
  readonly revision: number;
  /** The current version first, then the previous one during its grace. Empty once revoked. */
  readonly proofs: readonly Proof[];
}
