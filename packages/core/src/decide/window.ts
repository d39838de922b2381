import { type Denial, denial } from '../denial.ts';
import type { Claim, Dialect, Window } from '../dialects/dialect.ts';

/**
 * Stage 4: is the request fresh? Both ends of the window are inclusive. The detail holds the server's time
 * and the difference, and names the unit when another one would have fitted. A claim that has an end and no
 * timestamp is fresh until that end, which may not lie further ahead than the window is long.
 */
export function checkWindow(claim: Claim, dialect: Dialect, nowMs: number): Denial | undefined {
  const { timestampMs, expiresMs } = claim;
  const window = claim.window ?? dialect.window;
  if (window === undefined) return undefined;
  if (timestampMs === undefined)
    return expiresMs === undefined ? undefined : checkEnd(expiresMs, window, nowMs);
  const deltaMs = timestampMs - nowMs;
  const clockDeltaMs = Math.round(deltaMs);
  if (deltaMs < -window.pastMs || deltaMs > window.futureMs) {
    const detail = `The timestamp is ${describe(clockDeltaMs)} the server's time ${nowMs} (ms since 1970).`;
    return denial('timestamp_out_of_window', detail + unitHint(timestampMs, dialect, nowMs), {
      part: 'timestamp',
      clockDeltaMs,
    });
  }
  if (expiresMs !== undefined && nowMs > expiresMs) {
    return denial(
      'timestamp_out_of_window',
      `The request declared itself void ${Math.ceil(nowMs - expiresMs)} ms ago.`,
      {
        part: 'timestamp',
        clockDeltaMs,
      },
    );
  }
  return undefined;
}

function checkEnd(expiresMs: number, window: Window, nowMs: number): Denial | undefined {
  const clockDeltaMs = expiresMs - nowMs;
  if (clockDeltaMs >= 0 && clockDeltaMs <= window.pastMs + window.futureMs) return undefined;
  const detail =
    clockDeltaMs < 0
      ? `The request declared itself void ${-clockDeltaMs} ms ago.`
      : `The request is to be void ${clockDeltaMs} ms from now, which is too far ahead.`;
  return denial('timestamp_out_of_window', detail, { part: 'timestamp', clockDeltaMs });
}

/** Ms since 1970 after which a claim cannot pass the window any more, so that it need not be remembered. */
export function endOfWindow(claim: Claim, dialect: Dialect, nowMs: number): number {
  const { timestampMs, expiresMs = Number.POSITIVE_INFINITY } = claim;
  const pastMs = (claim.window ?? dialect.window)?.pastMs ?? 0;
  if (timestampMs === undefined) return Number.isFinite(expiresMs) ? expiresMs : nowMs + pastMs;
  return Math.ceil(Math.min(timestampMs + pastMs, expiresMs));
}

function describe(deltaMs: number): string {
  return deltaMs < 0 ? `${-deltaMs} ms behind` : `${deltaMs} ms ahead of`;
}

/** Readings of a wrong unit, as the factor that makes ms of them. */
const UNITS = [
  { unit: 'seconds', factor: 1000 },
  { unit: 'microseconds', factor: 1 / 1000 },
  { unit: 'nanoseconds', factor: 1 / 1_000_000 },
];
const NEAR_MS = 86_400_000;

function unitHint(timestampMs: number, dialect: Dialect, nowMs: number): string {
  const read = dialect.timestampUnit === 'seconds' ? timestampMs / 1000 : timestampMs;
  const asMs = dialect.timestampUnit === 'seconds' ? [{ unit: 'milliseconds', factor: 1 }] : [];
  for (const { unit, factor } of [...UNITS, ...asMs]) {
    if (unit === dialect.timestampUnit || Math.abs(read * factor - nowMs) > NEAR_MS) continue;
    return ` It looks like ${unit}; this dialect wants ${dialect.timestampUnit}.`;
  }
  return '';
}
