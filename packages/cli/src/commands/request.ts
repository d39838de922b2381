import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { addRequestOptions } from '../signing/bot-request.ts';
import type { SendFlags } from '../signing/send-signed.ts';
import { addSignerOptions } from '../signing/signer-options.ts';
import { withExample } from './service-command.ts';

/** `countersign request` */
export function addRequest(program: Command, context: Context): void {
  const command = program
    .command('request')
    .description(
      'Sign a request, send it, and print the body of the answer. Exit code 1 for a refusal, and for any status but 2xx. ' +
        'It is never sent on to another host',
    )
    .argument('<method>', 'method')
    .argument('<url>', 'the whole address')
    .option('-i, --include', 'print status and headers too')
    .option('-o, --output <file>', 'write the body to FILE, which must be new; mode 0600')
    .option('--timeout <seconds>', 'how long to wait for the whole answer', seconds, 10)
    .option(
      '--dangerously-allow-plaintext',
      'allow http to another machine: whoever listens sees and changes everything',
    )
    .action(async (method: string, url: string, flags: SendFlags) => {
      const { sendSigned } = await import('../signing/send-signed.ts');
      await sendSigned(context, method, url, flags);
    });
  addSignerOptions(addRequestOptions(command));
  withExample(
    command,
    'request GET https://api.exchange.example/v1/orders --dialect okx --env-file bot.env -i',
  );
}

function seconds(text: string): number {
  if (!/^\d{1,4}(?:\.\d{1,3})?$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('Write seconds, like 10 or 0.5.');
  return Number(text);
}
