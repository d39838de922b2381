/** Reads whole milliseconds since 1970, as text of 1 to 16 digits without a leading zero. */
export function readMilliseconds(text: string): number | undefined {
  const length = text.length;
  if (length === 0 || length > 16 || text.charCodeAt(0) === ZERO) return undefined;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

const ZERO = 0x30;

const SECONDS = /^([1-9]\d{0,10})(?:\.(\d{1,9}))?$/;

/** Reads seconds since 1970 without a leading zero, with up to nine decimals, as ms since 1970. */
export function readSeconds(text: string): number | undefined {
  const [, seconds, decimals = ''] = SECONDS.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  return Number(seconds) * 1000 + Number(decimals.padEnd(9, '0')) / 1_000_000;
}

/** Writes ms since 1970 as whole seconds. */
export function writeSeconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}

/** Reads milliseconds or, where there are 16 digits, microseconds since 1970, as ms. */
export function readMillisecondsOrMicroseconds(text: string): number | undefined {
  const value = readMilliseconds(text);
  return value === undefined || text.length < 16 ? value : value / 1000;
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{3}))?Z$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads `2026-11-24T08:15:30.123Z` (ISO 8601 in UTC, milliseconds optional) as ms since 1970. */
export function readIsoInstant(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  if (month < 1 || month > 12 || day < 1 || day > (MONTH_DAYS[month - 1] as number) + leap) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const seconds = ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  return seconds * 1000 + Number(match[7] ?? 0);
}

/** Writes ms since 1970 as ISO 8601 in UTC with milliseconds. */
export function writeIsoInstant(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  let rest = ms - days * 86_400_000;
  const [year, month, day] = civilDate(days);
  const parts: number[] = [];
  for (const unit of [3_600_000, 60_000, 1000]) {
    parts.push(Math.floor(rest / unit));
    rest %= unit;
  }
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
  return `${date}T${parts.map(two).join(':')}.${String(rest).padStart(3, '0')}Z`;
}

/** Reads `2026-11-24T08:15:30`, ISO 8601 in whole seconds of UTC without saying so, as ms since 1970. */
export function readIsoSeconds(text: string): number | undefined {
  return text.length === 19 ? readIsoInstant(`${text}Z`) : undefined;
}

/** Writes ms since 1970 as `2026-11-24T08:15:30`, without their fraction of a second. */
export function writeIsoSeconds(ms: number): string {
  return writeIsoInstant(ms).slice(0, 19);
}

const BASIC_ISO = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/** Reads `20261124T081530Z`, the basic format of ISO 8601 in whole seconds of UTC, as ms since 1970. */
export function readBasicIsoInstant(text: string): number | undefined {
  return BASIC_ISO.test(text) ? readIsoInstant(text.replace(BASIC_ISO, '$1-$2-$3T$4:$5:$6Z')) : undefined;
}

/** Writes ms since 1970 in the basic format, without their fraction of a second. */
export function writeBasicIsoInstant(ms: number): string {
  return writeIsoInstant(ms).replace(/[-:]|\.\d{3}/g, '');
}

// Days and dates after Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March,
// so that the leap day is the last day of a year. 400 years have 146,097 days.
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilDate(days: number): [year: number, month: number, day: number] {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const mp = Math.floor((5 * dayOfYear + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return [
    yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    dayOfYear - Math.floor((153 * mp + 2) / 5) + 1,
  ];
}
