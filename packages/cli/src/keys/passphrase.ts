import { randomInt } from 'node:crypto';
import { type Command, Option } from 'commander';
import { CommandError, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { readPrivateFile } from '../private-file.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 24 base62 characters are 142 bits. */
const LENGTH = 24;

export interface PassphraseFlags {
  readonly passphraseFile?: string;
  readonly passphrasePrompt?: boolean;
  readonly passphraseGenerate?: boolean;
}

/** The passphrase that some dialects send beside the signature. */
export interface Passphrase {
  readonly text: string;
  /** Whether it was made here, so that nobody knows it yet. */
  readonly isGenerated: boolean;
}

/** The ways to give a passphrase. None of them is the command line itself. */
export function addPassphraseOptions(command: Command): Command {
  const others = ['passphraseFile', 'passphrasePrompt', 'passphraseGenerate'];
  const except = (own: string) => others.filter((name) => name !== own);
  return command
    .addOption(
      new Option(
        '--passphrase-file <file>',
        'read the passphrase from FILE (- for standard input)',
      ).conflicts(except('passphraseFile')),
    )
    .addOption(
      new Option('--passphrase-prompt', 'ask for the passphrase').conflicts(except('passphrasePrompt')),
    )
    .addOption(
      new Option('--passphrase-generate', 'make a passphrase').conflicts(except('passphraseGenerate')),
    );
}

/** Reads, asks for, or makes the passphrase; `undefined` when no option speaks of one. */
export async function passphraseFrom(
  { terminal }: Context,
  flags: PassphraseFlags,
): Promise<Passphrase | undefined> {
  if (flags.passphraseGenerate) {
    const text = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
    return { text, isGenerated: true };
  }
  if (flags.passphraseFile !== undefined) {
    return { text: await readSecretText(flags.passphraseFile), isGenerated: false };
  }
  if (!flags.passphrasePrompt) return undefined;
  if (!terminal.isInteractive) {
    throw new UsageError(
      '--passphrase-prompt needs a terminal. Use --passphrase-file FILE or --passphrase-generate.',
    );
  }
  const text = await terminal.askHidden('Passphrase: ');
  if (text !== (await terminal.askHidden('Once more: ')))
    throw new CommandError('These are two different passphrases.');
  if (text === '') throw new CommandError('The passphrase is empty.');
  return { text, isGenerated: false };
}

/** Reads a text from a file, without the line end that editors put there. */
export async function readSecretText(path: string): Promise<string> {
  const text = (await readPrivateFile(path)).replace(/\r?\n$/, '');
  if (text === '') throw new CommandError(`${path === '-' ? 'Standard input' : path} is empty.`);
  return text;
}
