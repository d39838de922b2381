import { type Hours, type HoursWindow, WEEKDAYS } from '../credential/constraints.ts';
import { type ZoneClock, zoneClock } from './zone-clock.ts';

/** Says whether a wall clock shows a time within some windows. Both its ends are whole minutes. */
export interface OpenHours {
  isOpen(nowMs: number): boolean;
  /** Ms since 1970 at which the hours are over that are open now; infinity where they never are. */
  openUntil(nowMs: number): number;
}

const MINUTE_MS = 60_000;
const MINUTES_OF_DAY = 1440;
const MINUTES_OF_WEEK = 7 * MINUTES_OF_DAY;
const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** Whether the time zone database knows a name. Offsets like `+02:00` are no zones. */
export function isTimeZone(name: string): boolean {
  return zoneClock(name) !== undefined;
}

/** Minutes since midnight; undefined for what is no time of the day. */
export function minuteOf(time: string): number | undefined {
  if (time === '24:00') return MINUTES_OF_DAY;
  const match = TIME.exec(time);
  return match === null ? undefined : Number(match[1]) * 60 + Number(match[2]);
}

/** Makes hours ready to be asked. The zone and the times must be valid. */
export function openHours({ timeZone, windows }: Hours): OpenHours {
  const clock = zoneClock(timeZone);
  if (clock === undefined) throw new TypeError('a stored time zone is none');
  const spans = windows.flatMap(spansOf);
  return {
    isOpen(nowMs) {
      const now = clock.minuteOfWeek(nowMs);
      return spans.some(([from, to]) => from <= now && now < to);
    },
    openUntil: lasting((nowMs) => endOf(spans, clock, Math.floor(nowMs / MINUTE_MS))),
  };
}

/** Finds an end once: until then it is the same. */
function lasting(find: (nowMs: number) => number): (nowMs: number) => number {
  let since = Number.NaN;
  let end = Number.NaN;
  return (nowMs) => {
    if (nowMs >= since && nowMs < end) return end;
    end = find(nowMs);
    since = nowMs;
    return end;
  };
}

type Span = readonly [from: number, to: number];

/** The end of spans that are open in a minute since 1970, in ms since 1970. */
function endOf(spans: readonly Span[], clock: ZoneClock, minute: number): number {
  const shown = (at: number) => clock.minuteOfWeek(at * MINUTE_MS);
  const left = minutesLeft(spans, shown(minute));
  if (left >= MINUTES_OF_WEEK) return Number.POSITIVE_INFINITY;
  const isShifted = (at: number) => (shown(at) - at - shown(minute) + minute) % MINUTES_OF_WEEK !== 0;
  let before = minute;
  let after = minute + left;
  if (!isShifted(after)) return after * MINUTE_MS;
  // The clock is put forward or back meanwhile: from then on the time that is left is another.
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (isShifted(middle)) after = middle;
    else before = middle;
  }
  return endOf(spans, clock, after);
}

/** For how many minutes spans are open from a minute of the week on, one behind the other. A week or more: for ever. */
function minutesLeft(spans: readonly Span[], minute: number): number {
  let left = 0;
  for (let more = -1; more !== 0 && left < MINUTES_OF_WEEK; left += more) {
    const at = (minute + left) % MINUTES_OF_WEEK;
    more = 0;
    for (const [from, to] of spans) if (from <= at && at < to) more = Math.max(more, to - at);
  }
  return left;
}

function spansOf({ days, from, to }: HoursWindow): Span[] {
  const start = minuteOf(from);
  const end = minuteOf(to);
  if (start === undefined || end === undefined) throw new TypeError('a stored time of the day is none');
  return days.map((day): Span => {
    const midnight = WEEKDAYS.indexOf(day) * MINUTES_OF_DAY;
    return [midnight + start, midnight + end];
  });
}
