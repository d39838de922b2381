import type { Command } from 'commander';
import type { ApiClient } from '../../api-client.ts';
import { UsageError } from '../../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../../context.ts';
import type { ApiKeyWithSecret, ApiTemplates } from '../../keys/api-key.ts';
import {
  addNewKeyOptions,
  addRestrictionOptions,
  type NewKeyFlags,
  newKeyBody,
} from '../../keys/key-options.ts';
import { addNewSecretOptions, issueSecret, type NewSecretFlags } from '../../keys/new-secret.ts';
import { addPassphraseOptions, type PassphraseFlags, passphraseFrom } from '../../keys/passphrase.ts';
import { serviceCommand } from '../service-command.ts';

type Flags = NewKeyFlags & NewSecretFlags & PassphraseFlags & ServiceFlags;

/** The kind of a key that is not made yet: its template may say it. */
async function kindOf(api: ApiClient, { kind, template }: Flags): Promise<string | undefined> {
  if (kind !== undefined || template === undefined) return kind;
  const { data } = await api.call<ApiTemplates>('listTemplates');
  const named = data.find(({ name }) => name === template)?.kind ?? undefined;
  if (named === undefined)
    throw new UsageError(`Needed, and missing: --kind (no template ${template} says it).`);
  return named;
}

/** `countersign keys create` */
export function addCreate(keys: Command, context: Context): void {
  const command = keys
    .command('create')
    .description('Issue a key. Its secret is shown once, or written to --out')
    .option('--template <name>', 'for what no other option says: see countersign templates')
    .action(async (flags: Flags) => {
      const body = newKeyBody(flags);
      const api = await connect(context, flags);
      const passphrase = await passphraseFrom(context, flags);
      const request = (publicKey: string | undefined) =>
        api.call<ApiKeyWithSecret>('createKey', {
          body: { ...body, publicKey, passphrase: passphrase?.text },
        });
      await issueSecret(context, flags, { kind: () => kindOf(api, flags), passphrase, request });
    });
  addNewSecretOptions(
    addPassphraseOptions(addRestrictionOptions(addNewKeyOptions(command), context.clock())),
  );
  serviceCommand(
    command,
    'keys create --account acct_42 --environment live --kind ed25519 --permission spot.trade --allow-ip 203.0.113.7 --generate --out bot.pem',
  );
}
