import { type Hours, type HoursWindow, isTimeZone, minuteOf } from '@countersign/core';
import type { Fault } from './key-input.ts';

/** Lists all that is wrong with hours. Windows may overlap. */
export function faultsInHours({ timeZone, windows }: Hours, pointer: string): Fault[] {
  const faults: Fault[] = [];
  if (!isTimeZone(timeZone)) {
    faults.push({
      pointer: `${pointer}/timeZone`,
      message: 'is not a name of the time zone database, like "Europe/Berlin" (offsets have no summer time)',
    });
  }
  if (windows.length === 0) faults.push({ pointer: `${pointer}/windows`, message: 'must have at least one' });
  return [...faults, ...windows.flatMap((window, i) => faultsInWindow(window, `${pointer}/windows/${i}`))];
}

function faultsInWindow({ days, from, to }: HoursWindow, pointer: string): Fault[] {
  const faults: Fault[] = [];
  if (days.length === 0) faults.push({ pointer: `${pointer}/days`, message: 'must have at least one' });
  const [start, end] = [minuteOf(from), minuteOf(to)];
  const noTime = 'is not a time like "09:00" or "17:30"';
  if (start === undefined) faults.push({ pointer: `${pointer}/from`, message: noTime });
  if (end === undefined) faults.push({ pointer: `${pointer}/to`, message: `${noTime}, or "24:00"` });
  if (start !== undefined && end !== undefined && end <= start) {
    faults.push({
      pointer: `${pointer}/to`,
      message: 'must be later than "from": what goes over midnight is two windows',
    });
  }
  return faults;
}
