import { InvalidArgumentError } from 'commander';

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** A limit of the API's form. */
export interface RateLimitValue {
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
}

/** Collects an option that can be given several times. */
export function collect(value: string, before: readonly string[] | false | undefined): string[] {
  return [...(before || []), value];
}

/** Reads `90s`, `15m`, `24h` or `30d`; a bare number counts seconds. */
export function durationSeconds(text: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Write 90s, 15m, 24h or 30d.');
  return Number(match[1]) * SECONDS[(match[2] || 's') as keyof typeof SECONDS];
}

/** Seconds as {@link durationSeconds} reads them, in the largest unit that they are a whole number of. */
export function durationText(seconds: number): string {
  const [unit, size] = Object.entries(SECONDS).findLast(([, each]) => seconds % each === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}

/** Reads a whole number that is not negative. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}

/** Reads `orders=10/1s`: a name, a quota and a window. */
export function collectRateLimit(
  text: string,
  before: readonly RateLimitValue[] | false | undefined,
): RateLimitValue[] {
  const match = /^([^=]+)=(\d{1,10})\/(\d{1,9}[smhd])$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Write name=quota/window, like orders=10/1s.');
  const [, name, quota, window] = match as unknown as [string, string, string, string];
  return [...(before || []), { name, quota: Number(quota), windowSeconds: durationSeconds(window) }];
}

/** Reads `name=value`. */
export function collectMetadata(
  text: string,
  before: Readonly<Record<string, string>> | false | undefined,
): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write name=value.');
  return { ...(before || {}), [text.slice(0, at)]: text.slice(at + 1) };
}

/** Reads a time with its zone, a day (midnight UTC), or a duration from now like `90d`; gives ISO 8601. */
export function instantFrom(nowMs: number): (text: string) => string {
  return (text) => {
    if (/^\d+[smhd]$/.test(text)) return new Date(nowMs + durationSeconds(text) * 1000).toISOString();
    const time = instantIn(text);
    if (time === undefined) {
      throw new InvalidArgumentError('Write 2027-02-01, 2027-02-01T08:00:00Z or 90d.');
    }
    return time;
  };
}

function instantIn(text: string): string | undefined {
  const withTime = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  const hasZone = /^\d{4}-.*(Z|[+-]\d{2}:\d{2})$/.test(withTime);
  return hasZone && !Number.isNaN(Date.parse(withTime)) ? withTime : undefined;
}

/** Reads a time that has been. `30d` is no such time: taken for one from now on, it would mean everything. */
export function pastInstant(nowMs: number): (text: string) => string {
  return (text) => {
    const time = instantIn(text);
    if (time === undefined || Date.parse(time) > nowMs) {
      throw new InvalidArgumentError('Write a time that has been, as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ.');
    }
    return time;
  };
}
