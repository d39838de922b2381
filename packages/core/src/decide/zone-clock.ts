import { WEEKDAYS, type Weekday } from '../credential/constraints.ts';

/** What a wall clock of a time zone shows. */
export interface ZoneClock {
  /** Whole minutes since Monday, 00:00. */
  minuteOfWeek(nowMs: number): number;
}

const MINUTE_MS = 60_000;
const MINUTES_OF_DAY = 1440;
/** More than there are zones, for names that differ in letter case alone. */
const MAX_CLOCKS = 1000;
const clocks = new Map<string, ZoneClock>();

/**
 * The clock of a zone of the IANA time zone database; undefined when there is no such zone. Offsets like `+02:00` are no
 * zones: they have no summer time. A zone has one clock for everybody, because a formatter takes up tens of kilobytes,
 * and making it longer than many decisions.
 */
export function zoneClock(timeZone: string): ZoneClock | undefined {
  const there = clocks.get(timeZone);
  if (there !== undefined || !/^[A-Za-z]/.test(timeZone)) return there;
  let clock: ZoneClock;
  try {
    clock = makeClock(timeZone);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  if (clocks.size >= MAX_CLOCKS) clocks.clear();
  clocks.set(timeZone, clock);
  return clock;
}

function makeClock(timeZone: string): ZoneClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  let lastMinute = Number.NaN;
  let shown = 0;
  return {
    // What the database says holds for a minute.
    minuteOfWeek(nowMs) {
      const minute = Math.floor(nowMs / MINUTE_MS);
      if (minute !== lastMinute) {
        shown = read(format, minute * MINUTE_MS);
        lastMinute = minute;
      }
      return shown;
    },
  };
}

function read(format: Intl.DateTimeFormat, ms: number): number {
  let total = 0;
  for (const { type, value } of format.formatToParts(ms)) {
    if (type === 'weekday') {
      total += WEEKDAYS.indexOf(value.toLowerCase() as Weekday) * MINUTES_OF_DAY;
    } else if (type === 'hour') total += Number(value) * 60;
    else if (type === 'minute') total += Number(value);
  }
  return total;
}
