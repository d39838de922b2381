import { FAULT, type Gap } from './evaluation.ts';
import { ZONE_WORK } from './limits.ts';
import { from } from './operations.ts';
import type { Scope } from './scope.ts';
import type { Run, Term, TermOf } from './term.ts';
import { type TimeZone, timeZone } from './time-zone.ts';

const DAY_MS = 86_400_000;
const END_OF_9999 = Date.UTC(10_000, 0) - 1;
const LONGEST_DURATION_MS = 100 * 366 * DAY_MS;

/** What a calendar says of a time, counted as CEL counts. `getDate` begins at 1, the others at 0; Sunday is 0. */
const FIELDS: ReadonlyMap<string, (local: Date) => number> = new Map([
  ['getFullYear', (local) => local.getUTCFullYear()],
  ['getMonth', (local) => local.getUTCMonth()],
  ['getDate', (local) => local.getUTCDate()],
  ['getDayOfMonth', (local) => local.getUTCDate() - 1],
  ['getDayOfWeek', (local) => local.getUTCDay()],
  ['getDayOfYear', (local) => Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0)) / DAY_MS)],
  ['getHours', (local) => local.getUTCHours()],
  ['getMinutes', (local) => local.getUTCMinutes()],
  ['getSeconds', (local) => local.getUTCSeconds()],
  ['getMilliseconds', (local) => local.getUTCMilliseconds()],
]);

export const CALENDAR_FUNCTIONS: readonly string[] = [...FIELDS.keys()];

/** Compiles `time.getHours("Europe/Berlin")` and the like; without a zone it is UTC. */
export function calendarField(
  name: string,
  time: TermOf<'timestamp'>,
  zoneTerm: Term | undefined,
  at: number,
  scope: Scope,
): Term | undefined {
  const field = FIELDS.get(name) as (local: Date) => number;
  if (zoneTerm === undefined) return { type: 'int', run: from(time.run, (ms) => read(field, ms, 0)) };
  if (zoneTerm.type !== 'string' || zoneTerm.literal === undefined)
    return scope.refuse(at, `${name}() takes the name of a time zone, like "Europe/Berlin"`);
  const zone = timeZone(zoneTerm.literal);
  if (zone === undefined)
    return scope.refuse(at, `there is no time zone "${zoneTerm.literal}"; one is "Europe/Berlin"`);
  return { type: 'int', run: inZone(time.run, zone, field) };
}

function inZone(time: Run<number>, zone: TimeZone, field: (local: Date) => number): Run<bigint> {
  return (on) => {
    const ms = time(on);
    if (typeof ms === 'symbol') return ms;
    if (!hasCalendar(ms) || !(zone.isAtHand(ms) || on.spend(ZONE_WORK))) return FAULT;
    return read(field, ms, zone.offsetMs(ms));
  };
}

function read(field: (local: Date) => number, ms: number, offsetMs: number): bigint | Gap {
  return hasCalendar(ms) ? BigInt(field(new Date(ms + offsetMs))) : FAULT;
}

function hasCalendar(ms: number): boolean {
  return ms >= 0 && ms <= END_OF_9999;
}

const TIMESTAMP = /^(\d{4}-\d\d-(\d\d))T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)$/;

/** Reads a time in the form of RFC 3339, up to ms. Undefined: it is none. No leap second is one. */
export function readTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  // Some engines carry a day that a month does not have over into the next one.
  if (new Date(`${match[1]}T00:00:00Z`).getUTCDate() !== Number(match[2])) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

const DURATION = /^(?=\d)(?:(\d{1,8})h)?(?:(\d{1,8})m)?(?:(\d{1,10})s)?(?:(\d{1,12})ms)?$/;

/** Reads a duration like `36h`, `1h30m`, `10s` or `250ms`, up to 100 years. Undefined: it is none. */
export function readDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds, rest] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  const ms = hours * 3_600_000 + minutes * 60_000 + seconds * 1_000 + rest;
  return ms <= LONGEST_DURATION_MS ? ms : undefined;
}
