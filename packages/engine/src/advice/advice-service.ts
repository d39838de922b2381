import { type Manifest, OPERATOR_ACCOUNT } from '@countersign/core';
import type { UsageRecorder } from '../activity/usage.ts';
import { faultsInRestrictions } from '../keys/key-faults.ts';
import type { Fault } from '../keys/key-input.ts';
import { type KeyRefusal, refused, refusedFor } from '../keys/key-result.ts';
import { OPERATOR_PERMISSIONS } from '../keys/operator-permissions.ts';
import type { Activity } from '../ports/activity.ts';
import type { AuditEntry } from '../ports/audit-log.ts';
import type { CredentialRecord } from '../ports/record.ts';
import type { Store } from '../ports/store.ts';
import { type Advice, advise } from './advise.ts';
import { type DryRun, dryRunAddresses } from './dry-run.ts';
import { type Learned, proposeTemplate } from './propose-template.ts';
import { templateText } from './template-text.ts';

/** The keys whose traffic a template is learned from: one, or those of an account in the test environment. */
export type LearnFrom = { readonly credentialId: string } | { readonly accountId: string };

export interface LearnedTemplate extends Learned {
  /** As the manifest has it. */
  readonly yaml: string;
  readonly keys: number;
}

/** What the recorded traffic of keys says about them. Changes nothing; a store that fails rejects. */
export interface AdviceService {
  /** The smallest set that the traffic of so many days needs. */
  advice(
    id: string,
    days: number,
  ): Promise<(Advice & { readonly ok: true; readonly revision: number }) | KeyRefusal>;
  /** What a list of addresses would have refused of the traffic of so many days. */
  dryRun(
    id: string,
    allowedIps: readonly string[],
    days: number,
  ): Promise<(DryRun & { readonly ok: true }) | KeyRefusal>;
  /** A template for what bots of the test environment called. */
  learn(
    from: LearnFrom,
    name: string,
    days: number,
  ): Promise<(LearnedTemplate & { readonly ok: true }) | KeyRefusal>;
}

interface Parts {
  readonly store: Store;
  readonly manifest: Manifest | undefined;
  readonly clock: () => number;
  readonly usage: UsageRecorder;
  /** Resolves once what was decided so far is in the log. */
  readonly logged: () => Promise<void>;
}

const DAY_MS = 86_400_000;
/** How many of the latest decisions examples and routes are taken from. */
const LATEST = 1_000;
/** The most keys of an account that a template is learned from. */
const MAX_KEYS = 100;
const KEYS_AT_ONCE = 1_000;

export function createAdviceService({ store, manifest, clock, usage, logged }: Parts): AdviceService {
  const facts = new Set(manifest?.facts.keys());

  const firstDayOf = (days: number) => Math.floor(clock() / DAY_MS) - days;

  async function activityOf(id: string, days: number): Promise<readonly Activity[]> {
    // What cannot be saved is reported by who saves it regularly; what was saved before is told all the same.
    await usage.save().catch(() => undefined);
    return store.activityOf(id, firstDayOf(days));
  }

  async function latestDecisions(id: string, days: number, limit: number): Promise<readonly AuditEntry[]> {
    await logged().catch(() => undefined); // Who writes the log tells of it; the rest of it is there.
    const since = firstDayOf(days) * DAY_MS;
    return (await store.latestDecisions(id, limit)).filter(
      ({ bytes }) => (JSON.parse(bytes) as { at: number }).at >= since,
    );
  }

  async function testKeysOf(accountId: string): Promise<CredentialRecord[]> {
    const found: CredentialRecord[] = [];
    let afterId: string | undefined = '';
    while (afterId !== undefined && found.length < MAX_KEYS) {
      const page = await store.listCredentials({ accountId, nowMs: clock(), afterId, limit: KEYS_AT_ONCE });
      found.push(...page.filter(({ environment }) => environment === 'test'));
      afterId = page.length < KEYS_AT_ONCE ? undefined : page.at(-1)?.id;
    }
    return found.slice(0, MAX_KEYS);
  }

  async function keysMeant(from: LearnFrom): Promise<readonly CredentialRecord[] | KeyRefusal> {
    if ('accountId' in from) {
      if (from.accountId === OPERATOR_ACCOUNT) return faulty('/accountId', 'is that of operators');
      const keys = await testKeysOf(from.accountId);
      return keys.length > 0 ? keys : faulty('/accountId', 'has no key of the test environment');
    }
    const record = await store.loadCredential(from.credentialId);
    if (record === undefined) return refused('not_found', 'There is no key of that id.');
    if (record.accountId === OPERATOR_ACCOUNT) return faulty('/credentialId', 'is a key of operators');
    if (record.environment !== 'test') {
      return faulty(
        '/credentialId',
        `is a key of ${record.environment}: templates are learned in test alone`,
      );
    }
    return [record];
  }

  return {
    async advice(id, days) {
      const record = await store.loadCredential(id);
      if (record === undefined) return refused('not_found', 'There is no key of that id.');
      const known = record.accountId === OPERATOR_ACCOUNT ? OPERATOR_PERMISSIONS : manifest?.permissions;
      const activity = await activityOf(id, days);
      const advice = advise({
        record,
        activity,
        nowMs: clock(),
        days,
        firstDay: await store.firstActivityDay(),
        permissionNamed: (name) => known?.get(name),
        facts,
      });
      return { ok: true, ...advice, revision: record.revision };
    },
    async dryRun(id, allowedIps, days) {
      const record = await store.loadCredential(id);
      if (record === undefined) return refused('not_found', 'There is no key of that id.');
      const faults = faultsInRestrictions({ allowedIps }, record.accountId, manifest, clock());
      if (faults.length > 0) return refusedFor(faults);
      const activity = await activityOf(id, days);
      return { ok: true, ...dryRunAddresses(allowedIps, activity, await latestDecisions(id, days, LATEST)) };
    },
    async learn(from, name, days) {
      const keys = await keysMeant(from);
      if ('ok' in keys) return keys;
      const activity: Activity[] = [];
      const decisions: AuditEntry[] = [];
      for (const { id } of keys) {
        activity.push(...(await activityOf(id, days)));
        decisions.push(...(await latestDecisions(id, days, Math.ceil(LATEST / keys.length))));
      }
      const description = `What ${keys.length} ${keys.length === 1 ? 'key' : 'keys'} of the test environment called in ${days} days`;
      const learned = proposeTemplate({ name, description }, activity, decisions, manifest);
      if (learned === undefined) {
        return refused('state_conflict', `Nothing that needs a permission was called in ${days} days.`);
      }
      const yaml = templateText(learned.template, learned.permissions);
      return { ok: true, ...learned, yaml, keys: keys.length };
    },
  };
}

function faulty(pointer: string, message: string): KeyRefusal {
  const fault: Fault = { pointer, message };
  return refusedFor([fault]);
}
