import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { encryptText, isEncrypted } from '../env/encrypted-env.ts';
import { decryptedText } from '../env/env-source.ts';
import { faultsIn, readEnvText } from '../env/env-text.ts';
import { forgetInKeychain, storeInKeychain } from '../env/keychain.ts';
import { addPassphraseOptions, type PassphraseFlags, passphraseFrom } from '../keys/passphrase.ts';
import { createPrivateFile, isReadableByOthers, readPrivateFile, readPublicFile } from '../private-file.ts';
import { plain } from '../terminal.ts';
import { withExample } from './service-command.ts';

type OutFlags = PassphraseFlags & { readonly out: string };

/** `countersign env check | encrypt | decrypt | store | forget` */
export function addEnv(program: Command, context: Context): void {
  const env = program
    .command('env')
    .helpCommand(false)
    .description('Files with the secrets of a program, as NAME=value lines');
  addCheck(env, context);
  addEncrypt(env, context);
  addDecrypt(env, context);
  addKeychain(env, context);
}

function addCheck(env: Command, { terminal }: Context): void {
  const check = env
    .command('check')
    .description(
      'Look for mistakes in an env file: who can read it, lines that are none, placeholders, mix-ups',
    )
    .argument('<file>', 'the env file, or - for standard input')
    .action(async (file: string) => {
      const text = await readPublicFile(file);
      const faults: string[] = [];
      if (isEncrypted(text)) return terminal.print(`${file}: is encrypted. What is in it was not looked at.`);
      if (file !== '-' && isReadableByOthers(statSync(file).mode))
        faults.push(
          `${file}: can be read by others. Run chmod 600 ${file}, and consider what is in it known`,
        );
      for (const { line, message } of faultsIn(text)) faults.push(`${file}:${line}: ${message}`);
      if (faults.length === 0)
        return terminal.print(`${file}: ${readEnvText(text).size} variables, no faults.`);
      process.exitCode = EXIT.failed;
      terminal.print(faults.map(plain).join('\n'));
    });
  withExample(check, 'env check bot.env');
}

function addEncrypt(env: Command, context: Context): void {
  const encrypt = env
    .command('encrypt')
    .description('Encrypt an env file under a passphrase, so that it can be kept beside code')
    .argument('<file>', 'the env file')
    .requiredOption('--out <file>', 'the encrypted file, which must be new')
    .action(async (file: string, flags: OutFlags) => {
      const text = await readPrivateFile(file);
      if (isEncrypted(text)) throw new UsageError(`${file} is encrypted already.`);
      const passphrase = await passphraseFrom(context, withPrompt(flags));
      const out = createPrivateFile(flags.out);
      out.write(await encryptText(text, passphrase?.text ?? ''));
      context.terminal.print(
        `${flags.out} is made. ${file} is still there: remove it when you have tried the other.`,
      );
      if (passphrase?.isGenerated) context.terminal.print(`The passphrase, shown once: ${passphrase.text}`);
    });
  withExample(addPassphraseOptions(encrypt), 'env encrypt bot.env --out bot.env.enc');
}

function addDecrypt(env: Command, context: Context): void {
  const decrypt = env
    .command('decrypt')
    .description('Decrypt an env file. To run a program with it, there is no need to: countersign run')
    .argument('<file>', 'the encrypted file')
    .requiredOption('--out <file>', 'the env file, which must be new')
    .option('--passphrase-file <file>', 'read the passphrase from FILE (- for standard input)')
    .action(async (file: string, flags: OutFlags) => {
      const text = await readPublicFile(file);
      if (!isEncrypted(text)) throw new UsageError(`${file} is not encrypted.`);
      const clear = await decryptedText(context, text, flags.passphraseFile);
      createPrivateFile(flags.out).write(clear);
      context.terminal.print(`${flags.out} is made, mode 0600.`);
    });
  withExample(decrypt, 'env decrypt bot.env.enc --out bot.env');
}

function addKeychain(env: Command, { terminal }: Context): void {
  const store = env
    .command('store')
    .description("Put an env file into the system's keychain, where there is one")
    .argument('<name>', 'a name for it')
    .argument('<file>', 'the env file, or - for standard input')
    .action(async (name: string, file: string) => {
      await storeInKeychain(name, await readPrivateFile(file));
      terminal.print(`Stored. Start a program with it: countersign run --keychain ${name} -- COMMAND`);
    });
  withExample(store, 'env store bot bot.env');
  const forget = env
    .command('forget')
    .description("Take an env file out of the system's keychain")
    .argument('<name>', 'its name')
    .action(async (name: string) => {
      terminal.print((await forgetInKeychain(name)) ? 'Forgotten.' : `There was no entry ${plain(name)}.`);
    });
  withExample(forget, 'env forget bot');
}

/** A passphrase is asked for where no option says otherwise. */
function withPrompt(flags: PassphraseFlags): PassphraseFlags {
  const { passphraseFile, passphraseGenerate } = flags;
  return passphraseFile === undefined && !passphraseGenerate ? { ...flags, passphrasePrompt: true } : flags;
}
