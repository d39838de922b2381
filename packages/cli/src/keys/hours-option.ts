import type { Constraints } from '@countersign/contract';
import { InvalidArgumentError } from 'commander';

type Hours = NonNullable<(typeof Constraints)['_output']['hours']>;
export type HoursWindow = Hours['windows'][number];
type Day = HoursWindow['days'][number];

const DAYS: readonly Day[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const FORM = 'Write days and times, like "mon-fri 09:00-17:30" or "sat,sun 00:00-24:00".';

/** Collects windows like `mon-fri 09:00-17:30`. Whether the times are some is the service's to say. */
export function collectHours(
  text: string,
  before: readonly HoursWindow[] | false | undefined,
): HoursWindow[] {
  const match = /^([a-z,-]+) +([0-9:]+)-([0-9:]+)$/i.exec(text.trim());
  if (match === null) throw new InvalidArgumentError(FORM);
  const [, days, from, to] = match as unknown as [string, string, string, string];
  const named = new Set(days.toLowerCase().split(',').flatMap(daysOf));
  return [...(before || []), { days: DAYS.filter((day) => named.has(day)), from, to }];
}

/** `tue`, or the days of `mon-fri`; a span may go over Sunday. */
function daysOf(text: string): Day[] {
  const [first, last = first, ...rest] = text.split('-').map((day) => DAYS.indexOf(day as Day));
  if (first === undefined || last === undefined || first < 0 || last < 0 || rest.length > 0) {
    throw new InvalidArgumentError(FORM);
  }
  const length = ((last - first + DAYS.length) % DAYS.length) + 1;
  return Array.from({ length }, (_, i) => DAYS[(first + i) % DAYS.length] as Day);
}

/** Hours as `--hours` takes them, one a line, and the zone. */
export function hoursText({ timeZone, windows }: Hours): string {
  return [...windows.map(({ days, from, to }) => `${days.join(',')} ${from}-${to}`), timeZone].join('\n');
}
