import type { Command } from 'commander';
import { adviceText, differenceText, dryRunText } from '../../advice/advice-view.ts';
import type { ApiAdvice, ApiDryRun } from '../../advice/api-advice.ts';
import { CommandError, EXIT, UsageError } from '../../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../../context.ts';
import type { ApiKey } from '../../keys/api-key.ts';
import { keyFields } from '../../keys/key-view.ts';
import { collect, wholeNumber } from '../../option-values.ts';
import { serviceCommand } from '../service-command.ts';

interface DaysFlags extends ServiceFlags {
  readonly days?: number;
}

interface DryRunFlags extends DaysFlags {
  readonly allowIp: readonly string[];
  readonly apply?: boolean;
}

interface TrimFlags extends DaysFlags {
  readonly yes?: boolean;
}

/** `countersign keys dry-run-ips` */
export function addDryRunIps(keys: Command, context: Context): void {
  const { terminal } = context;
  const command = keys
    .command('dry-run-ips')
    .description('Say which recent requests a list of addresses would have refused')
    .argument('<id>', 'id of the key')
    .requiredOption('--allow-ip <cidr>', 'address or CIDR block of the list, repeatable', collect)
    .option('--apply', 'make it the list of the key, unless it would have refused something');
  daysOption(command).action(async (id: string, flags: DryRunFlags) => {
    const { allowIp: allowedIps, days, apply } = flags;
    const api = await connect(context, flags);
    const { revision } = await api.call<ApiKey>('showKey', { params: { id } });
    const run = await api.call<ApiDryRun>('dryRunAllowedIps', { params: { id }, body: { allowedIps, days } });
    if (flags.json) terminal.printJson(run);
    else terminal.print(dryRunText(terminal, run));
    if (!apply) return;
    const { refusedRequests, unknownRequests } = run;
    if (refusedRequests + unknownRequests > 0) {
      throw new CommandError(
        'Nothing was changed: the list would have refused requests. To set it all the same: countersign keys edit',
      );
    }
    await api.call<ApiKey>('editKey', { params: { id }, body: { allowedIps }, revision });
    terminal.note(`${id} is allowed from these addresses alone now.`);
  });
  serviceCommand(command, 'keys dry-run-ips ck_live_… --allow-ip 203.0.113.0/24 --allow-ip 2001:db8::/64');
}

/** `countersign keys advice` */
export function addAdvice(keys: Command, context: Context): void {
  const { terminal } = context;
  const command = keys
    .command('advice')
    .description('Propose the smallest set that the real traffic of a key needs')
    .argument('<id>', 'id of the key');
  daysOption(command).action(async (id: string, flags: DaysFlags) => {
    const api = await connect(context, flags);
    const advice = await advised(api, id, flags);
    if (flags.json) return terminal.printJson(advice);
    const key = await api.call<ApiKey>('showKey', { params: { id } });
    terminal.print(adviceText(terminal, advice));
    if (advice.edit === null) return terminal.print('\nNothing is proposed.');
    terminal.print(`\n${differenceText(terminal, key, advice.edit)}`);
    terminal.note(`To apply it: countersign keys trim ${id} --days ${advice.days}`);
  });
  serviceCommand(command, 'keys advice ck_live_… --days 60');
}

/** `countersign keys trim` */
export function addTrim(keys: Command, context: Context): void {
  const { terminal } = context;
  const command = keys
    .command('trim')
    .description('Take from a key what its real traffic does not need. Never allows more')
    .argument('<id>', 'id of the key')
    .option('--yes', 'do not ask');
  daysOption(command).action(async (id: string, flags: TrimFlags) => {
    if (!flags.yes && !terminal.isInteractive) {
      throw new UsageError('There is nobody to ask: look at keys advice first, and confirm with --yes.');
    }
    const api = await connect(context, flags);
    const advice = await advised(api, id, flags);
    const key = await api.call<ApiKey>('showKey', { params: { id } });
    const { edit, revision, tooLittle } = advice;
    if (edit === null) {
      if (flags.json) terminal.printJson(key);
      terminal.note([...tooLittle, 'Nothing was changed.'].join('\n'));
      if (tooLittle.length > 0) process.exitCode = EXIT.failed;
      return;
    }
    terminal.note(differenceText(terminal, key, edit));
    if (!flags.yes && (await terminal.ask(`Change ${id} so? Type yes: `)).trim() !== 'yes') {
      throw new CommandError('Nothing was changed.');
    }
    const after = await api.call<ApiKey>('editKey', { params: { id }, body: edit, revision });
    if (flags.json) return terminal.printJson(after);
    terminal.print(keyFields(terminal, after));
  });
  serviceCommand(command, 'keys trim ck_live_… --days 60');
}

function advised(
  api: Awaited<ReturnType<typeof connect>>,
  id: string,
  { days }: DaysFlags,
): Promise<ApiAdvice> {
  return api.call<ApiAdvice>('adviseKey', {
    params: { id },
    query: { days: days === undefined ? undefined : String(days) },
  });
}

function daysOption(command: Command): Command {
  return command.option(
    '--days <n>',
    'how many days of traffic to go by, up to 90 (default: 30)',
    wholeNumber,
  );
}
