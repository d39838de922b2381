import type { CredentialRecord } from '../ports/record.ts';
import type { Schedule } from '../ports/schedule.ts';

/** The schedule, and what a commit says of it. */
export interface MemorySchedule extends Schedule {
  set(credentialId: string, dueAt: number | null): void;
}

/** @param load the record of that id as it is now */
export function createMemorySchedule(load: (id: string) => CredentialRecord | undefined): MemorySchedule {
  const dueAt = new Map<string, number>();
  let under: string | undefined;

  function set(credentialId: string, at: number | null): void {
    if (at === null) dueAt.delete(credentialId);
    else dueAt.set(credentialId, at);
  }

  return {
    set,
    dueCredentials: (nowMs, limit) =>
      [...dueAt]
        .filter(([, at]) => at <= nowMs)
        .sort(([, a], [, b]) => a - b)
        .slice(0, limit)
        .flatMap(([id]) => load(id) ?? []),
    schedule(appointments) {
      for (const { credentialId, revision, dueAt: at } of appointments) {
        if (load(credentialId)?.revision === revision) set(credentialId, at);
      }
    },
    scheduledUnder: () => under,
    rememberScheduledUnder(policies) {
      under = policies;
    },
  };
}
