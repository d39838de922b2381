import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { withExample } from './service-command.ts';

/** `countersign serve` */
export function addServe(program: Command, { env }: Context): void {
  const command = program
    .command('serve')
    .description('Start the service. It is configured by COUNTERSIGN_… variables alone')
    .action(async () => {
      // Loaded here: no other command waits for the service's code.
      const { runService } = await import('@countersign/server');
      await runService(env);
    });
  withExample(
    command,
    'serve   # with COUNTERSIGN_PORT=8420 and COUNTERSIGN_DATA_DIR=./data in the environment',
  );
}
