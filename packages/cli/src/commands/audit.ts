import type { AuditEntries } from '@countersign/contract';
import type { Command } from 'commander';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import { table } from '../tables.ts';
import { serviceCommand } from './service-command.ts';

type Page = (typeof AuditEntries)['_output'];
type Entry = Page['data'][number];

/** Room for why a request was refused, behind its path. */
const LONGEST = 160;

interface ListFlags extends ServiceFlags {
  readonly account?: string;
  readonly credential?: string;
  readonly type?: string;
  readonly after?: string;
  readonly limit?: string;
  readonly latest?: true;
}

/** `countersign audit list` */
export function addAudit(program: Command, context: Context): void {
  const { terminal } = context;
  const audit = program.command('audit').helpCommand(false).description('The audit log');
  const list = audit
    .command('list')
    .description('Read the audit log, the oldest entry first')
    .option('--account <id>', 'entries about this account')
    .option('--credential <id>', 'entries about this key')
    .option('--type <type>', 'entries of this type, like decision or key.revoked')
    .option('--after <index>', 'entries after this one')
    .option('--limit <n>', 'how many at most, up to 1000 (default: 100)')
    .option('--latest', 'the last ones instead of the first')
    .action(async (flags: ListFlags) => {
      const api = await connect(context, flags);
      const { account: accountId, credential: credentialId, type, after, limit, latest } = flags;
      const page = await api.call<Page>('listAuditEntries', {
        query: { accountId, credentialId, type, after, limit, latest: latest ? 'true' : undefined },
      });
      if (flags.json) return terminal.printJson(page);
      const heading = ['INDEX', 'AT', 'TYPE', 'WHAT', 'KEY'];
      terminal.print(table(terminal, heading, page.data.map(rowOf), LONGEST));
      if (page.nextCursor !== null) terminal.note(`There may be more: --after ${page.nextCursor}`);
    });
  serviceCommand(list, 'audit list --credential ck_live_… --type decision');
}

function rowOf(entry: Entry): string[] {
  const { credentialId, actor } = entry as { credentialId?: string; actor?: string };
  const at = new Date(entry.at).toISOString().slice(0, 19).replace('T', ' ');
  return [
    String(entry.index),
    `${at}Z`,
    entry.type,
    whatOf(entry),
    credentialId ?? (actor === undefined ? '-' : `by ${actor}`),
  ];
}

/** What happened, in a few words: of a decision the outcome, the route, and which constraint or limit it was, of a change its reason or what was edited. */
function whatOf({ data }: Entry): string {
  const { allowed, code, method, path, detail, reason, fields, daysLeft } = (data ?? {}) as Record<
    string,
    unknown
  >;
  const outcome = allowed === undefined ? undefined : allowed === true ? 'allowed' : code;
  const edited = Array.isArray(fields) ? fields.join(', ') : undefined;
  const left = typeof daysLeft === 'number' ? `in ${daysLeft} d` : undefined;
  return (
    [outcome, method, path, detail, reason, edited, left]
      .filter((word) => typeof word === 'string')
      .join(' ') || '-'
  );
}
