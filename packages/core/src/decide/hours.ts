import { type Hours, type HoursWindow, WEEKDAYS } from '../credential/constraints.ts';
import { zoneClock } from './zone-clock.ts';

/** Says whether a wall clock shows a time within some windows. Both its ends are whole minutes. */
export interface OpenHours {
  isOpen(nowMs: number): boolean;
}

const MINUTES_OF_DAY = 1440;
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
