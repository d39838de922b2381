import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { addRequestOptions } from '../signing/bot-request.ts';
import type { SignFlags } from '../signing/sign.ts';
import { addSignerOptions } from '../signing/signer-options.ts';
import { withExample } from './service-command.ts';

/** `countersign sign` */
export function addSign(program: Command, context: Context): void {
  const command = program
    .command('sign')
    .description('Sign a request without sending it, and print what to send. Works offline')
    .argument('[method]', 'method')
    .argument('[url]', 'the whole address')
    .option(
      '--login [url]',
      "the message that logs in inside a WebSocket, instead of a request; with the WebSocket's address where its host is signed",
    )
    .option('--show-prehash', 'print the exact text that was signed, with what does not show marked')
    .option('--with-passphrase', 'print the passphrase too, where the dialect sends one: it is a secret')
    .addOption(
      new Option('--curl', 'print a command line of curl').conflicts(['login', 'json', 'withPassphrase']),
    )
    .option('--json', 'print JSON')
    .option('--nonce <text>', 'nonce, or the challenge that a server gave, instead of a new one')
    .option('--timestamp <time>', 'ms since 1970, or 2027-02-01T08:00:00Z, instead of now', instantMs)
    .action(async (method: string | undefined, url: string | undefined, flags: SignFlags) => {
      const { sign } = await import('../signing/sign.ts');
      await sign(context, method, url, flags);
    });
  addSignerOptions(addRequestOptions(command));
  withExample(
    command,
    'sign POST https://api.exchange.example/v1/orders -d \'{"size":"1"}\' --dialect okx --env-file bot.env --show-prehash',
  );
}

function instantMs(text: string): number {
  const ms = /^\d{1,15}$/.test(text)
    ? Number(text)
    : /^\d{4}-.*(?:Z|[+-]\d{2}:\d{2})$/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError('Write ms since 1970, or 2027-02-01T08:00:00Z.');
  return ms;
}
