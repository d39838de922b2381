import {
  ACTIVITY_DAYS,
  type Activity,
  type ActivityRow,
  type ActivityStore,
  FOLDED,
  MAX_ACTIVITY_ROWS,
  MAX_DAILY_ROWS,
} from '../ports/activity.ts';

const DAY_MS = 86_400_000;

/** Keeps activity in memory, by credential and day. */
export function createMemoryActivity(): Omit<ActivityStore, 'latestDecisions'> {
  const days = new Map<string, Map<number, Map<string, ActivityRow>>>();
  let forgottenBefore = 0;

  function save(row: ActivityRow): void {
    const ofCredential = days.get(row.credentialId) ?? new Map<number, Map<string, ActivityRow>>();
    days.set(row.credentialId, ofCredential);
    const rows = ofCredential.get(row.day) ?? new Map<string, ActivityRow>();
    ofCredential.set(row.day, rows);
    const name = nameOf(row);
    const there = rows.get(name);
    if (there !== undefined) rows.set(name, added(row, there));
    else if (rows.size < MAX_DAILY_ROWS || isFolded(row)) rows.set(name, row);
    else save({ ...row, ip: FOLDED, instrument: FOLDED });
  }

  function rowsOf(credentialId: string, sinceDay: number): ActivityRow[] {
    return [...(days.get(credentialId) ?? [])]
      .filter(([day]) => day >= sinceDay)
      .flatMap(([, rows]) => [...rows.values()]);
  }

  /** Once a day: all of it is looked through. */
  function forget(beforeDay: number): void {
    if (beforeDay <= forgottenBefore) return;
    forgottenBefore = beforeDay;
    for (const [id, ofCredential] of days) {
      for (const day of ofCredential.keys()) if (day < beforeDay) ofCredential.delete(day);
      if (ofCredential.size === 0) days.delete(id);
    }
  }

  return {
    saveActivity(rows) {
      for (const row of rows) save(row);
      const nowMs = rows.reduce((latest, { lastAt }) => Math.max(latest, lastAt), 0);
      forget(Math.floor(nowMs / DAY_MS) - ACTIVITY_DAYS);
    },
    activityOf(credentialId, sinceDay) {
      const found = new Map<string, Activity>();
      for (const { credentialId: _, day, ...row } of rowsOf(credentialId, sinceDay)) {
        const there = found.get(nameOf(row));
        const firstDay = Math.min(day, there?.firstDay ?? day);
        found.set(nameOf(row), { ...(there === undefined ? row : added(row, there)), firstDay });
      }
      return [...found.values()].sort((a, b) => b.lastAt - a.lastAt).slice(0, MAX_ACTIVITY_ROWS);
    },
    lastUses(credentialId) {
      const latest = new Map<string, number>();
      for (const { permission, wasDenied, lastAt } of rowsOf(credentialId, 0)) {
        if (!wasDenied) latest.set(permission, Math.max(lastAt, latest.get(permission) ?? 0));
      }
      return [...latest].map(([permission, lastAt]) => ({ permission, lastAt }));
    },
    firstActivityDay() {
      const all = [...days.values()].flatMap((ofCredential) => [...ofCredential.keys()]);
      return all.length === 0 ? undefined : all.reduce((first, day) => Math.min(first, day));
    },
  };
}

type Counted = Omit<Activity, 'firstDay'>;

function added<T extends Counted>(row: T, there: Counted): T {
  return {
    ...row,
    requests: row.requests + there.requests,
    lastAt: Math.max(row.lastAt, there.lastAt),
  };
}

function nameOf({ permission, ip, instrument, wasDenied }: Counted): string {
  return JSON.stringify([wasDenied, permission, ip, instrument]);
}

function isFolded({ ip, instrument }: Counted): boolean {
  return ip === FOLDED && instrument === FOLDED;
}
