import type { Constraints, CredentialKind, Environment, RateLimit } from '@countersign/core';

/** What a key is issued with. Shapes are checked by the caller's schema, meanings by `key-faults.ts`. */
export interface KeyInput {
  readonly accountId: string;
  readonly label: string;
  readonly environment: Environment;
  readonly kind: CredentialKind;
  readonly dialects?: readonly string[] | undefined;
  readonly passphrase?: string | undefined;
  /** PEM (SPKI), for the asymmetric kinds; of `secp256k1` the Ethereum address. */
  readonly publicKey?: string | undefined;
  readonly permissions: readonly string[];
  readonly allowedIps?: readonly string[] | undefined;
  /** Ms since 1970. */
  readonly expiresAt?: number | undefined;
  readonly constraints?: Constraints | undefined;
  readonly rateLimits?: readonly RateLimit[] | undefined;
  /** How far below the highest nonce a lower one may come, in the unit of the client's nonces. Default 0. */
  readonly nonceWindow?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A key that is asked for. What its template says need not be said again. */
export interface NewKey extends Omit<KeyInput, 'kind' | 'permissions'> {
  /** The name of a template of the manifest. */
  readonly template?: string | undefined;
  readonly kind?: CredentialKind | undefined;
  readonly permissions?: readonly string[] | undefined;
}

/** A key that another system issued. */
export interface ImportInput extends KeyInput {
  readonly id: string;
  /** Absent for the asymmetric kinds. */
  readonly secret?: string | undefined;
}

/** What of a key can be edited. `null` takes a restriction away; what is absent stays. */
export interface KeyEdit {
  readonly label?: string | undefined;
  readonly permissions?: readonly string[] | undefined;
  readonly allowedIps?: readonly string[] | null | undefined;
  readonly expiresAt?: number | null | undefined;
  readonly constraints?: Constraints | undefined;
  readonly rateLimits?: readonly RateLimit[] | undefined;
  readonly nonceWindow?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** One thing that is wrong with an input, and where: a JSON pointer (RFC 6901). */
export interface Fault {
  readonly pointer: string;
  readonly message: string;
  /** Where an operator's policy is violated: the permission that has it, and its name in the manifest. */
  readonly permission?: string | undefined;
  readonly policy?: string | undefined;
}
