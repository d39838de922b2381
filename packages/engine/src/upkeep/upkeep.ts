import type { Manifest } from '@countersign/core';
import type { UsageRecorder } from '../activity/usage.ts';
import { lastUseOf } from '../credentials/last-use.ts';
import { shortestOf } from '../credentials/shortest-of.ts';
import type { CredentialRecord } from '../ports/record.ts';
import type { Appointment } from '../ports/schedule.ts';
import { type Store, StoreError } from '../ports/store.ts';
import { turn } from '../turn.ts';
import { carryOut, type Upkept } from './carry-out.ts';
import { nextDueAt, type UpkeepRules } from './deeds.ts';

const PASS_EVERY_MS = 30_000;
/** Keys that are looked at before requests get their turn. */
const PAGE = 200;

/** Does with keys what is due and what nobody asks for: see {@link carryOut}. */
export interface Upkeep {
  /** Begins to do it now and then. */
  start(): void;
  /** Does all that is due now; of two calls at once, the second waits for the first. Rejects when it cannot. */
  run(): Promise<void>;
  /** What stopped the last pass; null when nothing did. It is tried again. */
  readonly fault: string | null;
  /** Ends after the keys that are being looked at. */
  stop(): Promise<void>;
}

interface Parts {
  readonly store: Store;
  readonly manifest: Manifest | undefined;
  readonly usage: UsageRecorder;
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
}

export function createUpkeep({ store, manifest, usage, clock, onError }: Parts): Upkeep {
  const policies = policiesText(manifest);
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let running: Promise<void> | undefined;
  let fault: string | null = null;

  async function pass(): Promise<void> {
    await scheduleUnderPolicies();
    for (;;) {
      const nowMs = clock();
      const due = await store.dueCredentials(nowMs, PAGE);
      await keepUp(due, nowMs);
      if (due.length < PAGE || isStopped) return;
      await turn();
    }
  }

  /** Looks at every key, some at a time, when the policies are not those that its appointment was made under. */
  async function scheduleUnderPolicies(): Promise<void> {
    if ((await store.scheduledUnder()) === policies) return;
    let afterId = '';
    for (;;) {
      const nowMs = clock();
      const page = await store.listCredentials({ nowMs, afterId, limit: PAGE });
      await keepUp(page, nowMs);
      if (page.length < PAGE) break;
      afterId = (page.at(-1) as CredentialRecord).id;
      if (isStopped) return; // The next start begins anew.
      await turn();
    }
    await store.rememberScheduledUnder(policies);
  }

  /** @param nowMs of before the keys were read: a use since then is among those that are read with them */
  async function keepUp(records: readonly CredentialRecord[], nowMs: number): Promise<void> {
    const quiet: Dated[] = [];
    const loud: Dated[] = [];
    const appointments: Appointment[] = [];
    if (records.length > 0) await usage.save();
    for (const record of records) {
      const rules = rulesOf(record);
      const uses = rules.idleExpiryMs === undefined ? [] : await store.usageOf(record.id);
      const lastUsedAt = lastUseOf(record, uses);
      const upkept = carryOut(record, rules, lastUsedAt, nowMs);
      const dueAt = nextDueAt(upkept.record, rules, lastUsedAt);
      if (upkept.entries.length > 0) (upkept.keepsDecisions ? quiet : loud).push({ ...upkept, dueAt });
      else appointments.push({ credentialId: record.id, revision: record.revision, dueAt });
    }
    await commit(quiet, true);
    await commit(loud, false);
    await store.schedule(appointments);
  }

  function rulesOf(record: CredentialRecord): UpkeepRules {
    return {
      rotateEveryMs: shortestOf('rotateEveryMs', record, manifest),
      idleExpiryMs: shortestOf('idleExpiryMs', record, manifest),
    };
  }

  /** Stores what was done. A key that somebody changed meanwhile is due again by that, and is left for then. */
  async function commit(upkept: readonly Dated[], keepsDecisions: boolean): Promise<void> {
    if (upkept.length === 0) return;
    try {
      await store.commit({
        records: upkept.map(({ record }) => record),
        entries: upkept.flatMap(({ entries }) => entries),
        dueAt: new Map(upkept.map(({ record, dueAt }) => [record.id, dueAt])),
        keepsDecisions,
      });
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'revision_conflict') throw error;
      if (upkept.length > 1) for (const one of upkept) await commit([one], keepsDecisions);
    }
  }

  function run(): Promise<void> {
    running ??= pass()
      .then(() => {
        fault = null;
      })
      .catch((error: unknown) => {
        fault = error instanceof Error ? error.message : String(error);
        throw error;
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  return {
    start() {
      timer ??= setInterval(() => void run().catch(onError), PASS_EVERY_MS).unref();
    },
    run,
    get fault() {
      return fault;
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await running?.catch(() => {}); // Whoever began it has heard of it.
    },
  };
}

interface Dated extends Upkept {
  readonly dueAt: number | null;
}

/** The policies that appointments depend on, as one text: when it differs, so may they. */
function policiesText(manifest: Manifest | undefined): string {
  const rows = [...(manifest?.permissions.values() ?? [])].flatMap(({ name, policy }) =>
    policy?.idleExpiryMs === undefined && policy?.rotateEveryMs === undefined
      ? []
      : [[name, policy.idleExpiryMs ?? null, policy.rotateEveryMs ?? null]],
  );
  return JSON.stringify(rows.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}
