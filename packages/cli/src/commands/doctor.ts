import type { Dialect } from '@countersign/core';
import { type Command, Option } from 'commander';
import { EXIT, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { examine } from '../doctor/examine.ts';
import { factPage } from '../doctor/fact-view.ts';
import type { Probe } from '../doctor/probe.ts';
import {
  addBotKeyOptions,
  type BotKeyFlags,
  dialectOption,
  kindOption,
  type SignerFlags,
} from '../signing/bot-key.ts';
import { addressOf } from '../signing/bot-request.ts';
import { withExample } from './service-command.ts';

const HARMLESS = new Set(['GET', 'HEAD']);

interface Flags extends BotKeyFlags {
  readonly url?: string;
  readonly dialect?: Dialect;
  readonly kind?: SignerFlags['kind'];
  readonly operatorEnvFile?: string;
  readonly probe?: readonly string[];
  readonly json?: boolean;
}

/** `countersign doctor` */
export function addDoctor(program: Command, context: Context): void {
  const command = program
    .command('doctor')
    .description(
      'One page of facts about a bot and what it talks to: versions, environment, files, clock, TLS, key, address. ' +
        'Never a value of a variable. Exit code 1 when something is wrong',
    )
    .option('--url <url>', 'what the bot talks to (default: that of --probe, or COUNTERSIGN_URL)')
    .addOption(new Option('--dialect <name>', 'how the bot signs').argParser(dialectOption))
    .addOption(kindOption())
    .option('--operator-env-file <file>', 'ask the service about the key, with this operator credential')
    .option('--probe <method-and-url...>', 'send this one signed request, a GET or HEAD that does no harm')
    .option('--json', 'print JSON');
  addBotKeyOptions(command).action(async (flags: Flags) => {
    const { terminal, env } = context;
    const probe = flags.probe === undefined ? undefined : probeFrom(flags.probe, flags.dialect);
    const server = flags.url ?? probe?.url.href ?? (env.COUNTERSIGN_URL || undefined);
    const version = program.version() ?? '';
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
  });
  withExample(
    command,
    'doctor --env-file bot.env --dialect okx --probe GET https://api.exchange.example/v1/orders',
  );
}

function probeFrom([method = '', url, ...rest]: readonly string[], dialect: Dialect | undefined): Probe {
  if (url === undefined || rest.length > 0) throw new UsageError('--probe takes a method and a URL.');
  if (!HARMLESS.has(method.toUpperCase()))
    throw new UsageError('--probe is GET or HEAD: it must do no harm.');
  if (dialect === undefined) throw new UsageError('--probe signs a request: give --dialect too.');
  return { method: method.toUpperCase(), url: addressOf(url) };
}
