import type { RouteId } from '@countersign/contract';
import type { Command } from 'commander';
import { UsageError } from '../../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../../context.ts';
import type { ApiKey } from '../../keys/api-key.ts';
import {
  addRemovalOptions,
  addRestrictionOptions,
  editBody,
  isEmptyEdit,
  type RestrictionFlags,
} from '../../keys/key-options.ts';
import { keyFields } from '../../keys/key-view.ts';
import { serviceCommand } from '../service-command.ts';

/** `countersign keys edit` */
export function addEdit(keys: Command, context: Context): void {
  const { terminal } = context;
  const command = keys
    .command('edit')
    .description('Change what a key may do. What no option names stays; a list replaces the list')
    .argument('<id>', 'id of the key')
    .action(async (id: string, flags: RestrictionFlags & ServiceFlags) => {
      if (isEmptyEdit(flags)) {
        throw new UsageError('Nothing to change: name at least one option, like --label or --expires.');
      }
      const api = await connect(context, flags);
      const { revision, constraints } = await api.call<ApiKey>('showKey', { params: { id } });
      const body = editBody(flags, constraints);
      const key = await api.call<ApiKey>('editKey', { params: { id }, body, revision });
      if (flags.json) return terminal.printJson(key);
      terminal.print(keyFields(terminal, key));
    });
  addRemovalOptions(addRestrictionOptions(command, context.clock()));
  serviceCommand(command, 'keys edit ck_live_… --allow-ip 203.0.113.0/24 --no-expires');
}

const DEEDS = [
  { name: 'disable', route: 'disableKey', what: 'Disable a key until it is enabled again' },
  { name: 'enable', route: 'enableKey', what: 'Enable a disabled key' },
  { name: 'quarantine', route: 'quarantineKey', what: 'Freeze a key until it is released' },
  { name: 'release', route: 'releaseKey', what: 'Release a key from quarantine' },
] as const satisfies readonly { name: string; route: RouteId; what: string }[];

/** `countersign keys disable | enable | quarantine | release` */
export function addStandingDeeds(keys: Command, context: Context): void {
  const { terminal } = context;
  for (const { name, route, what } of DEEDS) {
    const command = keys
      .command(name)
      .description(what)
      .argument('<id>', 'id of the key')
      .requiredOption('--reason <text>', 'why, for the audit log')
      .action(async (id: string, flags: ServiceFlags & { reason: string }) => {
        const api = await connect(context, flags);
        const key = await api.call<ApiKey>(route, { params: { id }, body: { reason: flags.reason } });
        if (flags.json) return terminal.printJson(key);
        terminal.print(`${key.id} is ${key.status} now.`);
      });
    serviceCommand(command, `keys ${name} ck_live_… --reason 'ticket 4711'`);
  }
}
