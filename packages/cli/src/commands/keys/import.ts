import { type Command, Option } from 'commander';
import { UsageError } from '../../command-error.ts';
import { type Context, connect } from '../../context.ts';
import type { ImportFileFlags } from '../../keys/import/import-file.ts';
import { IMPORT_FORMATS } from '../../keys/import/import-format.ts';
import { importOne } from '../../keys/import-one.ts';
import {
  addNewKeyOptions,
  addRestrictionOptions,
  type NewKeyFlags,
  newKeyBody,
} from '../../keys/key-options.ts';
import { readPublicKey } from '../../keys/key-pair.ts';
import { keyFields } from '../../keys/key-view.ts';
import {
  addPassphraseOptions,
  type PassphraseFlags,
  passphraseFrom,
  readSecretText,
} from '../../keys/passphrase.ts';
import { wholeNumber } from '../../option-values.ts';
import { serviceCommand } from '../service-command.ts';

interface Flags extends NewKeyFlags, PassphraseFlags, ImportFileFlags {
  readonly id?: string;
  readonly secretFile?: string;
  readonly publicKeyFile?: string;
}

/** Options that mean something with `--from` only. */
const FOR_FROM = ['format', 'fromLine', 'failedOut'] as const;
/** Options that go with `--from`; every other one describes a single key. */
const WITH_FROM: ReadonlySet<string> = new Set([...FOR_FROM, 'from', 'url', 'envFile', 'json']);

/** `countersign keys import` */
export function addImport(keys: Command, context: Context): void {
  const command = keys
    .command('import')
    .description(
      'Take over keys that another system issued: one by options, or many with --from. Can be run again',
    )
    .option('--from <file>', 'JSON lines or CSV, a key a line (- for standard input)')
    .addOption(
      new Option('--format <name>', "what --from holds (default: by the file's name)").choices(
        IMPORT_FORMATS,
      ),
    )
    .option('--from-line <number>', 'begin at this line: where a run before it stopped', wholeNumber)
    .option(
      '--failed-out <file>',
      'write lines that are refused to FILE, to be mended and imported in their turn',
    )
    .option('--id <id>', 'id of the key, as its owner uses it')
    .option('--secret-file <file>', 'its secret (- for standard input)')
    .option('--public-key-file <file>', 'its public key in PEM, or its address, for asymmetric kinds')
    .action((flags: Flags) =>
      flags.from === undefined ? fromFlags(context, flags) : fromFile(context, flags, flags.from),
    );
  addPassphraseOptions(addRestrictionOptions(addNewKeyOptions(command), context.clock()));
  command.options.find(({ long }) => long === '--passphrase-generate')?.hideHelp();
  serviceCommand(command, 'keys import --from keys.jsonl');
}

async function fromFlags(context: Context, flags: Flags): Promise<void> {
  const { terminal } = context;
  if (flags.id === undefined)
    throw new UsageError('Needed, and missing: --id (or --from FILE for many keys).');
  if (FOR_FROM.some((name) => flags[name] !== undefined))
    throw new UsageError('--format, --from-line and --failed-out go with --from FILE.');
  const restrictions = newKeyBody(flags);
  const api = await connect(context, flags);
  const body = {
    ...restrictions,
    id: flags.id,
    secret: flags.secretFile === undefined ? undefined : await readSecretText(flags.secretFile),
    publicKey: flags.publicKeyFile === undefined ? undefined : await readPublicKey(flags.publicKeyFile),
    passphrase: (await passphraseFrom(context, flags))?.text,
  };
  const { key, isNew } = await importOne(api, body);
  if (!isNew) terminal.note(`${flags.id} is there already.`);
  if (key === undefined) return;
  if (flags.json) return terminal.printJson(key);
  terminal.print(keyFields(terminal, key));
}

async function fromFile(context: Context, flags: Flags, from: string): Promise<void> {
  const others = Object.keys(flags).filter((name) => !WITH_FROM.has(name));
  if (others.length > 0)
    throw new UsageError(
      'With --from, everything about a key stands in its line: leave out the options for one key.',
    );
  const { importFile } = await import('../../keys/import/import-file.ts');
  return importFile(context, flags, from);
}
