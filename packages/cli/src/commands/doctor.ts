import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { DoctorFlags } from '../doctor/report-facts.ts';
import { addBotKeyOptions, addDialectOption, kindOption } from '../signing/signer-options.ts';
import { withExample } from './service-command.ts';

/** `countersign doctor` */
export function addDoctor(program: Command, context: Context): void {
  const command = program
    .command('doctor')
    .description(
      'One page of facts about a bot and what it talks to: versions, environment, files, clock, TLS, key, address. ' +
        'Never a value of a variable. Exit code 1 when something is wrong',
    )
    .option('--url <url>', 'what the bot talks to (default: that of --probe, or COUNTERSIGN_URL)');
  addDialectOption(command, new Option('--dialect <name>', 'how the bot signs'))
    .addOption(kindOption())
    .option('--operator-env-file <file>', 'ask the service about the key, with this operator credential')
    .option('--probe <method-and-url...>', 'send this one signed request, a GET or HEAD that does no harm')
    .option('--json', 'print JSON');
  addBotKeyOptions(command).action(async (flags: DoctorFlags) => {
    const { reportFacts } = await import('../doctor/report-facts.ts');
    await reportFacts(context, flags, program.version() ?? '');
  });
  withExample(
    command,
    'doctor --env-file bot.env --dialect okx --probe GET https://api.exchange.example/v1/orders',
  );
}
