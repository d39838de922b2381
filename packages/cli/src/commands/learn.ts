import type { Command } from 'commander';
import type { ApiLearnedTemplate } from '../advice/api-advice.ts';
import { UsageError } from '../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import { wholeNumber } from '../option-values.ts';
import { plainLines } from '../terminal.ts';
import { serviceCommand } from './service-command.ts';

interface Flags extends ServiceFlags {
  readonly account?: string;
  readonly name?: string;
  readonly days?: number;
}

/** `countersign learn` */
export function addLearn(program: Command, context: Context): void {
  const { terminal } = context;
  const command = program
    .command('learn')
    .description('Print a template for the manifest, made of what a bot called in the test environment')
    .argument('[id]', 'id of the key that it called with, of the test environment')
    .option('--account <id>', 'all keys of this account in the test environment')
    .option('--name <text>', 'name of the template (default: learned)')
    .option('--days <n>', 'how many days to go by, up to 90 (default: 30)', wholeNumber)
    .action(async (credentialId: string | undefined, flags: Flags) => {
      const { account: accountId, name, days } = flags;
      if ((credentialId === undefined) === (accountId === undefined)) {
        throw new UsageError('Say what to learn from: the id of a key, or --account.');
      }
      const api = await connect(context, flags);
      const learned = await api.call<ApiLearnedTemplate>('learnTemplate', {
        body: { credentialId, accountId, name, days },
      });
      if (flags.json) return terminal.printJson(learned);
      terminal.print(plainLines(learned.yaml).trimEnd());
      const denied = learned.permissions.filter(({ wasDenied }) => wasDenied);
      if (denied.length > 0) {
        terminal.note(
          `The key lacks ${denied.map(({ permission }) => permission).join(', ')}: look whether the bot ought to have that.`,
        );
      }
    });
  serviceCommand(command, "learn ck_test_… --name 'grid bot'");
}
