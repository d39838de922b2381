import type { Command } from 'commander';
import { CommandError, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { createPrivateFile, type PrivateFile } from '../private-file.ts';
import { ServiceError } from '../service-error.ts';
import { fields } from '../tables.ts';
import type { Terminal } from '../terminal.ts';
import type { ApiKeyWithSecret } from './api-key.ts';
import { generateKeyPair, readPublicKey } from './key-pair.ts';
import { keyFields } from './key-view.ts';
import type { Passphrase } from './passphrase.ts';

/** Options for what proves possession of a key, and where the secret half of it goes. */
export interface NewSecretFlags {
  readonly publicKeyFile?: string;
  readonly generate?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

export function addNewSecretOptions(command: Command): Command {
  return command
    .option('--public-key-file <file>', 'public key in PEM, or address, for asymmetric kinds')
    .option(
      '--generate',
      'make the key pair here: the private key goes to --out, only the public key is sent',
    )
    .option(
      '--out <file>',
      'write the secret to a new file, mode 0600: JSON, or NAME=value when it ends in .env',
    );
}

/**
 * Makes a key or a secret version, and brings its secret to where it is kept. The file is made before the request,
 * so that no secret is made that cannot be stored; a private key is even written before.
 *
 * @param kind of the key; asked for only where a key pair is made
 * @param request the call that issues, given the public key to send
 */
export async function issueSecret(
  context: Context,
  flags: NewSecretFlags,
  kind: () => Promise<string | undefined>,
  passphrase: Passphrase | undefined,
  request: (publicKey: string | undefined) => Promise<ApiKeyWithSecret>,
): Promise<void> {
  checkFlags(flags, passphrase);
  if (flags.generate) return issueForNewPair(context, flags, await kind(), request);
  const publicKey = flags.publicKeyFile === undefined ? undefined : await readPublicKey(flags.publicKeyFile);
  const file = flags.out === undefined ? undefined : createPrivateFile(flags.out);
  const key = await request(publicKey).catch((error: unknown) => {
    file?.discard();
    throw explained(error);
  });
  deliver(context, flags, key, passphrase, file);
}

function checkFlags(
  { generate, publicKeyFile, out, json }: NewSecretFlags,
  passphrase: Passphrase | undefined,
): void {
  if (generate && publicKeyFile !== undefined)
    throw new UsageError('--generate and --public-key-file: one of them.');
  if (generate && out === undefined) throw new UsageError('--generate needs --out FILE for the private key.');
  if (generate && /\.(env|json)$/.test(out ?? '')) {
    throw new UsageError('--generate writes the private key in PEM: name the file of --out something.pem.');
  }
  if (publicKeyFile !== undefined && out !== undefined) {
    throw new UsageError('--out has nothing to hold here: the private key is yours already.');
  }
  if (json && out === undefined && passphrase?.isGenerated) {
    throw new UsageError(
      '--passphrase-generate with --json needs --out FILE: the API answers without the passphrase.',
    );
  }
  if (out?.endsWith('.env') && passphrase?.text.includes("'")) {
    throw new UsageError(
      "A passphrase with ' in it cannot be written to a .env file: let --out name a .json file.",
    );
  }
}

async function issueForNewPair(
  { terminal }: Context,
  { out = '', json }: NewSecretFlags,
  kind: string | undefined,
  request: (publicKey: string) => Promise<ApiKeyWithSecret>,
): Promise<void> {
  const { publicKey, privateKey } = generateKeyPair(kind);
  const file = createPrivateFile(out);
  file.write(privateKey);
  const key = await request(publicKey).catch((error: unknown) => {
    if (isOutcomeUnknown(error))
      terminal.note(`The private key stays in ${out}, for the case that its key exists now.`);
    else file.discard();
    throw explained(error);
  });
  if (json) terminal.printJson(key);
  else terminal.print(`${keyFields(terminal, key)}\n\nThe private key is in ${out}, and nowhere else.`);
}

function deliver(
  { terminal }: Context,
  flags: NewSecretFlags,
  key: ApiKeyWithSecret,
  passphrase: Passphrase | undefined,
  file: PrivateFile | undefined,
): void {
  const { json } = flags;
  const { secret, ...shown } = key;
  if (file !== undefined && secret === undefined) {
    file.discard();
    terminal.note('The service made no secret for this key, so there is nothing to write.');
  } else if (file !== undefined) {
    write(file, key, passphrase);
  }
  if (json) terminal.printJson(file === undefined ? key : shown);
  else
    terminal.print(
      [keyFields(terminal, shown), ...secretText(terminal, flags, secret, passphrase)].join('\n\n'),
    );
}

/** What is said of the secret: where it is, or the secret itself, this once. */
function secretText(
  terminal: Terminal,
  { out }: NewSecretFlags,
  secret: string | undefined,
  passphrase: Passphrase | undefined,
): string[] {
  if (secret === undefined) return [];
  if (out !== undefined) return [`The secret is in ${out}, and nowhere else.`];
  const ownPassphrase = passphrase?.isGenerated ? [['passphrase', passphrase.text] as const] : [];
  return [
    fields(terminal, [['secret', secret], ...ownPassphrase]),
    'This is shown once. Put it where only the program that signs can read it.',
  ];
}

function write(file: PrivateFile, key: ApiKeyWithSecret, passphrase: Passphrase | undefined): void {
  const { id, secret = '' } = key;
  const json = passphrase === undefined ? key : { ...key, passphrase: passphrase.text };
  try {
    file.write(
      file.path.endsWith('.env')
        ? envText(id, secret, passphrase?.text)
        : `${JSON.stringify(json, null, 2)}\n`,
    );
  } catch (error) {
    throw new CommandError(
      `${(error as Error).message}\nThe secret of ${id} is lost: rotate the key, or revoke it.`,
    );
  }
}

function envText(id: string, secret: string, passphrase: string | undefined): string {
  const lines = {
    COUNTERSIGN_KEY_ID: id,
    COUNTERSIGN_SECRET: secret,
    ...(passphrase === undefined ? {} : { COUNTERSIGN_PASSPHRASE: passphrase }),
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('');
}

/** Shells and env readers agree about single quotes. */
function quoted(value: string): string {
  return /^[A-Za-z0-9_.:/@+-]*$/.test(value) ? value : `'${value}'`;
}

function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof ServiceError && error.outcome === 'unknown';
}

function explained(error: unknown): unknown {
  if (!isOutcomeUnknown(error)) return error;
  return new CommandError(
    `${(error as Error).message}\nWhether it was carried out is not known. Look with: countersign keys list. A key whose secret never arrived should be revoked.`,
  );
}
