import type { Dialect } from '@countersign/core';
import { EXIT, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { addressOf } from '../signing/bot-request.ts';
import type { BotKeyFlags, SignerFlags } from '../signing/signer-options.ts';
import { examine } from './examine.ts';
import { factPage } from './fact-view.ts';
import type { Probe } from './probe.ts';

const HARMLESS = new Set(['GET', 'HEAD']);

/** What `countersign doctor` is told. */
export interface DoctorFlags extends BotKeyFlags {
  readonly url?: string;
  readonly dialect?: Dialect;
  readonly kind?: SignerFlags['kind'];
  readonly operatorEnvFile?: string;
  readonly probe?: readonly string[];
  readonly json?: boolean;
}

/**
 * Examines, prints the page of facts, and sets the exit code that says whether something is wrong.
 *
 * @param version of this command
 */
export async function reportFacts(context: Context, flags: DoctorFlags, version: string): Promise<void> {
  const { terminal, env } = context;
  const probe = flags.probe === undefined ? undefined : probeFrom(flags.probe, flags.dialect);
  const server = flags.url ?? probe?.url.href ?? (env.COUNTERSIGN_URL || undefined);
  const facts = await examine(context, {
    ...flags,
    server: server === undefined ? undefined : addressOf(server),
    probe,
    version,
  });
  const isGood = facts.every(({ state }) => state !== 'wrong');
  if (!isGood) process.exitCode = EXIT.failed;
  if (flags.json) return terminal.printJson({ isGood, facts });
  terminal.print(factPage(terminal, facts));
}

function probeFrom([method = '', url, ...rest]: readonly string[], dialect: Dialect | undefined): Probe {
  if (url === undefined || rest.length > 0) throw new UsageError('--probe takes a method and a URL.');
  if (!HARMLESS.has(method.toUpperCase()))
    throw new UsageError('--probe is GET or HEAD: it must do no harm.');
  if (dialect === undefined) throw new UsageError('--probe signs a request: give --dialect too.');
  return { method: method.toUpperCase(), url: addressOf(url) };
}
