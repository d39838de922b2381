import { CountersignError } from '@countersign/client';
import {
  CREDENTIAL_KINDS,
  type CredentialKind,
  DIALECTS,
  type Dialect,
  dialectNamed,
} from '@countersign/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CommandError, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { type EnvSource, readEnvSource } from '../env/env-source.ts';
import { readSecretText } from '../keys/passphrase.ts';
import { ExposedFileError } from '../private-file.ts';

/** Where a bot's key comes from. */
export interface BotKeyFlags extends EnvSource {
  /** A private key in PEM, or that of a wallet. */
  readonly keyFile?: string;
  readonly keyId?: string;
}

export interface SignerFlags extends BotKeyFlags {
  readonly dialect: Dialect;
  readonly kind?: CredentialKind | undefined;
}

/** A bot's key: what it signs with. */
export interface BotKey {
  /** Absent where the secret names it. */
  readonly keyId: string | undefined;
  readonly secret: string;
  readonly passphrase: string | undefined;
}

/** The options that name a bot's key. Here COUNTERSIGN_SECRET is what a bot signs with, not an operator's token. */
export function addBotKeyOptions(command: Command): Command {
  return command
    .option(
      '--env-file <file>',
      'file with COUNTERSIGN_KEY_ID, COUNTERSIGN_SECRET and COUNTERSIGN_PASSPHRASE, mode 0600, or made by ' +
        'countersign env encrypt (default: the environment)',
    )
    .option('--passphrase-file <file>', 'passphrase of an encrypted --env-file (default: it is asked for)')
    .addOption(
      new Option('--keychain <name>', "what countersign env store put into the system's keychain").conflicts(
        'envFile',
      ),
    )
    .option('--key-file <file>', 'private key instead of COUNTERSIGN_SECRET, mode 0600')
    .option('--key-id <id>', 'id of the key instead of COUNTERSIGN_KEY_ID');
}

/** The options of every command that signs. */
export function addSignerOptions(command: Command): Command {
  return addBotKeyOptions(command.requiredOption('--dialect <name>', 'how to sign', dialectOption)).addOption(
    kindOption(),
  );
}

export function kindOption(): Option {
  return new Option('--kind <kind>', 'kind of the key (default: what the secret looks like)').choices(
    CREDENTIAL_KINDS,
  );
}

export function dialectOption(name: string): Dialect {
  const dialect = dialectNamed(name);
  if (dialect !== undefined) return dialect;
  const names = DIALECTS.map((each) => each.name).sort();
  throw new InvalidArgumentError(`There is: ${names.join(', ')}.`);
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
