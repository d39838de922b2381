import type { Secret } from '@countersign/core';
import type { RememberedAnswer } from '../ports/store.ts';
import type { Fault } from './key-input.ts';
import type { KeyView } from './key-view.ts';

export type KeyRefusalCode =
  | 'invalid_body'
  | 'not_found'
  | 'id_taken'
  | 'revision_mismatch'
  | 'key_revoked'
  | 'state_conflict'
  | 'permission_denied';

/** Why a management call changed nothing. */
export interface KeyRefusal {
  readonly ok: false;
  readonly code: KeyRefusalCode;
  readonly detail: string;
  readonly errors?: readonly Fault[] | undefined;
}

/** A changed key, and the secret where there is a new one: this once. */
export interface KeyChanged {
  readonly ok: true;
  readonly key: KeyView;
  readonly secret?: Secret | undefined;
}

export interface KeysRevoked {
  readonly ok: true;
  readonly revoked: number;
  readonly revision: number;
  /** Nodes that confirmed to use the new state. */
  readonly confirmedNodes: number;
  readonly everywhere: boolean;
  readonly elapsedMs: number;
}

/** On whose behalf something is done. */
export interface By {
  /** An operator credential's id; `service` for the service itself. */
  readonly actor: string;
  /** The operator's permissions; absent for the service itself, which may do everything. */
  readonly permissions?: readonly string[] | undefined;
  readonly requestId?: string | undefined;
  /** Makes the answer that is stored with the change, for the caller's idempotency key. */
  readonly remember?: ((result: KeyChanged | KeysRevoked) => RememberedAnswer) | undefined;
}

export function refused(code: KeyRefusalCode, detail: string, errors?: readonly Fault[]): KeyRefusal {
  return { ok: false, code, detail, errors };
}

export function refusedFor(errors: readonly Fault[]): KeyRefusal {
  const detail = errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
  return refused('invalid_body', detail, errors);
}
