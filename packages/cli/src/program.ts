import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Context } from './context.ts';

type AddCommand = (program: Command, context: Context) => void;

/** The commands, in the order of the help. */
const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ['serve', async () => (await import('./commands/serve.ts')).addServe],
  ['keys', async () => (await import('./commands/keys/keys.ts')).addKeys],
  ['accounts', async () => (await import('./commands/accounts.ts')).addAccounts],
  ['panic', async () => (await import('./commands/panic.ts')).addPanic],
  ['templates', async () => (await import('./commands/templates.ts')).addTemplates],
  ['policy', async () => (await import('./commands/policy.ts')).addPolicy],
  ['manifest', async () => (await import('./commands/manifest.ts')).addManifest],
  ['learn', async () => (await import('./commands/learn.ts')).addLearn],
  ['keyring', async () => (await import('./commands/keyring.ts')).addKeyring],
  ['answer-key', async () => (await import('./commands/answer-key.ts')).addAnswerKey],
  ['audit', async () => (await import('./commands/audit.ts')).addAudit],
  ['verify', async () => (await import('./commands/verify.ts')).addVerify],
  ['usage', async () => (await import('./commands/usage.ts')).addUsage],
  ['explain', async () => (await import('./commands/explain.ts')).addExplain],
  ['run', async () => (await import('./commands/run.ts')).addRun],
  ['env', async () => (await import('./commands/env.ts')).addEnv],
  ['scan', async () => (await import('./commands/scan.ts')).addScan],
  ['sign', async () => (await import('./commands/sign.ts')).addSign],
  ['request', async () => (await import('./commands/request.ts')).addRequest],
  ['clock', async () => (await import('./commands/clock.ts')).addClock],
  ['doctor', async () => (await import('./commands/doctor.ts')).addDoctor],
]);

const FOOTER = `
Commands that call the service take an operator credential from COUNTERSIGN_URL and COUNTERSIGN_SECRET, from
--env-file FILE, or from ./data/operator.env. Secrets are never given on the command line.

sign, request and doctor are a bot's: there COUNTERSIGN_KEY_ID, COUNTERSIGN_SECRET and COUNTERSIGN_PASSPHRASE are the
key that it signs with.

Exit codes: 0 done; 1 refused or failed; 2 the command line is wrong. countersign run ends as its program ends.`;

/**
 * Builds the command line, as far as it is needed: where the arguments begin with the name of a command, that one alone
 * is loaded. Faults of usage are thrown as `CommanderError`.
 */
export async function buildProgram(context: Context, args: readonly string[]): Promise<Command> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('countersign')
    .description('Issue, verify, limit, rotate and revoke API keys')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    // An option belongs to the command that it stands after: `scan rules` has a --format of its own.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      // `--name=value`: the value may be a secret, and is not repeated.
      outputError: (text, write) => write(text.replace(/(--[\w-]+)=.*'/s, "$1'")),
    })
    .addHelpText('after', FOOTER);
  const named = COMMANDS.get(args[0] ?? '');
  const needed = named === undefined ? [...COMMANDS.values()] : [named];
  for (const add of await Promise.all(needed.map((load) => load()))) add(program, context);
  return program;
}
