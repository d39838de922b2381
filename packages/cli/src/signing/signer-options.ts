import type { Dialect } from '@countersign/core';
import { CREDENTIAL_KINDS, type CredentialKind } from '@countersign/core/credential';
import { type Command, Option } from 'commander';
import type { EnvSource } from '../env/env-source.ts';

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
  const dialect = new Option('--dialect <name>', 'how to sign').makeOptionMandatory();
  return addBotKeyOptions(addDialectOption(command, dialect)).addOption(kindOption());
}

export function kindOption(): Option {
  return new Option('--kind <kind>', 'kind of the key (default: what the secret looks like)').choices(
    CREDENTIAL_KINDS,
  );
}

/**
 * Adds the option that names a dialect. The action is given the dialect itself: they are many, and are loaded only once
 * the command line is read.
 */
export function addDialectOption(command: Command, option: Option): Command {
  return command.addOption(option).hook('preAction', async () => {
    const { dialect: name } = command.opts<{ dialect?: string }>();
    if (name === undefined) return;
    const { DIALECTS, dialectNamed } = await import('@countersign/core');
    const dialect = dialectNamed(name);
    if (dialect === undefined) {
      const names = DIALECTS.map((each) => each.name).sort();
      command.error(
        `error: option '${option.flags}' argument '${name}' is invalid. There is: ${names.join(', ')}.`,
      );
    }
    command.setOptionValue('dialect', dialect);
  });
}
