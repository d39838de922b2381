import {
  type Client,
  type ClientOptions,
  CountersignError,
  createClient,
  type Transport,
} from '@countersign/client';
import { MIN_MASKED_LENGTH } from '../env/masker.ts';
import type { BotKey } from './bot-key.ts';
import type { SignerFlags } from './signer-options.ts';

/** What a client needs besides its key. */
export interface BotClientOptions {
  readonly origin: string;
  readonly clock: () => number;
  readonly nonce?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly transport?: Transport | undefined;
  readonly dangerouslyAllowPlaintext?: boolean | undefined;
}

/**
 * Makes the client that signs, for one origin. It sends nothing again by itself but after a refusal of its timestamp.
 *
 * @throws {@link CountersignError}
 */
export function createBotClient(
  key: BotKey,
  { dialect, kind }: SignerFlags,
  options: BotClientOptions,
): Client {
  const { origin, nonce, ...others } = options;
  const all: ClientOptions = {
    dialect: dialect.name,
    kind,
    keyId: key.keyId,
    secret: key.secret,
    passphrase: key.passphrase,
    baseUrl: origin,
    retries: 0,
    nonce: nonce === undefined ? undefined : () => nonce,
    ...others,
  };
  return createClient(all);
}

/** Refuses a body or a header that holds the secret: it is never sent, nor printed. */
export function refuseSecretIn(texts: readonly string[], { secret, passphrase }: BotKey): void {
  const sought = [secret, passphrase].filter(
    (text) => text !== undefined && text.length >= MIN_MASKED_LENGTH,
  );
  if (!sought.some((part) => texts.some((text) => text.includes(part as string)))) return;
  throw new CountersignError('request_invalid', 'The request itself holds the secret or the passphrase.');
}
