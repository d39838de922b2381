import type { Command } from 'commander';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import type { ApiTemplates } from '../keys/api-key.ts';
import { durationText } from '../option-values.ts';
import { fields } from '../tables.ts';
import { serviceCommand } from './service-command.ts';

type Template = ApiTemplates['data'][number];

/** `countersign templates` */
export function addTemplates(program: Command, context: Context): void {
  const { terminal } = context;
  const command = program
    .command('templates')
    .description('List the templates that keys can be made from (keys create --template NAME)')
    .action(async (flags: ServiceFlags) => {
      const api = await connect(context, flags);
      const page = await api.call<ApiTemplates>('listTemplates');
      if (flags.json) return terminal.printJson(page);
      if (page.data.length === 0) return terminal.note('The manifest has no templates.');
      terminal.print(page.data.map((template) => fields(terminal, pairsOf(template))).join('\n\n'));
    });
  serviceCommand(command, 'templates');
}

/** What no template says is left out. */
function pairsOf(template: Template): [string, string][] {
  const { constraints, rateLimits, expiresInSeconds } = template;
  const pairs: [string, string | null | undefined][] = [
    ['template', template.name],
    ['for', template.description],
    ['permissions', template.permissions.join(', ')],
    ['kind', template.kind],
    ['allowed from', template.allowedIps?.join('\n')],
    ['constraints', Object.entries(constraints).map(constraintText).join('\n')],
    [
      'rate limits',
      rateLimits.map(({ name, quota, windowSeconds }) => `${name}=${quota}/${windowSeconds}s`).join('\n'),
    ],
    ['expires in', expiresInSeconds === null ? null : durationText(expiresInSeconds)],
    ['to be given', template.needs.join('\n')],
  ];
  return pairs.filter((pair): pair is [string, string] => Boolean(pair[1]));
}

function constraintText([name, value]: [string, unknown]): string {
  return `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`;
}
