import type { ManifestFields, Path } from './manifest-fields.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^([1-9]\d{0,6})([smhd])$/;
const MAX_MS = 100 * 365 * 86_400_000;

/** Reads a duration like `30s`, `5m`, `24h` or `90d`, as ms. Up to 100 years. */
export function readDuration(value: unknown, path: Path, fields: ManifestFields): number {
  const match = typeof value === 'string' ? DURATION.exec(value) : null;
  const ms = match === null ? Number.NaN : Number(match[1]) * (UNITS[match[2] as string] as number);
  if (ms <= MAX_MS) return ms;
  const name = String(path.at(-1));
  fields.fault(path, `"${name}" must be a duration like "30s", "5m", "24h" or "90d", of up to 100 years`);
  return 0;
}

/** A duration as a manifest writes it, in the largest unit that it is a whole number of. */
export function durationText(ms: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
