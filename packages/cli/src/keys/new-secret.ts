import { type Command, Option } from 'commander';
import { CommandError, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { createPrivateFile, type PrivateFile } from '../private-file.ts';
import { ServiceError } from '../service-error.ts';
import { fields } from '../tables.ts';
import type { Terminal } from '../terminal.ts';
import type { ApiKey, ApiKeyWithSecret } from './api-key.ts';
import { generateKeyPair, readPublicKey } from './key-pair.ts';
import { keyFields } from './key-view.ts';
import type { Passphrase } from './passphrase.ts';
import {
  formatOf,
  replaceSecretFile,
  SECRET_FORMATS,
  type SecretFormat,
  writeSecretFile,
} from './secret-file.ts';

/** Options for what proves possession of a key, and where the secret half of it goes. */
export interface NewSecretFlags {
  readonly publicKeyFile?: string;
  readonly generate?: boolean;
  readonly out?: string;
  readonly outFormat?: SecretFormat;
  readonly replace?: boolean;
  readonly json?: boolean;
}

/** A key or a secret version that is about to be made. */
export interface NewSecretIssue {
  /** Of the key, where there is one already. */
  readonly id?: string;
  /** Asked for only where a key pair is made. */
  readonly kind: () => Promise<string | undefined>;
  readonly passphrase?: Passphrase | undefined;
  /** The call that issues, given the public key to send. */
  readonly request: (publicKey: string | undefined) => Promise<ApiKeyWithSecret>;
}

export function addNewSecretOptions(command: Command): Command {
  return command
    .option('--public-key-file <file>', 'public key in PEM, or address, for asymmetric kinds')
    .option(
      '--generate',
      'make the key pair here: the private key goes to --out, only the public key is sent',
    )
    .option('--out <file>', 'write the secret to a new file, mode 0600')
    .addOption(
      new Option(
        '--out-format <format>',
        'how it is written: NAME=value lines, JSON, a Secret of Kubernetes, or an EnvironmentFile of systemd ' +
          '(default: by the ending of the file: .env, .yaml, .conf; else json)',
      ).choices(SECRET_FORMATS),
    )
    .option('--replace', 'let --out replace a file that holds this very key, in one step');
}

/**
 * Makes a key or a secret version, and brings its secret to where it is kept. The file is made before the request,
 * so that no secret is made that cannot be stored; a private key is even written before.
 *
 * @returns the key, without its secret
 */
export async function issueSecret(
  context: Context,
  flags: NewSecretFlags,
  { id, kind, passphrase, request }: NewSecretIssue,
): Promise<ApiKey> {
  checkFlags(flags, passphrase);
  if (flags.generate) return issueForNewPair(context, flags, await kind(), request);
  const publicKey = flags.publicKeyFile === undefined ? undefined : await readPublicKey(flags.publicKeyFile);
  const file = flags.out === undefined ? undefined : await fileFor(flags, flags.out, id);
  const key = await request(publicKey).catch((error: unknown) => {
    file?.discard();
    throw explained(error);
  });
  return deliver(context, flags, key, passphrase, file);
}

async function fileFor({ replace, outFormat }: NewSecretFlags, out: string, id: string | undefined) {
  if (!replace) return createPrivateFile(out);
  if (id === undefined) throw new UsageError('--replace is for the new secret of a key that exists.');
  return replaceSecretFile(out, formatOf({ out, ...(outFormat === undefined ? {} : { outFormat }) }), id);
}

function checkFlags(flags: NewSecretFlags, passphrase: Passphrase | undefined): void {
  const { generate, publicKeyFile, out, json } = flags;
  if (out === undefined && (flags.outFormat !== undefined || flags.replace))
    throw new UsageError('--out-format and --replace need --out FILE.');
  if (generate && (flags.outFormat !== undefined || flags.replace))
    throw new UsageError('--generate writes a private key in PEM, to a new file.');
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
  if (out !== undefined && formatOf(flags) === 'env' && passphrase?.text.includes("'")) {
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
): Promise<ApiKey> {
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
  return key;
}

function deliver(
  { terminal }: Context,
  flags: NewSecretFlags,
  key: ApiKeyWithSecret,
  passphrase: Passphrase | undefined,
  file: PrivateFile | undefined,
): ApiKey {
  const { json } = flags;
  const { secret, ...shown } = key;
  if (file !== undefined && secret === undefined) {
    file.discard();
    terminal.note('The service made no secret for this key, so there is nothing to write.');
  } else if (file !== undefined) {
    writeSecretFile(file, formatOf(flags), key, passphrase?.text);
  }
  if (json) terminal.printJson(file === undefined ? key : shown);
  else
    terminal.print(
      [keyFields(terminal, shown), ...secretText(terminal, flags, secret, passphrase)].join('\n\n'),
    );
  return shown;
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

function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof ServiceError && error.outcome === 'unknown';
}

function explained(error: unknown): unknown {
  if (!isOutcomeUnknown(error)) return error;
  return new CommandError(
    `${(error as Error).message}\nWhether it was carried out is not known. Look with: countersign keys list. A key whose secret never arrived should be revoked.`,
  );
}
