import type { Manifest, Template } from '@countersign/core';
import type { CredentialRecord } from '../ports/record.ts';
import type { Store } from '../ports/store.ts';
import { turn } from '../turn.ts';
import { faultsInRestrictions } from './key-faults.ts';
import type { Fault } from './key-input.ts';
import { type KeyStatus, statusOf } from './key-view.ts';
import { policyFaults } from './policy-faults.ts';

/** A key that could not be made today as it is. */
export interface ViolatingKey {
  readonly id: string;
  readonly accountId: string;
  readonly label: string;
  readonly status: KeyStatus;
  readonly faults: readonly Fault[];
}

export interface ViolationPage {
  readonly data: readonly ViolatingKey[];
  /** Where to go on; undefined when all keys were looked at. */
  readonly nextAfterId: string | undefined;
}

/** What the operator's manifest says of keys in general. */
export interface KeyPolicies {
  templates(): readonly Template[];
  /**
   * Looks for keys that violate the policies of today, or hold permissions or constraints that the manifest does not
   * know (any more). Revoked and expired ones are left out. A page ends after so many violating keys, or when many keys
   * were looked at: it may be empty, and not be the last.
   */
  violations(page: { readonly afterId: string; readonly limit: number }): Promise<ViolationPage>;
}

interface Parts {
  readonly store: Store;
  readonly manifest: Manifest | undefined;
  readonly clock: () => number;
}

/** Keys that are looked at before others get their turn: a few milliseconds. */
const BATCH = 50;
/** Keys that are looked at for one page. */
const MOST_LOOKED_AT = 10_000;

export function createKeyPolicies({ store, manifest, clock }: Parts): KeyPolicies {
  function violatingKey(record: CredentialRecord, nowMs: number): ViolatingKey | undefined {
    const { id, accountId, label, permissions, allowedIps, constraints } = record;
    const status = statusOf(record, nowMs);
    if (status === 'revoked' || hasExpired(record, nowMs)) return undefined;
    const held = { permissions, allowedIps, constraints };
    const faults = [
      ...faultsInRestrictions(held, accountId, manifest, nowMs),
      ...policyFaults(record, manifest, nowMs),
    ];
    return faults.length === 0 ? undefined : { id, accountId, label, status, faults };
  }

  return {
    templates: () => [...(manifest?.templates.values() ?? [])],
    async violations({ afterId, limit }) {
      const nowMs = clock();
      const data: ViolatingKey[] = [];
      let at = afterId;
      for (let seen = 0; seen < MOST_LOOKED_AT; seen += BATCH) {
        const records = await store.listCredentials({ nowMs, afterId: at, limit: BATCH });
        for (const record of records) {
          const key = violatingKey(record, nowMs);
          if (key !== undefined) data.push(key);
          at = record.id;
          if (data.length === limit) return { data, nextAfterId: at };
        }
        if (records.length < BATCH) return { data, nextAfterId: undefined };
        await turn();
      }
      return { data, nextAfterId: at };
    },
  };
}

/** Those that are disabled or quarantined, too. */
function hasExpired({ expiresAt }: CredentialRecord, nowMs: number): boolean {
  return expiresAt !== null && expiresAt <= nowMs;
}
