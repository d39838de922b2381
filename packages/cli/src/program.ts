import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAccounts } from './commands/accounts.ts';
import { addAnswerKey } from './commands/answer-key.ts';
import { addAudit } from './commands/audit.ts';
import { addClock } from './commands/clock.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEnv } from './commands/env.ts';
import { addExplain } from './commands/explain.ts';
import { addKeyring } from './commands/keyring.ts';
import { addKeys } from './commands/keys/keys.ts';
import { addLearn } from './commands/learn.ts';
import { addManifest } from './commands/manifest.ts';
import { addPanic } from './commands/panic.ts';
import { addPolicy } from './commands/policy.ts';
import { addRequest } from './commands/request.ts';
import { addRun } from './commands/run.ts';
import { addScan } from './commands/scan.ts';
import { addServe } from './commands/serve.ts';
import { addSign } from './commands/sign.ts';
import { addTemplates } from './commands/templates.ts';
import { addUsage } from './commands/usage.ts';
import { addVerify } from './commands/verify.ts';
import type { Context } from './context.ts';

const FOOTER = `
Commands that call the service take an operator credential from COUNTERSIGN_URL and COUNTERSIGN_SECRET, from
--env-file FILE, or from ./data/operator.env. Secrets are never given on the command line.

sign, request and doctor are a bot's: there COUNTERSIGN_KEY_ID, COUNTERSIGN_SECRET and COUNTERSIGN_PASSPHRASE are the
key that it signs with.

Exit codes: 0 done; 1 refused or failed; 2 the command line is wrong. countersign run ends as its program ends.`;

/** Builds the whole command line. Faults of usage are thrown as `CommanderError`. */
export function buildProgram(context: Context): Command {
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
  addServe(program, context);
  addKeys(program, context);
  addAccounts(program, context);
  addPanic(program, context);
  addTemplates(program, context);
  addPolicy(program, context);
  addManifest(program, context);
  addLearn(program, context);
  addKeyring(program, context);
  addAnswerKey(program, context);
  addAudit(program, context);
  addVerify(program, context);
  addUsage(program, context);
  addExplain(program, context);
  addRun(program, context);
  addEnv(program, context);
  addScan(program, context);
  addSign(program, context);
  addRequest(program, context);
  addClock(program, context);
  addDoctor(program, context);
  return program;
}
