import type { AnswerKey } from '@countersign/contract';
import type { Command } from 'commander';
import { type Context, connect, type ServiceFlags } from '../context.ts';
import { createPrivateFile, type PrivateFile } from '../private-file.ts';
import { fields } from '../tables.ts';
import type { Terminal } from '../terminal.ts';
import { serviceCommand, withExample } from './service-command.ts';

type Key = (typeof AnswerKey)['_output'];

/** `countersign answer-key show | make` */
export function addAnswerKey(program: Command, context: Context): void {
  const answerKey = program
    .command('answer-key')
    .helpCommand(false)
    .description('The key that the service signs its answers with');
  addShow(answerKey, context);
  addMake(answerKey, context);
}

function addShow(answerKey: Command, context: Context): void {
  const { terminal } = context;
  const show = answerKey
    .command('show')
    .description('Show the public key that answers are signed with now, for clients to verify them')
    .option('--out <file>', 'write the public key to this file too, which must be new')
    .action(async (flags: ServiceFlags & { out?: string }) => {
      const api = await connect(context, flags);
      // Made before the call: a file that cannot be made is found out first.
      const out = flags.out === undefined ? undefined : createPrivateFile(flags.out);
      try {
        const key = await api.call<Key>('showAnswerKey');
        out?.write(key.publicKey);
        report(terminal, flags.json === true, key);
      } catch (error) {
        out?.discard();
        throw error;
      }
    });
  serviceCommand(show, 'answer-key show --out answers.pem');
}

function addMake(answerKey: Command, { terminal }: Context): void {
  const make = answerKey
    .command('make')
    .description('Make a new key in a file, for COUNTERSIGN_ANSWER_KEY_FILE, and show its public half')
    .requiredOption('--out <file>', 'the file of the private key, which must be new')
    .option('--json', 'print JSON, as the API answers')
    .action(async ({ out, json }: { out: string; json?: boolean }) => {
      const file: PrivateFile = createPrivateFile(out);
      // Loaded here: no other command waits for the service's code.
      const { newAnswerKeyPem, readAnswerKey } = await import('@countersign/server');
      const pem = newAnswerKeyPem();
      file.write(pem);
      const { keyId, publicKey } = readAnswerKey(pem, out);
      report(terminal, json === true, { keyId, algorithm: 'ed25519', publicKey });
    });
  withExample(make, 'answer-key make --out answer-key.pem');
}

function report(terminal: Terminal, isJson: boolean, key: Key): void {
  if (isJson) {
    terminal.printJson(key);
    return;
  }
  terminal.print(
    fields(terminal, [
      ['key id', key.keyId],
      ['public key', key.publicKey.trim()],
    ]),
  );
}
