/** The span in which no zone changes its clock: they do so at quarters of an hour, since 1973. */
const QUARTER_MS = 15 * 60_000;
const QUARTERS_SINCE = Date.UTC(1973, 0);

/** Zones by the name that the platform has for them, so that other spellings of a name do not add to it. */
const zones = new Map<string, TimeZone>();

/** How far a zone's clocks are ahead of UTC. It remembers the last quarter of an hour that it was asked about. */
export interface TimeZone {
  /** @param ms since 1970, of the years 1970 to 9999 */
  offsetMs(ms: number): number;
  /** Whether that needs no question to the platform, which takes some microseconds. */
  isAtHand(ms: number): boolean;
}

/** Undefined: the platform knows no such zone. Names of the IANA database, like `Europe/Berlin`; no offsets. */
export function timeZone(name: string): TimeZone | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return undefined;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined; // This is how the platform says that it knows none.
    throw error;
  }
  const known = format.resolvedOptions().timeZone;
  const zone = zones.get(known) ?? zoneOf(format);
  zones.set(known, zone);
  return zone;
}

function zoneOf(format: Intl.DateTimeFormat): TimeZone {
  let quarter = Number.NaN;
  let offset = 0;
  const isAtHand = (ms: number) => ms >= QUARTERS_SINCE && Math.floor(ms / QUARTER_MS) === quarter;
  return {
    isAtHand,
    offsetMs(ms) {
      if (isAtHand(ms)) return offset;
      offset = offsetAt(format, ms);
      quarter = Math.floor(ms / QUARTER_MS);
      return offset;
    },
  };
}

function offsetAt(format: Intl.DateTimeFormat, ms: number): number {
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) as number;
  const local = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return local - Math.floor(ms / 1000) * 1000;
}
