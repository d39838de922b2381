import { CREDENTIAL_STATUSES } from '@countersign/core/credential';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../../api-client.ts';
import { type Context, connect, type ServiceFlags } from '../../context.ts';
import type { ApiKey, ApiKeyPage } from '../../keys/api-key.ts';
import { keyFields, keyTable } from '../../keys/key-view.ts';
import { serviceCommand } from '../service-command.ts';

interface ListFlags extends ServiceFlags {
  readonly account?: string;
  readonly status?: string;
  readonly limit?: string;
  readonly cursor?: string;
  readonly all?: boolean;
}

/** `countersign keys list` */
export function addList(keys: Command, context: Context): void {
  const { terminal } = context;
  const command = keys
    .command('list')
    .description('List keys, in the order of their ids')
    .option('--account <id>', 'keys of this account')
    .addOption(new Option('--status <status>', 'keys in this status').choices(CREDENTIAL_STATUSES))
    .option('--limit <n>', 'how many at most, up to 200 (default: 50)')
    .addOption(new Option('--cursor <text>', 'go on where the list before ended').conflicts('all'))
    .option('--all', 'all of them, page by page')
    .action(async (flags: ListFlags) => {
      const page = await listed(await connect(context, flags), flags);
      if (flags.json) return terminal.printJson(page);
      terminal.print(keyTable(terminal, page.data));
      if (page.nextCursor !== null) terminal.note(`There are more: --cursor ${page.nextCursor}, or --all`);
    });
  serviceCommand(command, 'keys list --account acct_42 --status active');
}

async function listed(
  api: ApiClient,
  { account: accountId, status, limit, cursor, all }: ListFlags,
): Promise<ApiKeyPage> {
  const pageAt = (at: string | undefined) =>
    api.call<ApiKeyPage>('listKeys', {
      query: { accountId, status, limit: limit ?? (all ? '200' : undefined), cursor: at },
    });
  let page = await pageAt(cursor);
  if (!all) return page;
  const data = [...page.data];
  while (page.nextCursor !== null) {
    page = await pageAt(page.nextCursor);
    data.push(...page.data);
  }
  return { data, nextCursor: null };
}

/** `countersign keys show` */
export function addShow(keys: Command, context: Context): void {
  const { terminal } = context;
  const command = keys
    .command('show')
    .description('Show a key: what it may do, and when it was used')
    .argument('<id>', 'id of the key')
    .action(async (id: string, flags: ServiceFlags) => {
      const api = await connect(context, flags);
      const key = await api.call<ApiKey>('showKey', { params: { id } });
      if (flags.json) return terminal.printJson(key);
      terminal.print(keyFields(terminal, key));
    });
  serviceCommand(command, 'keys show ck_live_…');
}
