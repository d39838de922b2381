import type { CredentialRecord } from '../ports/record.ts';
import type { Appointment, Schedule } from '../ports/schedule.ts';
import { type Database, guarded } from './connection.ts';

/** Appointments, as a message to the thread that writes; or under which policies they were made. */
export type ScheduleJob =
  | { readonly kind: 'schedule'; readonly appointments: readonly Appointment[] }
  | { readonly kind: 'scheduledUnder'; readonly policies: string };

/** Makes the function that does such a job, within a transaction. It returns how many rows were changed. */
export function createScheduleWrites(database: Database): (job: ScheduleJob) => number {
  const schedule = database.prepare('UPDATE credentials SET due_at = ? WHERE id = ? AND revision = ?');
  const remember = database.prepare(
    `INSERT INTO scheduled_under (only, policies) VALUES (1, ?)
     ON CONFLICT (only) DO UPDATE SET policies = excluded.policies`,
  );
  return (job) => {
    if (job.kind === 'scheduledUnder') return remember.run(job.policies).changes;
    let changes = 0;
    for (const { credentialId, revision, dueAt } of job.appointments) {
      changes += schedule.run(dueAt, credentialId, revision).changes;
    }
    return changes;
  };
}

/** What of the thread that writes this needs. */
interface ScheduleWriter {
  write(job: ScheduleJob): Promise<unknown>;
}

/** @param fromRow reads a record out of its column */
export function createSchedule(
  database: Database,
  writer: ScheduleWriter,
  fromRow: (record: string) => CredentialRecord,
): Schedule {
  const due = database
    .prepare('SELECT record FROM credentials WHERE due_at <= ? ORDER BY due_at LIMIT ?')
    .pluck();
  const under = database.prepare('SELECT policies FROM scheduled_under').pluck();
  return {
    dueCredentials: (nowMs, limit) => guarded(() => (due.all(nowMs, limit) as string[]).map(fromRow)),
    async schedule(appointments) {
      if (appointments.length > 0) await writer.write({ kind: 'schedule', appointments });
    },
    scheduledUnder: () => guarded(() => under.get() as string | undefined),
    rememberScheduledUnder: async (policies) =>
      void (await writer.write({ kind: 'scheduledUnder', policies })),
  };
}
