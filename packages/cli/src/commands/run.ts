import type { Command } from 'commander';
import { UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { type Ending, endLike, runChild } from '../env/child.ts';
import { type EnvSource, only, readEnvSource } from '../env/env-source.ts';
import { issueForRun } from '../env/issued-env.ts';
import { MIN_MASKED_LENGTH } from '../env/masker.ts';
import { addNewKeyOptions, addRestrictionOptions, type NewKeyFlags } from '../keys/key-options.ts';
import { withExample } from './service-command.ts';

type Flags = EnvSource &
  NewKeyFlags & {
    readonly only?: string;
    readonly mask?: boolean;
    readonly issue?: boolean;
    readonly passphraseGenerate?: boolean;
    readonly url?: string;
  };

/** `countersign run` */
export function addRun(program: Command, context: Context): void {
  const command = program
    .command('run')
    .description('Start a program with secrets in its environment. It ends as the program ends')
    .usage('[options] -- COMMAND [ARGUMENT...]')
    .argument('<command...>', 'the program and its arguments, behind --')
    .showHelpAfterError(
      'The program and its arguments stand behind --: countersign run --env-file bot.env -- node bot.js',
    )
    .option('--env-file <file>', 'NAME=value lines, mode 0600, or made by countersign env encrypt')
    .option('--passphrase-file <file>', 'passphrase of an encrypted --env-file (default: it is asked for)')
    .option('--keychain <name>', "what countersign env store put into the system's keychain")
    .option(
      '--issue',
      'a new key from the service, which is revoked when the program has ended: with the options below',
    )
    .option('--only <names>', 'only these variables, with commas between them')
    .option('--mask', 'keep the values out of what the program prints')
    .option('--url <url>', 'with --issue: address of the service (default: COUNTERSIGN_URL)')
    .option('--passphrase-generate', 'with --issue: make a passphrase, for dialects that have one')
    .action(async (argv: string[], flags: Flags) => {
      checkSources(flags);
      endLike(await (flags.issue ? runIssued(context, argv, flags) : runWithSource(context, argv, flags)));
    });
  addRestrictionOptions(addNewKeyOptions(command), context.clock());
  withExample(command, 'run --env-file bot.env --mask -- node bot.js');
}

function checkSources({ envFile, keychain, issue }: Flags): void {
  const sources = [envFile, keychain, issue || undefined].filter((source) => source !== undefined);
  if (sources.length !== 1)
    throw new UsageError(
      'Say where the secrets come from: one of --env-file FILE, --keychain NAME and --issue.',
    );
}

async function runWithSource(context: Context, argv: readonly string[], flags: Flags): Promise<Ending> {
  const all = await readEnvSource(context, flags);
  return run(context, argv, flags, all);
}

async function runIssued(context: Context, argv: readonly string[], flags: Flags): Promise<Ending> {
  const issued = await issueForRun(context, flags);
  try {
    return await run(context, argv, flags, issued.values);
  } finally {
    await issued.revoke();
  }
}

function run(
  { env, terminal }: Context,
  argv: readonly string[],
  flags: Flags,
  all: ReadonlyMap<string, string>,
): Promise<Ending> {
  const values = only(
    all,
    flags.only?.split(',').map((name) => name.trim()),
  );
  const masked = flags.mask ? secretsIn(values) : undefined;
  for (const [name, value] of masked ?? []) {
    if (value.length < MIN_MASKED_LENGTH)
      terminal.note(`${name} is too short to be masked: it would be found in innocent words.`);
  }
  return runChild(argv, { env: { ...inherited(env, all), ...Object.fromEntries(values) }, masked });
}

/**
 * Our environment, less every name that the source holds: what `--only` leaves out is not to come from elsewhere, be it
 * from Node, which reads `--env-file` itself, or from the operator's credential that a key was issued with.
 */
function inherited(env: Context['env'], all: ReadonlyMap<string, string>): Context['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !all.has(name)));
}

/** Ids and bare addresses are no secrets, and people want to read them. Other URLs hold passwords and tokens. */
function secretsIn(values: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...values].filter(([name, value]) => !/_KEY_ID$/.test(name) && !isBareAddress(value)));
}

function isBareAddress(value: string): boolean {
  return /^(?:https?|wss?):\/\/[\w.:[\]-]+\/?$/.test(value);
}
