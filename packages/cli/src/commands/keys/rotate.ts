import type { Command } from 'commander';
import { type Context, connect, type ServiceFlags } from '../../context.ts';
import type { ApiKey, ApiKeyWithSecret } from '../../keys/api-key.ts';
import { keyFields } from '../../keys/key-view.ts';
import { addNewSecretOptions, issueSecret, type NewSecretFlags } from '../../keys/new-secret.ts';
import { durationSeconds } from '../../option-values.ts';
import { serviceCommand } from '../service-command.ts';

type Flags = NewSecretFlags & ServiceFlags & { readonly grace?: number };

/** `countersign keys rotate` */
export function addRotate(keys: Command, context: Context): void {
  const command = keys
    .command('rotate')
    .description('Make a new secret for a key. The one before it goes on for the grace')
    .argument('<id>', 'id of the key')
    .option(
      '--grace <duration>',
      'how long the one before goes on: 0, 15m, 24h, 7d (default: 24h)',
      durationSeconds,
    )
    .action(async (id: string, flags: Flags) => {
      const api = await connect(context, flags);
      const kind = async () => (await api.call<ApiKey>('showKey', { params: { id } })).kind;
      const request = (publicKey: string | undefined) =>
        api.call<ApiKeyWithSecret>('rotateKey', {
          params: { id },
          body: { graceSeconds: flags.grace, publicKey },
        });
      await issueSecret(context, flags, { id, kind, request });
    });
  addNewSecretOptions(command);
  serviceCommand(command, 'keys rotate ck_live_… --grace 24h --out bot-2.env');
}

/** `countersign keys retire-previous` */
export function addRetirePrevious(keys: Command, context: Context): void {
  const { terminal } = context;
  const command = keys
    .command('retire-previous')
    .description('End the grace of the previous secret now')
    .argument('<id>', 'id of the key')
    .action(async (id: string, flags: ServiceFlags) => {
      const api = await connect(context, flags);
      const key = await api.call<ApiKey>('retirePrevious', { params: { id } });
      if (flags.json) return terminal.printJson(key);
      terminal.print(keyFields(terminal, key));
    });
  serviceCommand(command, 'keys retire-previous ck_live_…');
}
