import type { SignedCall } from '@countersign/client';
import { environmentOf } from '@countersign/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { createBotClient, refuseSecretIn } from '../signing/bot-client.ts';
import { addSignerOptions, type BotKey, readBotKey, type SignerFlags } from '../signing/bot-key.ts';
import { addRequestOptions, addressOf, type RequestFlags, readBotRequest } from '../signing/bot-request.ts';
import { curlCommand } from '../signing/curl-command.ts';
import {
  loginWithoutPassphrase,
  type SignedText,
  signedTextOf,
  signedTextOfLogin,
  withoutPassphrase,
} from '../signing/signed-request.ts';
import { signedRequestJson, signedRequestText, signedTextLines } from '../signing/signed-view.ts';
import { explained } from '../signing/signing-fault.ts';
import { plain } from '../terminal.ts';
import { withExample } from './service-command.ts';

type Flags = SignerFlags &
  RequestFlags & {
    readonly login?: string | true;
    readonly showPrehash?: boolean;
    readonly withPassphrase?: boolean;
    readonly json?: boolean;
    readonly curl?: boolean;
    readonly nonce?: string;
    readonly timestamp?: number;
  };

const OFFLINE = 'https://offline.invalid';

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
    .action((method: string | undefined, url: string | undefined, flags: Flags) =>
      explained(() =>
        flags.login ? signLogin(context, method, flags) : signRequest(context, method, url, flags),
      ),
    );
  addSignerOptions(addRequestOptions(command));
  withExample(
    command,
    'sign POST https://api.exchange.example/v1/orders -d \'{"size":"1"}\' --dialect okx --env-file bot.env --show-prehash',
  );
}

async function signRequest(
  context: Context,
  method: string | undefined,
  url: string | undefined,
  flags: Flags,
): Promise<void> {
  if (method === undefined || url === undefined) throw new UsageError('Give a method and a URL, or --login.');
  const { terminal } = context;
  const key = await keyFor(context, flags);
  const request = await readBotRequest(method, url, flags);
  refuseSecretIn([Buffer.from(request.body).toString('utf8'), ...request.headers.flat()], key);
  const address = inHttp(request.url);
  const client = clientFor(context, key, flags, address.origin);
  const whole = await client.sign({ ...request, url: address });
  const sent: SignedCall = {
    ...whole,
    url: whole.url.replace(/^http/, request.url.protocol.startsWith('ws') ? 'ws' : 'http'),
  };
  const call = flags.withPassphrase ? sent : withoutPassphrase(sent, key.passphrase);
  const text = flags.showPrehash
    ? signedTextOf(whole, flags.dialect, environmentOf(key.keyId ?? ''))
    : undefined;
  if (flags.json) return terminal.printJson({ ...signedRequestJson(call), ...prehashMember(text) });
  terminal.print(flags.curl ? curlCommand(call) : signedRequestText(call));
  if (text !== undefined) sayAside(context, flags, signedTextLines(text));
}

async function signLogin(context: Context, method: string | undefined, flags: Flags): Promise<void> {
  if (method !== undefined) throw new UsageError('--login takes no method and no URL.');
  const { terminal } = context;
  const key = await keyFor(context, flags);
  if (flags.login === true && flags.dialect.name === 'htx')
    throw new UsageError('The dialect htx signs the host: --login wss://HOST/ws/v2.');
  // Nothing is sent, so that the address matters only where it is signed.
  const origin = typeof flags.login === 'string' ? inHttp(addressOf(flags.login)).origin : OFFLINE;
  const client = clientFor(context, key, flags, origin);
  const whole = await client.login(
    flags.dialect.webSocket?.challenge === undefined ? {} : { challenge: flags.nonce },
  );
  const message = flags.withPassphrase ? whole : loginWithoutPassphrase(whole, key.passphrase);
  const text = flags.showPrehash
    ? signedTextOfLogin(whole, flags.dialect, new URL(origin).host, flags.nonce)
    : undefined;
  if (flags.json) return terminal.printJson({ message, ...prehashMember(text) });
  terminal.print(plain(message));
  if (text !== undefined) terminal.print(`\n${signedTextLines(text)}`);
}

async function keyFor(context: Context, flags: Flags): Promise<BotKey> {
  if (flags.dialect.schemes.bearer !== undefined) {
    throw new UsageError(
      `The dialect ${flags.dialect.name} signs nothing: it sends the token as it is, and that is never printed. Use countersign request.`,
    );
  }
  return readBotKey(context, flags);
}

function clientFor({ clock }: Context, key: BotKey, flags: Flags, origin: string) {
  const { timestamp, nonce } = flags;
  return createBotClient(key, flags, {
    origin,
    nonce,
    clock: timestamp === undefined ? clock : () => timestamp,
    // Nothing is sent.
    dangerouslyAllowPlaintext: true,
  });
}

/** A command line of curl stays one that can be run: what is said of it comes beside it. */
function sayAside({ terminal }: Context, { curl }: Flags, text: string): void {
  if (curl) terminal.note(text);
  else terminal.print(`\n${text}`);
}

function inHttp(url: URL): URL {
  return new URL(url.href.replace(/^ws/, 'http'));
}

function prehashMember(text: SignedText | undefined) {
  return text === undefined ? {} : { prehash: text };
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
