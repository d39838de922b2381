import { type Hours, type HoursWindow, WEEKDAYS, type Weekday } from '../credential/constraints.ts';

/** Says whether a wall clock shows a time within some windows. Both its ends are whole minutes. */
export interface OpenHours {
  isOpen(nowMs: number): boolean;
}

const MINUTE_MS = 60_000;
const MINUTES_OF_DAY = 1440;
const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** Whether the time zone database knows a name. Offsets like `+02:00` are no zones: they have no summer time. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false; // A RangeError: there is no such zone.
  }
}

/** Minutes since midnight; undefined for what is no time of the day. */
export function minuteOf(time: string): number | undefined {
  if (time === '24:00') return MINUTES_OF_DAY;
  const match = TIME.exec(time);
  return match === null ? undefined : Number(match[1]) * 60 + Number(match[2]);
}

/** Makes hours ready to be asked. The zone and the times must be valid. */
export function openHours({ timeZone, windows }: Hours): OpenHours {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const spans = windows.flatMap(spansOf);
  let lastMinute = Number.NaN;
  let wasOpen = false;
  return {
    // Asking the time zone database takes longer than a decision, and the answer holds for a minute.
    isOpen(nowMs) {
      const minute = Math.floor(nowMs / MINUTE_MS);
      if (minute !== lastMinute) {
        lastMinute = minute;
        const now = minuteOfWeek(clock, minute * MINUTE_MS);
        wasOpen = spans.some(([from, to]) => from <= now && now < to);
      }
      return wasOpen;
    },
  };
}

function spansOf({ days, from, to }: HoursWindow): [number, number][] {
  const start = minuteOf(from);
  const end = minuteOf(to);
  if (start === undefined || end === undefined) throw new TypeError('a stored time of the day is none');
  return days.map((day) => {
    const midnight = WEEKDAYS.indexOf(day) * MINUTES_OF_DAY;
    return [midnight + start, midnight + end];
  });
}

function minuteOfWeek(clock: Intl.DateTimeFormat, ms: number): number {
  let day = 0;
  let minutes = 0;
  for (const { type, value } of clock.formatToParts(ms)) {
    if (type === 'weekday') day = WEEKDAYS.indexOf(value.toLowerCase() as Weekday);
    else if (type === 'hour') minutes += Number(value) * 60;
    else if (type === 'minute') minutes += Number(value);
  }
  return day * MINUTES_OF_DAY + minutes;
}
