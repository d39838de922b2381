import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { FreezeChanged } from '@countersign/contract';
import { ENVIRONMENTS } from '@countersign/core/credential';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../api-client.ts';
import { CommandError, UsageError } from '../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import { ProblemError } from '../service-error.ts';
import { instant } from '../tables.ts';
import { plain, type Terminal } from '../terminal.ts';
import { serviceCommand } from './service-command.ts';

type Changed = (typeof FreezeChanged)['_output'];

interface PanicFlags extends ServiceFlags {
  readonly freezeAll?: boolean;
  readonly unfreezeAll?: boolean;
  readonly environment?: string;
  readonly reason: string;
  readonly yes?: boolean;
}

/** How long a service that is busy is asked again. */
const PATIENCE_MS = 60_000;

/** `countersign panic --freeze-all | --unfreeze-all` */
export function addPanic(program: Command, context: Context): void {
  const { terminal } = context;
  const command = program
    .command('panic')
    .description("Refuse all customers' keys at once, or let them go on. Nothing is destroyed")
    .option('--freeze-all', 'refuse every key of every account')
    .option('--unfreeze-all', 'let them go on. Keys and accounts that are frozen by themselves stay so')
    .addOption(new Option('--environment <name>', 'of this environment only').choices(ENVIRONMENTS))
    .requiredOption('--reason <text>', 'why, for the audit log')
    .option('--yes', 'do not ask')
    .action(async (flags: PanicFlags) => {
      if (flags.freezeAll === flags.unfreezeAll) {
        throw new UsageError('Say which: --freeze-all or --unfreeze-all.');
      }
      if (!flags.yes && !terminal.isInteractive) {
        throw new UsageError('This concerns every customer, and there is nobody to ask: confirm with --yes.');
      }
      const api = await connect(context, flags);
      if (!flags.yes) await confirm(terminal, flags);
      const startedMs = context.clock();
      const answer = await insistently(terminal, api, flags, context.clock);
      if (flags.json) return terminal.printJson(answer);
      terminal.print(summary(flags, answer, context.clock() - startedMs));
    });
  serviceCommand(command, "panic --freeze-all --reason 'the keys of a bot platform leaked'");
}

async function confirm(terminal: Terminal, { freezeAll, environment }: PanicFlags): Promise<void> {
  const where = environment === undefined ? '' : ` of ${environment}`;
  const question = freezeAll
    ? `Refuse every request of every customer${where}, until it is taken back? Type yes: `
    : `Let the keys of all customers${where} go on? Type yes: `;
  if ((await terminal.ask(question)).trim() !== 'yes') throw new CommandError('Nothing was changed.');
}

/** A service under load may say that it is not able to just now. It is asked again, with the same idempotency key. */
async function insistently(
  terminal: Terminal,
  api: ApiClient,
  { freezeAll, environment, reason }: PanicFlags,
  clock: () => number,
): Promise<Changed> {
  const deadline = clock() + PATIENCE_MS;
  const input = { body: { environment, reason }, idempotencyKey: randomUUID() };
  for (;;) {
    try {
      return await api.call<Changed>(freezeAll ? 'freeze' : 'unfreeze', input);
    } catch (error) {
      if (!(error instanceof ProblemError) || !isBusy(error) || clock() >= deadline) throw error;
      terminal.note(`The service answers ${error.problem.code}. Trying again.`);
      await pause(Math.min(Number(error.problem.retryAfter ?? 1) || 1, 5) * 1000);
    }
  }
}

function isBusy({ problem: { status, code } }: ProblemError): boolean {
  return status === 503 || code === 'rate_limited' || code === 'idempotency_in_flight';
}

function summary({ freezeAll }: PanicFlags, { environments, changed }: Changed, tookMs: number): string {
  const did = freezeAll ? 'Frozen' : 'Unfrozen';
  const first =
    changed.length === 0
      ? `Nothing was to be done: it was ${freezeAll ? 'frozen' : 'unfrozen'} before.`
      : `${did} in ${tookMs} ms: ${changed.join(' and ')}.`;
  const states = environments.map(({ environment, isFrozen, reason, frozenAt }) =>
    isFrozen
      ? `  ${environment}  frozen since ${instant(frozenAt)}: ${plain(reason ?? '')}`
      : `  ${environment}  not frozen`,
  );
  return [first, ...states, ...(freezeAll ? AFTER_FREEZE : AFTER_UNFREEZE)].join('\n');
}

const AFTER_FREEZE = [
  'Every request with a key of these environments is refused now (account_frozen), and open WebSockets were ended.',
  'Still goes through: routes that the manifest declares public, and the management API for operators.',
  'What your API had accepted before goes on: open orders and pending payouts are yours to stop.',
  'Next:',
  '  countersign audit list --latest             what was done, and with which keys',
  '  countersign keys revoke-all … --reason …    the keys that leaked: frozen ones can be revoked',
  '  countersign accounts freeze ID --reason …   accounts that shall stay frozen',
  '  countersign panic --unfreeze-all --reason … when that is done',
];

const AFTER_UNFREEZE = [
  'Keys that are active are let through again. Accounts that are frozen by themselves, and keys that are disabled,',
  'quarantined or revoked, stay so. Bots have to open their WebSockets anew.',
];
