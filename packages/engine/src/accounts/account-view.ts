import { ENVIRONMENTS, type Environment } from '@countersign/core';
import type { KeyRefusal } from '../keys/key-result.ts';
import { type AccountRecord, type Freeze, type FreezeRecord, plainAccount } from '../ports/accounts.ts';

/** Whether something is frozen, as it is shown. */
export interface FreezeView {
  readonly isFrozen: boolean;
  readonly reason: string | null;
  /** ISO 8601. */
  readonly frozenAt: string | null;
}

/** An account as it is shown. */
export interface AccountView extends FreezeView {
  readonly accountId: string;
  readonly quotas: Readonly<Record<string, number>>;
  /** Whether there is any key of it. Where there is none, the id may be mistyped. */
  readonly hasKeys: boolean;
  readonly revision: number;
}

export interface EnvironmentFreezeView extends FreezeView {
  readonly environment: Environment;
}

export interface FrozenAccountView extends FreezeView {
  readonly accountId: string;
}

/** Everything that is frozen. */
export interface FreezesView {
  /** Each environment, frozen or not. */
  readonly environments: readonly EnvironmentFreezeView[];
  /** Of accounts that are frozen by themselves, the first by their ids. */
  readonly frozenAccounts: readonly FrozenAccountView[];
  readonly frozenAccountCount: number;
}

export interface AccountChanged {
  readonly ok: true;
  readonly account: AccountView;
}

export interface FreezesChanged {
  readonly ok: true;
  readonly environments: readonly EnvironmentFreezeView[];
  /** Those that were not so before. */
  readonly changed: readonly Environment[];
  readonly elapsedMs: number;
}

export type AccountRefusal = KeyRefusal;

const MAX_SHOWN = 1_000;

export function accountView(record: AccountRecord, hasKeys: boolean): AccountView {
  const { accountId, quotas, revision } = record;
  return { accountId, ...freezeView(record), quotas, hasKeys, revision };
}

export function freezesView(freezes: readonly FreezeRecord[], frozen: readonly AccountRecord[]): FreezesView {
  return {
    environments: environmentViews(freezes),
    frozenAccounts: frozen
      .slice(0, MAX_SHOWN)
      .map((record) => ({ accountId: record.accountId, ...freezeView(record) })),
    frozenAccountCount: frozen.length,
  };
}

export function environmentViews(freezes: readonly FreezeRecord[]): EnvironmentFreezeView[] {
  return ENVIRONMENTS.map((environment) => {
    const record = freezes.find((freeze) => freeze.environment === environment);
    return { environment, ...freezeView(record ?? plainAccount('')) };
  });
}

function freezeView({ isFrozen, reason, frozenAt }: Freeze): FreezeView {
  return { isFrozen, reason, frozenAt: frozenAt === null ? null : new Date(frozenAt).toISOString() };
}
