import type { Command } from 'commander';
import type { ApiClient } from '../api-client.ts';
import { EXIT } from '../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import type { ApiViolations } from '../keys/api-key.ts';
import { table } from '../tables.ts';
import { serviceCommand } from './service-command.ts';

type ViolatingKey = ApiViolations['data'][number];

/** `countersign policy check` */
export function addPolicy(program: Command, context: Context): void {
  const { terminal } = context;
  const policy = program.command('policy').helpCommand(false).description("The operator's policies");
  const check = policy
    .command('check')
    .description(
      'Look for keys that violate the policies of today, or hold what the manifest does not know. Ends with 1 if there are any',
    )
    .action(async (flags: ServiceFlags) => {
      const data = await violations(await connect(context, flags));
      if (data.length > 0) process.exitCode = EXIT.failed;
      if (flags.json) return terminal.printJson({ data, nextCursor: null });
      if (data.length === 0) return terminal.print('No key violates a policy.');
      terminal.print(table(terminal, ['KEY', 'ACCOUNT', 'STATUS', 'FIELD', 'WHAT'], data.flatMap(rowsOf)));
      terminal.note(
        `${data.length} of the keys would not be made like this today. --json says each fault whole.`,
      );
    });
  serviceCommand(check, 'policy check');
}

/** All of them: a page may be empty, and not be the last. */
async function violations(api: ApiClient): Promise<ViolatingKey[]> {
  const data: ViolatingKey[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.call<ApiViolations>('listViolations', { query: { limit: '200', cursor } });
    data.push(...page.data);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return data;
}

function rowsOf({ id, accountId, status, faults }: ViolatingKey): string[][] {
  return faults.map(({ pointer, message, permission, policy }) => [
    id,
    accountId,
    status,
    pointer,
    policy === undefined ? message : `${policy} of ${permission}`,
  ]);
}
