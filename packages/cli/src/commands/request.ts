import { type Client, CountersignError, type Transport } from '@countersign/client';
import { type Command, InvalidArgumentError } from 'commander';
import { CommandError, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { createPrivateFile } from '../private-file.ts';
import { shownAnswer } from '../signing/answer-bytes.ts';
import { createBotClient, refuseSecretIn } from '../signing/bot-client.ts';
import { addSignerOptions, readBotKey, type SignerFlags } from '../signing/bot-key.ts';
import {
  addRequestOptions,
  type BotRequest,
  type RequestFlags,
  readBotRequest,
} from '../signing/bot-request.ts';
import { refusedStatusText } from '../signing/refused-status.ts';
import { explained, faultOf, faultText } from '../signing/signing-fault.ts';
import { withExample } from './service-command.ts';

type Flags = SignerFlags &
  RequestFlags & {
    readonly include?: boolean;
    readonly output?: string;
    readonly timeout: number;
    readonly dangerouslyAllowPlaintext?: boolean;
  };

/** What came of a request: an answer, a fault, or an answer that is one. */
type Outcome =
  | { readonly response: Response; readonly fault: string | undefined }
  | { readonly response: undefined; readonly fault: string };

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
    .action((method: string, url: string, flags: Flags) =>
      explained(() => request(context, method, url, flags)),
    );
  addSignerOptions(addRequestOptions(command));
  withExample(
    command,
    'request GET https://api.exchange.example/v1/orders --dialect okx --env-file bot.env -i',
  );
}

async function request(context: Context, method: string, url: string, flags: Flags): Promise<void> {
  const { terminal } = context;
  const key = await readBotKey(context, flags);
  const described = await readBotRequest(method, url, flags);
  if (described.url.protocol.startsWith('ws'))
    throw new UsageError('A WebSocket is not opened here: countersign sign says with what to open it.');
  refuseSecretIn([Buffer.from(described.body).toString('utf8'), ...described.headers.flat()], key);
  const client = createBotClient(key, flags, {
    origin: described.url.origin,
    clock: context.clock,
    timeoutMs: flags.timeout * 1000,
    transport: transportOf(context),
    dangerouslyAllowPlaintext: flags.dangerouslyAllowPlaintext,
  });
  // Made before anything is sent: an order must not be placed whose answer has no place.
  const file = flags.output === undefined ? undefined : createPrivateFile(flags.output);
  const { response, fault } = await send(client, described);
  if (response === undefined) {
    file?.discard();
    throw new CommandError(fault);
  }
  const { head, body } = await shownAnswer(response, key);
  if (flags.include) terminal.printBytes(head);
  if (file === undefined) terminal.printBytes(body);
  else file.write(body);
  if (fault !== undefined) throw new CommandError(fault);
  if (!response.ok) throw new CommandError(refusedStatusText(response, body));
}

async function send(client: Client, { method, url, headers, body }: BotRequest): Promise<Outcome> {
  try {
    const init = { method, headers, ...(body.length === 0 ? {} : { body }) };
    return { response: await client.fetch(url.href, init), fault: undefined };
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    const [response, fault] = [error.answer(), faultText(faultOf(error))];
    return response === undefined ? { response, fault } : { response, fault };
  }
}

/** Sends, and says when the same request goes once more: the client does that after a refusal of its timestamp alone. */
function transportOf({ terminal }: Context): Transport {
  let before: number | undefined;
  return async (input, init) => {
    if (before !== undefined && (before < 300 || before >= 400)) {
      terminal.note(
        "The timestamp was refused. The request is sent again, by the server's clock: see countersign clock.",
      );
    }
    const response = await fetch(input, init);
    before = response.status;
    return response;
  };
}

function seconds(text: string): number {
  if (!/^\d{1,4}(?:\.\d{1,3})?$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('Write seconds, like 10 or 0.5.');
  return Number(text);
}
