import type { Window } from './dialect.ts';

/** A double holds today's ms to a quarter of a microsecond: with half of one to spare, both ends are exact. */
const HALF_MICROSECOND = 0.0005;
const MAX_MS = 60_000;

/** The window `timestamp < now + 1 s && now - timestamp <= recvWindow`. */
function windowOf(recvWindowMs: number): Window {
  return { pastMs: recvWindowMs + HALF_MICROSECOND, futureMs: 1000 - HALF_MICROSECOND };
}

/** Without `recvWindow`, a request may be five seconds old. */
export const DEFAULT_WINDOW = windowOf(5000);

/** Reads a `recvWindow`: up to 60000 ms, with up to three decimals. Undefined: it is no such number. */
export function readRecvWindow(text: string): Window | undefined {
  if (!/^(?:0|[1-9]\d{0,4})(?:\.\d{1,3})?$/.test(text)) return undefined;
  const ms = Number(text);
  return ms > MAX_MS ? undefined : windowOf(ms);
}
