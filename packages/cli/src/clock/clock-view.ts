import type { Dialect } from '@countersign/core';
import { type ClockReading, leastOffMs, TOLERATED_MS } from './server-time.ts';
import { usualWindow } from './usual-window.ts';

/** Whether requests of a dialect are still taken with a clock that is off. */
export interface WindowVerdict {
  readonly dialect: string;
  readonly pastMs: number;
  readonly futureMs: number;
  readonly isTaken: boolean;
}

/** Holds a clock against the windows of dialects, as far as they have one. */
export function windowVerdicts({ offsetMs }: ClockReading, dialects: readonly Dialect[]): WindowVerdict[] {
  return dialects.flatMap((dialect) => {
    const window = usualWindow(dialect);
    if (window === undefined) return [];
    const [pastMs, futureMs] = [Math.round(window.pastMs), Math.round(window.futureMs)];
    // Behind the server, a timestamp comes from the past.
    const isTaken = offsetMs >= 0 ? offsetMs <= pastMs : -offsetMs <= futureMs;
    return [{ dialect: dialect.name, pastMs, futureMs, isTaken }];
  });
}

export function isClockGood(reading: ClockReading): boolean {
  return leastOffMs(reading) <= TOLERATED_MS;
}

/** By how much a clock is off: `3601.2 s behind the server's (± 0.1 s)`. */
export function differenceText({ offsetMs, uncertaintyMs }: ClockReading): string {
  const exact = `(± ${secondsText(uncertaintyMs)})`;
  if (Math.abs(offsetMs) <= uncertaintyMs) return `agrees with the server's ${exact}`;
  return `${secondsText(Math.abs(offsetMs))} ${offsetMs > 0 ? 'behind' : 'ahead of'} the server's ${exact}`;
}

function secondsText(ms: number): string {
  return `${ms < 100 ? (ms / 1000).toFixed(2) : (ms / 1000).toFixed(1)} s`;
}

const MENDING: Partial<Readonly<Record<NodeJS.Platform, string>>> = {
  linux: 'timedatectl set-ntp true, or a service like chrony; in a container, on the machine that it runs on',
  darwin: 'sudo sntp -sS time.apple.com, and "set time automatically" in the settings',
  win32: 'w32tm /resync, and "set time automatically" in the settings',
};

/** How a clock is set right, on this system. */
export function mendingText(platform: NodeJS.Platform = process.platform): string {
  return MENDING[platform] ?? 'let a time service (NTP) set the clock, and keep it set';
}
