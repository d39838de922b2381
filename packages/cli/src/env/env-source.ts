import { CommandError, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { readSecretText } from '../keys/passphrase.ts';
import { readPrivateFile, readPublicFile } from '../private-file.ts';
import { decryptText, isEncrypted } from './encrypted-env.ts';
import { readEnvText } from './env-text.ts';
import { readFromKeychain } from './keychain.ts';

/** Where the variables of a program come from. */
export interface EnvSource {
  readonly envFile?: string;
  readonly keychain?: string;
  /** Of an encrypted file; absent: it is asked for. */
  readonly passphraseFile?: string;
}

/**
 * Reads the variables for a program.
 *
 * @throws {@link CommandError} for a file that others can read and that is not encrypted, or that holds none
 */
export async function readEnvSource(
  context: Context,
  source: EnvSource,
): Promise<ReadonlyMap<string, string>> {
  const values = readEnvText(await textOf(context, source));
  if (values.size > 0) return values;
  throw new CommandError(
    `${source.keychain ?? source.envFile} holds no NAME=value line. (A pipe cannot be read here: give a file.)`,
  );
}

async function textOf(context: Context, { keychain, envFile = '', passphraseFile }: EnvSource) {
  if (keychain !== undefined) return readFromKeychain(keychain);
  const text = await readPublicFile(envFile);
  if (isEncrypted(text)) return decryptedText(context, text, passphraseFile);
  return envFile === '-' ? text : readPrivateFile(envFile);
}

/** Takes some of the variables, by name. */
export function only(
  values: ReadonlyMap<string, string>,
  names: readonly string[] | undefined,
): ReadonlyMap<string, string> {
  if (names === undefined) return values;
  const missing = names.filter((name) => !values.has(name));
  if (missing.length > 0)
    throw new CommandError(
      `There is no ${missing.join(', no ')}; there is ${[...values.keys()].join(', ') || 'nothing'}.`,
    );
  return new Map([...values].filter(([name]) => names.includes(name)));
}

export async function decryptedText(
  { terminal }: Context,
  encrypted: string,
  passphraseFile: string | undefined,
): Promise<string> {
  if (passphraseFile !== undefined) return decryptText(encrypted, await readSecretText(passphraseFile));
  if (!terminal.isInteractive)
    throw new UsageError(
      'The file is encrypted, and there is no terminal to ask for its passphrase: --passphrase-file FILE.',
    );
  return decryptText(encrypted, await terminal.askHidden('Passphrase of the file: '));
}
