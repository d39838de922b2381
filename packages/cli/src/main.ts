#!/usr/bin/env node
import { CommanderError } from 'commander';
import { CommandError, EXIT } from './command-error.ts';
import { buildProgram } from './program.ts';
import { refuseSecretsInArgv } from './secrets-in-argv.ts';
import { plain, processTerminal } from './terminal.ts';

const terminal = processTerminal();

async function main(args: readonly string[]): Promise<void> {
  refuseSecretsInArgv(args);
  const program = await buildProgram({ terminal, env: process.env, clock: Date.now }, args);
  await program.parseAsync(args, { from: 'user' });
}

/** Says what went wrong, never with a stack, and what to exit with. */
function explain(error: unknown): number {
  // Commander has said it already: help and version end with 0, a wrong command line does not.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const isOurs = error instanceof CommandError;
  const message = isOurs ? error.message : `This command has a fault: ${(error as Error)?.message ?? error}`;
  terminal.note(message.split('\n').map(plain).join('\n'));
  return isOurs ? error.exitCode : EXIT.failed;
}

// A reader that has seen enough, like `head`, is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = explain(error);
}
