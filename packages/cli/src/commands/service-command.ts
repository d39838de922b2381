import type { Command } from 'commander';
import { DEFAULT_ENV_FILE } from '../connection.ts';

/** Adds the options that every command has that calls the service, and an example to its help. */
export function serviceCommand(command: Command, example: string): Command {
  return withExample(
    command
      .option('--url <url>', 'address of the service (default: COUNTERSIGN_URL)')
      .option(
        '--env-file <file>',
        `file with COUNTERSIGN_URL and COUNTERSIGN_SECRET (default: ${DEFAULT_ENV_FILE}, if it is there)`,
      )
      .option('--json', 'print JSON, as the API answers'),
    example,
  );
}

export function withExample(command: Command, example: string): Command {
  return command.addHelpText('after', `\nExample:\n  $ countersign ${example}`);
}
