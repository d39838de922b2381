import { DIALECTS, type Dialect } from '@countersign/core';
import { type Command, Option } from 'commander';
import { differenceText, isClockGood, mendingText, windowVerdicts } from '../clock/clock-view.ts';
import { readServerClock } from '../clock/server-time.ts';
import { EXIT } from '../command-error.ts';
import type { Context } from '../context.ts';
import { dialectOption } from '../signing/bot-key.ts';
import { addressOf } from '../signing/bot-request.ts';
import { explained } from '../signing/signing-fault.ts';
import { fields } from '../tables.ts';
import { withExample } from './service-command.ts';

const DEFAULT_URL = 'http://127.0.0.1:8420';

interface Flags {
  readonly url?: string;
  readonly dialect?: Dialect;
  readonly json?: boolean;
}

/** `countersign clock` */
export function addClock(program: Command, context: Context): void {
  const command = program
    .command('clock')
    .description(
      "Hold this machine's clock against a server's. Exit code 1 when it is off by more than a second",
    )
    .option('--url <url>', `any server that tells its time (default: COUNTERSIGN_URL, or ${DEFAULT_URL})`)
    .addOption(
      new Option('--dialect <name>', 'look at the window of this dialect alone').argParser(dialectOption),
    )
    .option('--json', 'print JSON')
    .action((flags: Flags) => explained(() => compare(context, flags)));
  withExample(command, 'clock --url https://api.exchange.example');
}

async function compare({ terminal, env, clock }: Context, { url, dialect, json }: Flags): Promise<void> {
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
