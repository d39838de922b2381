import { type Command, Option } from 'commander';
import type { ClockFlags } from '../clock/compare-clocks.ts';
import { DEFAULT_URL } from '../connection.ts';
import type { Context } from '../context.ts';
import { addDialectOption } from '../signing/signer-options.ts';
import { withExample } from './service-command.ts';

/** `countersign clock` */
export function addClock(program: Command, context: Context): void {
  const command = program
    .command('clock')
    .description(
      "Hold this machine's clock against a server's. Exit code 1 when it is off by more than a second",
    )
    .option('--url <url>', `any server that tells its time (default: COUNTERSIGN_URL, or ${DEFAULT_URL})`);
  addDialectOption(command, new Option('--dialect <name>', 'look at the window of this dialect alone'))
    .option('--json', 'print JSON')
    .action(async (flags: ClockFlags) => {
      const { compareClocks } = await import('../clock/compare-clocks.ts');
      await compareClocks(context, flags);
    });
  withExample(command, 'clock --url https://api.exchange.example');
}
