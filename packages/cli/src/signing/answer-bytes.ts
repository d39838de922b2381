import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createMasker } from '../env/masker.ts';
import type { BotKey } from './bot-key.ts';

/** An answer as it is shown. */
export interface ShownAnswer {
  /** Status and headers, with an empty line behind them. */
  readonly head: Buffer;
  readonly body: Buffer;
}

/**
 * Makes an answer ready to be shown: a server may say back what it was told, and a passphrase or a token is sent as it
 * is. So both are taken out of it. Nothing else is changed.
 */
export async function shownAnswer(response: Response, { secret, passphrase }: BotKey): Promise<ShownAnswer> {
  const secrets = new Map([['COUNTERSIGN_SECRET', secret]]);
  if (passphrase !== undefined) secrets.set('COUNTERSIGN_PASSPHRASE', passphrase);
  const masked = (bytes: Uint8Array) => buffer(Readable.from([bytes]).pipe(createMasker(secrets)));
  const { status, statusText, headers } = response;
  const lines = [
    `HTTP ${status} ${statusText}`.trimEnd(),
    ...[...headers].map(([name, value]) => `${name}: ${value}`),
  ];
  return {
    head: await masked(Buffer.from(`${lines.join('\n')}\n\n`, 'utf8')),
    body: await masked(new Uint8Array(await response.arrayBuffer())),
  };
}
