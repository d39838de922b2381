import {
  ACTIVITY_DAYS,
  type Activity,
  type ActivityRow,
  type ActivityStore,
  FOLDED,
  type LastUse,
  MAX_ACTIVITY_ROWS,
  MAX_DAILY_ROWS,
} from '../ports/activity.ts';
import type { AuditEntry } from '../ports/audit-log.ts';
import { type Database, guarded } from './connection.ts';

/** How many old rows go with each save: few enough to keep nobody waiting, many more than come. */
const MAX_PRUNED = 2_000;
const DAY_MS = 86_400_000;

/** Makes the function that saves activity, within the transaction of the one who calls it. */
export function createActivityWrites(database: Database): (rows: readonly ActivityRow[]) => number {
  const add = database.prepare(
    `UPDATE activity SET requests = requests + @requests, last_at = max(last_at, @lastAt)
     WHERE day = @day AND credential_id = @credentialId AND was_denied = @wasDenied
       AND permission = @permission AND ip = @ip AND instrument = @instrument`,
  );
  const insert = database.prepare(
    `INSERT INTO activity (day, credential_id, was_denied, permission, ip, instrument, requests, last_at)
     VALUES (@day, @credentialId, @wasDenied, @permission, @ip, @instrument, @requests, @lastAt)`,
  );
  const count = database.prepare('SELECT count(*) FROM activity WHERE day = ? AND credential_id = ?').pluck();
  const prune = database.prepare(
    `DELETE FROM activity WHERE (day, credential_id, was_denied, permission, ip, instrument) IN
       (SELECT day, credential_id, was_denied, permission, ip, instrument FROM activity WHERE day < ? LIMIT ?)`,
  );

  function save(row: ActivityRow): void {
    const bound = { ...row, wasDenied: row.wasDenied ? 1 : 0 };
    if (add.run(bound).changes > 0) return;
    const isFolded = row.ip === FOLDED && row.instrument === FOLDED;
    if (isFolded || (count.get(row.day, row.credentialId) as number) < MAX_DAILY_ROWS) insert.run(bound);
    else save({ ...row, ip: FOLDED, instrument: FOLDED });
  }

  return (rows) => {
    let nowMs = 0;
    for (const row of rows) {
      save(row);
      nowMs = Math.max(nowMs, row.lastAt);
    }
    prune.run(Math.floor(nowMs / DAY_MS) - ACTIVITY_DAYS, MAX_PRUNED);
    return rows.length;
  };
}

/** Reads activity, and the decisions about one credential. */
export function createActivityReads(database: Database): Omit<ActivityStore, 'saveActivity'> {
  // Each day is looked up by itself: the day stands first in the key, and the credential after it.
  const days = `WITH RECURSIVE days (day) AS
    (SELECT max(@since, (SELECT min(day) FROM activity)) UNION ALL
     SELECT day + 1 FROM days WHERE day < (SELECT max(day) FROM activity))`;
  const activityOf = database.prepare(
    `${days} SELECT permission, ip, instrument, was_denied AS wasDenied,
       min(activity.day) AS firstDay, sum(requests) AS requests, max(last_at) AS lastAt
     FROM days CROSS JOIN activity ON activity.day = days.day AND credential_id = @id
     GROUP BY permission, ip, instrument, was_denied ORDER BY lastAt DESC, permission, ip, instrument LIMIT @limit`,
  );
  const lastUses = database.prepare(
    `${days} SELECT permission, max(last_at) AS lastAt
     FROM days CROSS JOIN activity ON activity.day = days.day AND credential_id = @id AND was_denied = 0
     GROUP BY permission ORDER BY permission`,
  );
  const firstDay = database.prepare('SELECT min(day) FROM activity').pluck();
  const latest = database.prepare(
    `SELECT idx AS "index", entry AS bytes FROM log
     WHERE credential_id = ? AND type = 'decision' ORDER BY idx DESC LIMIT ?`,
  );
  type Row = Omit<Activity, 'wasDenied'> & { readonly wasDenied: number };
  return {
    activityOf: (id, since) =>
      guarded(() =>
        (activityOf.all({ id, since, limit: MAX_ACTIVITY_ROWS }) as Row[]).map((row) => ({
          ...row,
          wasDenied: row.wasDenied === 1,
        })),
      ),
    lastUses: (id) => guarded(() => lastUses.all({ id, since: 0 }) as LastUse[]),
    firstActivityDay: () => guarded(() => (firstDay.get() as number | null) ?? undefined),
    latestDecisions: (id, limit) => guarded(() => latest.all(id, limit) as AuditEntry[]),
  };
}
