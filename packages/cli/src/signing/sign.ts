import type { SignedCall } from '@countersign/client';
import { environmentOf } from '@countersign/core';
import { UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { plain } from '../terminal.ts';
import { createBotClient, refuseSecretIn } from './bot-client.ts';
import { type BotKey, readBotKey } from './bot-key.ts';
import { addressOf, type RequestFlags, readBotRequest } from './bot-request.ts';
import { curlCommand } from './curl-command.ts';
import {
  loginWithoutPassphrase,
  type SignedText,
  signedTextOf,
  signedTextOfLogin,
  withoutPassphrase,
} from './signed-request.ts';
import { signedRequestJson, signedRequestText, signedTextLines } from './signed-view.ts';
import type { SignerFlags } from './signer-options.ts';
import { explained } from './signing-fault.ts';

/** What `countersign sign` is told. */
export type SignFlags = SignerFlags &
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

/** Signs a request, or a login, and prints what to send. Sends nothing. */
export function sign(
  context: Context,
  method: string | undefined,
  url: string | undefined,
  flags: SignFlags,
): Promise<void> {
  return explained(() =>
    flags.login ? signLogin(context, method, flags) : signRequest(context, method, url, flags),
  );
}

async function signRequest(
  context: Context,
  method: string | undefined,
  url: string | undefined,
  flags: SignFlags,
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

async function signLogin(context: Context, method: string | undefined, flags: SignFlags): Promise<void> {
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

async function keyFor(context: Context, flags: SignFlags): Promise<BotKey> {
  if (flags.dialect.schemes.bearer !== undefined) {
    throw new UsageError(
      `The dialect ${flags.dialect.name} signs nothing: it sends the token as it is, and that is never printed. Use countersign request.`,
    );
  }
  return readBotKey(context, flags);
}

function clientFor({ clock }: Context, key: BotKey, flags: SignFlags, origin: string) {
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
function sayAside({ terminal }: Context, { curl }: SignFlags, text: string): void {
  if (curl) terminal.note(text);
  else terminal.print(`\n${text}`);
}

function inHttp(url: URL): URL {
  return new URL(url.href.replace(/^ws/, 'http'));
}

function prehashMember(text: SignedText | undefined) {
  return text === undefined ? {} : { prehash: text };
}
