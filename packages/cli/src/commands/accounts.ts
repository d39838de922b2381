import type { Account } from '@countersign/contract';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { UsageError } from '../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import { collect, wholeNumber } from '../option-values.ts';
import { fields, instant } from '../tables.ts';
import { plain, type Terminal } from '../terminal.ts';
import { serviceCommand } from './service-command.ts';

type ApiAccount = (typeof Account)['_output'];

interface QuotaFlags extends ServiceFlags {
  readonly set?: Readonly<Record<string, number>>;
  readonly remove?: readonly string[];
}

/** `countersign accounts show | freeze | unfreeze | quota` */
export function addAccounts(program: Command, context: Context): void {
  const accounts = program
    .command('accounts')
    .helpCommand(false)
    .description('Accounts of customers: freeze them, and give them quotas of their own');
  addShow(accounts, context);
  addFreezes(accounts, context);
  addQuota(accounts, context);
}

function addShow(accounts: Command, context: Context): void {
  const command = accounts
    .command('show')
    .description('Show whether an account is frozen, and its quotas')
    .argument('<id>', 'id of the account')
    .action(async (id: string, flags: ServiceFlags) => {
      const api = await connect(context, flags);
      report(context.terminal, flags, await api.call<ApiAccount>('showAccount', { params: { id } }));
    });
  serviceCommand(command, 'accounts show acct_42');
}

const DEEDS = [
  { name: 'freeze', route: 'freezeAccount', what: 'Refuse all keys of an account until it is unfrozen' },
  { name: 'unfreeze', route: 'unfreezeAccount', what: 'Let the keys of a frozen account go on' },
] as const;

function addFreezes(accounts: Command, context: Context): void {
  for (const { name, route, what } of DEEDS) {
    const command = accounts
      .command(name)
      .description(what)
      .argument('<id>', 'id of the account')
      .requiredOption('--reason <text>', 'why, for the audit log')
      .action(async (id: string, flags: ServiceFlags & { reason: string }) => {
        const api = await connect(context, flags);
        const body = { reason: flags.reason };
        report(context.terminal, flags, await api.call<ApiAccount>(route, { params: { id }, body }));
      });
    serviceCommand(command, `accounts ${name} acct_42 --reason 'ticket 4711'`);
  }
}

function addQuota(accounts: Command, context: Context): void {
  const command = accounts
    .command('quota')
    .description("Give an account quotas in the place of the manifest's. What no option names stays")
    .argument('<id>', 'id of the account')
    .option('--set <limit=quota>', 'the quota for a limit of the manifest, repeatable', collectQuota)
    .option('--remove <limit>', "go back to the manifest's quota for a limit, repeatable", collect)
    .action(async (id: string, flags: QuotaFlags) => {
      const { set = {}, remove = [] } = flags;
      if (Object.keys(set).length + remove.length === 0) {
        throw new UsageError('Nothing to change: name a limit with --set or --remove.');
      }
      const api = await connect(context, flags);
      const { quotas: there, revision } = await api.call<ApiAccount>('showAccount', { params: { id } });
      const missing = remove.find((name) => !Object.hasOwn(there, name));
      if (missing !== undefined) throw new UsageError(`The account has no quota ${plain(missing)}.`);
      const quotas = Object.fromEntries(
        Object.entries({ ...there, ...set }).filter(([name]) => !remove.includes(name)),
      );
      const account = await api.call<ApiAccount>('setQuotas', { params: { id }, body: { quotas }, revision });
      report(context.terminal, flags, account);
    });
  serviceCommand(command, 'accounts quota acct_42 --set orders=100');
}

/** Reads `orders=100`. */
function collectQuota(
  text: string,
  before: Readonly<Record<string, number>> | undefined,
): Record<string, number> {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write limit=quota, like orders=100.');
  return { ...before, [text.slice(0, at)]: wholeNumber(text.slice(at + 1)) };
}

function report(terminal: Terminal, { json }: ServiceFlags, account: ApiAccount): void {
  if (json) {
    terminal.printJson(account);
    return;
  }
  const { accountId, isFrozen, reason, frozenAt, quotas, hasKeys } = account;
  const named = Object.entries(quotas).map(([name, quota]) => `${name}=${quota}`);
  terminal.print(
    fields(terminal, [
      ['account', accountId],
      ['state', isFrozen ? `frozen since ${instant(frozenAt)}: ${reason}` : 'not frozen'],
      ['quotas', named.length === 0 ? "the manifest's" : named.join('\n')],
    ]),
  );
  if (!hasKeys) terminal.note(`There is no key of ${plain(accountId)}: is the id right?`);
}
