import { ENVIRONMENTS } from '@countersign/core/credential';
import { type Command, Option } from 'commander';
import { CommandError, UsageError } from '../../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../../context.ts';
import type { ApiKey, RevokedKeys } from '../../keys/api-key.ts';
import { collectMetadata, pastInstant } from '../../option-values.ts';
import { plain, type Terminal } from '../../terminal.ts';
import { serviceCommand } from '../service-command.ts';

interface RevokeFlags extends ServiceFlags {
  readonly reason: string;
  readonly wait?: string;
  readonly yes?: boolean;
}

interface RevokeAllFlags extends RevokeFlags {
  readonly account?: string;
  readonly environment?: string;
  readonly createdBefore?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** `countersign keys revoke` */
export function addRevoke(keys: Command, context: Context): void {
  const { terminal } = context;
  const command = keys
    .command('revoke')
    .description('End a key for good and destroy its secrets')
    .argument('<id>', 'id of the key')
    .action(async (id: string, flags: RevokeFlags) => {
      const { reason, wait } = flags;
      checkCanAsk(terminal, flags);
      const api = await connect(context, flags);
      if (!flags.yes) {
        const { accountId, label } = await api.call<ApiKey>('showKey', { params: { id } });
        await confirm(terminal, `${id} of ${accountId}${label === '' ? '' : ` (${label})`}`);
      }
      report(
        terminal,
        flags,
        await api.call<RevokedKeys>('revokeKey', { params: { id }, body: { reason, wait } }),
      );
    });
  addRevokeOptions(command);
  serviceCommand(command, "keys revoke ck_live_… --reason 'leaked in a repository'");
}

/** `countersign keys revoke-all` */
export function addRevokeAll(keys: Command, context: Context): void {
  const { terminal } = context;
  const command = keys
    .command('revoke-all')
    .description('Revoke all keys that match every option given. Operator credentials stay')
    .option('--account <id>', 'keys of this account')
    .addOption(new Option('--environment <name>', 'keys of this environment').choices(ENVIRONMENTS))
    .option(
      '--created-before <time>',
      'keys made before: 2027-02-01 or 2027-02-01T08:00:00Z',
      pastInstant(context.clock()),
    )
    .option('--metadata <name=value>', 'keys with this metadata, repeatable', collectMetadata)
    .action(async (flags: RevokeAllFlags) => {
      const { account: accountId, environment, createdBefore, metadata, reason, wait } = flags;
      const filter = { accountId, environment, createdBefore, metadata };
      if (Object.values(filter).every((value) => value === undefined)) {
        throw new UsageError('Say which keys: --account, --environment, --created-before or --metadata.');
      }
      checkCanAsk(terminal, flags);
      const api = await connect(context, flags);
      if (!flags.yes) await confirm(terminal, `every key that matches ${JSON.stringify(filter)}`);
      report(
        terminal,
        flags,
        await api.call<RevokedKeys>('revokeKeys', { body: { ...filter, reason, wait } }),
      );
    });
  addRevokeOptions(command);
  serviceCommand(
    command,
    "keys revoke-all --metadata app=bot-farm --reason 'the platform was broken into' --wait everywhere",
  );
}

function addRevokeOptions(command: Command): void {
  command
    .requiredOption('--reason <text>', 'why, for the audit log')
    .addOption(
      new Option('--wait <where>', 'answer once it holds on this node, or on all').choices([
        'local',
        'everywhere',
      ]),
    )
    .option('--yes', 'do not ask');
}

function checkCanAsk({ isInteractive }: Terminal, { yes }: RevokeFlags): void {
  if (!yes && !isInteractive)
    throw new UsageError('Revoking is final, and there is nobody to ask: confirm with --yes.');
}

async function confirm(terminal: Terminal, what: string): Promise<void> {
  const answer = await terminal.ask(plain(`Revoke ${what}? This is final. Type yes: `));
  if (answer.trim() !== 'yes') throw new CommandError('Nothing was revoked.');
}

function report(terminal: Terminal, { json }: ServiceFlags, answer: RevokedKeys): void {
  if (json) {
    terminal.printJson(answer);
    return;
  }
  const { revoked, revision, everywhere, confirmedNodes, elapsedMs } = answer;
  if (revoked === 0) terminal.note('No key fits that was not revoked before: is the filter right?');
  const where = everywhere ? 'on every node' : 'not yet confirmed on every node';
  terminal.print(
    `Revoked ${revoked} at revision ${revision}, ${where} (${confirmedNodes} confirmed, ${elapsedMs} ms).`,
  );
}
