import { type Client, CountersignError, type Transport } from '@countersign/client';
import { CommandError, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { createPrivateFile } from '../private-file.ts';
import { shownAnswer } from './answer-bytes.ts';
import { createBotClient, refuseSecretIn } from './bot-client.ts';
import { readBotKey } from './bot-key.ts';
import { type BotRequest, type RequestFlags, readBotRequest } from './bot-request.ts';
import { refusedStatusText } from './refused-status.ts';
import type { SignerFlags } from './signer-options.ts';
import { explained, faultOf, faultText } from './signing-fault.ts';

/** What `countersign request` is told. */
export type SendFlags = SignerFlags &
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

/** Signs a request, sends it, and prints the answer. */
export function sendSigned(context: Context, method: string, url: string, flags: SendFlags): Promise<void> {
  return explained(() => request(context, method, url, flags));
}

async function request(context: Context, method: string, url: string, flags: SendFlags): Promise<void> {
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
