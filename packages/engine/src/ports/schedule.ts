import type { CredentialRecord } from './record.ts';

type MaybePromise<T> = T | Promise<T>;

/** When something is next to be done with a credential by itself. */
export interface Appointment {
  readonly credentialId: string;
  /** Of the record that this was found out from. One that was changed since is left alone. */
  readonly revision: number;
  /** Ms since 1970; null: never. */
  readonly dueAt: number | null;
}

/**
 * Keeps when something is to be done with a credential without anybody asking. Whatever is stored by a commit that does
 * not say when is due at once, to find out; a revoked credential never is.
 */
export interface Schedule {
  /** Credentials that are due, those that have been so for the longest time first. */
  dueCredentials(nowMs: number, limit: number): MaybePromise<readonly CredentialRecord[]>;
  schedule(appointments: readonly Appointment[]): MaybePromise<void>;
  /** Under which policies the appointments were made last; undefined when it was never said. */
  scheduledUnder(): MaybePromise<string | undefined>;
  rememberScheduledUnder(policies: string): MaybePromise<void>;
}
