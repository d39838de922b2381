import { CountersignError } from '@countersign/client';
import { CommandError, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { readEnvSource } from '../env/env-source.ts';
import { readSecretText } from '../keys/passphrase.ts';
import { ExposedFileError } from '../private-file.ts';
import type { BotKeyFlags } from './signer-options.ts';

/** A bot's key: what it signs with. */
export interface BotKey {
  /** Absent where the secret names it. */
  readonly keyId: string | undefined;
  readonly secret: string;
  readonly passphrase: string | undefined;
}

/**
 * Finds a bot's key: in the file or the keychain that an option names, else in the environment. Id, secret and
 * passphrase come from one place, so that they belong together; a key file takes the place of the secret.
 *
 * @throws {@link CountersignError} `secret_unreadable`, `secret_exposed`
 */
export async function readBotKey(context: Context, flags: BotKeyFlags): Promise<BotKey> {
  const place = placeOf(flags);
  const values = await taken(async () =>
    place === undefined ? context.env : Object.fromEntries(await readEnvSource(context, flags)),
  );
  const { keyFile } = flags;
  const secret =
    keyFile === undefined ? values.COUNTERSIGN_SECRET : await taken(() => readSecretText(keyFile));
  if (!secret) {
    const where = place ?? 'the environment, and no --env-file or --key-file is given';
    throw new CountersignError('secret_unreadable', `There is no COUNTERSIGN_SECRET in ${where}.`);
  }
  return {
    keyId: flags.keyId ?? (values.COUNTERSIGN_KEY_ID || undefined),
    secret,
    passphrase: values.COUNTERSIGN_PASSPHRASE || undefined,
  };
}

function placeOf({ envFile, keychain }: BotKeyFlags): string | undefined {
  return envFile ?? (keychain === undefined ? undefined : `the keychain under ${keychain}`);
}

/** Gives what is wrong with a file its code. */
async function taken<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CommandError) || error instanceof UsageError) throw error;
    const code = error instanceof ExposedFileError ? 'secret_exposed' : 'secret_unreadable';
    throw new CountersignError(code, error.message);
  }
}
