import type { UsageReleased } from '@countersign/contract';
import type { Command } from 'commander';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import { fields } from '../tables.ts';
import { serviceCommand } from './service-command.ts';

type Released = (typeof UsageReleased)['_output'];

interface ReleaseFlags extends ServiceFlags {
  readonly reason?: string;
}

/** `countersign usage release` */
export function addUsage(program: Command, context: Context): void {
  const { terminal } = context;
  const usage = program.command('usage').helpCommand(false).description('What requests took of limits');
  const release = usage
    .command('release')
    .description(
      'Give back what an allowed request took of amounts and rate limits, because it had no effect. Again changes nothing',
    )
    .argument('<request id>', 'the id of the decision: requestId, or X-Countersign-Request-Id')
    .option('--reason <text>', 'why it had no effect, for the log')
    .action(async (requestId: string, flags: ReleaseFlags) => {
      const { reason } = flags;
      const api = await connect(context, flags);
      const answer = await api.call<Released>('releaseUsage', { params: { requestId }, body: { reason } });
      if (flags.json) return terminal.printJson(answer);
      const { amount, cost, credentialId, releasedAt, wasReleased } = answer;
      terminal.print(
        fields(terminal, [
          ['request', requestId],
          ['given back', wasReleased ? `before, at ${releasedAt}` : 'now'],
          ['amount', amount ?? 'none'],
          ['rate units', cost === null ? 'none' : String(cost)],
          ['key', credentialId],
        ]),
      );
    });
  serviceCommand(release, "usage release req_… --reason 'the order was rejected'");
}
