import { DIALECTS, type Dialect } from '@countersign/core';
import { EXIT } from '../command-error.ts';
import { DEFAULT_URL } from '../connection.ts';
import type { Context } from '../context.ts';
import { addressOf } from '../signing/bot-request.ts';
import { explained } from '../signing/signing-fault.ts';
import { fields } from '../tables.ts';
import { differenceText, isClockGood, mendingText, windowVerdicts } from './clock-view.ts';
import { readServerClock } from './server-time.ts';

/** What `countersign clock` is told. */
export interface ClockFlags {
  readonly url?: string;
  readonly dialect?: Dialect;
  readonly json?: boolean;
}

/** Holds this machine's clock against a server's, and prints how they differ. */
export function compareClocks(context: Context, flags: ClockFlags): Promise<void> {
  return explained(() => compare(context, flags));
}

async function compare({ terminal, env, clock }: Context, { url, dialect, json }: ClockFlags): Promise<void> {
  const address = addressOf(url ?? (env.COUNTERSIGN_URL || DEFAULT_URL));
  const reading = await readServerClock(address, clock);
  const windows = windowVerdicts(reading, dialect === undefined ? DIALECTS : [dialect]);
  const isGood = isClockGood(reading);
  if (!isGood) process.exitCode = EXIT.failed;
  if (json) return terminal.printJson({ url: address.origin, ...reading, isGood, windows });
  const { colors } = terminal;
  // The side on which the clock is off.
  const isBehind = reading.offsetMs >= 0;
  const named = (isTaken: boolean) =>
    windows
      .filter((window) => window.isTaken === isTaken)
      .map((window) => `${window.dialect} (${(isBehind ? window.pastMs : window.futureMs) / 1000} s)`)
      .join(', ') || 'none';
  terminal.print(
    fields(terminal, [
      ['server', address.origin],
      ['this clock', { text: differenceText(reading), paint: isGood ? colors.green : colors.red }],
      ['round trip', `${reading.roundTripMs} ms`],
      ['taken by', named(true)],
      ['refused by', named(false)],
      ...(isGood ? [] : [['mend it', mendingText()] as const]),
    ]),
  );
}
