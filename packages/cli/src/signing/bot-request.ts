import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { type Command, InvalidArgumentError } from 'commander';
import { CommandError, UsageError } from '../command-error.ts';
import type { EnvSource } from '../env/env-source.ts';
import { collect } from '../option-values.ts';

/** A request as it is described on the command line. */
export interface RequestFlags {
  readonly data?: string;
  readonly header?: readonly string[];
}

/** A request before it is signed. */
export interface BotRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: [name: string, value: string][];
  readonly body: Uint8Array;
}

export function addRequestOptions(command: Command): Command {
  return command
    .option('-d, --data <body>', 'body: a text, @FILE, or @- for standard input, sent byte by byte as it is')
    .option('-H, --header <header>', 'header, like "Accept: application/json"; can be given again', header);
}

function header(text: string, before: readonly string[] | undefined): string[] {
  // The text is not repeated: commander says it, but for this it would be a header of a proof.
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:/.test(text)) throw new InvalidArgumentError('Write "Name: value".');
  return collect(text, before);
}

/** Puts a request together. The body's bytes are taken as they are, also a line end at the end of a file. */
export async function readBotRequest(
  method: string,
  url: string,
  flags: RequestFlags & EnvSource,
): Promise<BotRequest> {
  const { data = '', header: headers = [], envFile, passphraseFile } = flags;
  if (data === '@-' && [envFile, passphraseFile].includes('-'))
    throw new UsageError('Standard input cannot be the body and the key at once.');
  return {
    method,
    url: addressOf(url),
    headers: headers.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
    body: data.startsWith('@') ? await contentOf(data.slice(1)) : Buffer.from(data, 'utf8'),
  };
}

/** Reads the address of a request. Its text is not repeated: it may hold anything. */
export function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(?:https?|wss?):$/.test(url.protocol)) {
    throw new UsageError('The URL must be whole, like https://api.exchange.example/api/v1/orders?limit=5.');
  }
  return url;
}

async function contentOf(path: string): Promise<Uint8Array> {
  if (path === '-') return buffer(process.stdin);
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(`${path} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : code}.`);
  }
}
