import type { Command } from 'commander';
import { type Context, connect, type ServiceFlags } from '../../context.ts';
import type { ApiKey, ApiKeyWithSecret } from '../../keys/api-key.ts';
import { keyFields, usedText } from '../../keys/key-view.ts';
import { addNewSecretOptions, issueSecret, type NewSecretFlags } from '../../keys/new-secret.ts';
import { addWaitOptions, checkWaitFlags, retireOnceQuiet, type WaitFlags } from '../../keys/quiet-wait.ts';
import { durationSeconds } from '../../option-values.ts';
import { serviceCommand } from '../service-command.ts';

type Flags = NewSecretFlags & ServiceFlags & WaitFlags & { readonly grace?: number };

const DEFAULT_GRACE_S = 86_400;

/** `countersign keys rotate` */
export function addRotate(keys: Command, context: Context): void {
  const { terminal } = context;
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
      checkWaitFlags(flags, flags.grace ?? DEFAULT_GRACE_S);
      const api = await connect(context, flags);
      const kind = async () => (await api.call<ApiKey>('showKey', { params: { id } })).kind;
      const request = (publicKey: string | undefined) =>
        api.call<ApiKeyWithSecret>('rotateKey', {
          params: { id },
          body: { graceSeconds: flags.grace, publicKey },
        });
      const key = await issueSecret(context, flags, { id, kind, request });
      const ended = endedInGrace(key);
      if (ended !== undefined) terminal.note(ended);
      if (!flags.wait) return;
      const retired = await retireOnceQuiet(context, api, key, flags);
      if (flags.json) return terminal.printJson(retired);
      terminal.print(`Version ${key.secretVersions[1]?.version} is retired.`);
    });
  addWaitOptions(addNewSecretOptions(command));
  serviceCommand(command, 'keys rotate ck_live_… --grace 24h --out bot-2.env --wait');
}

/** Two versions prove at a time: bots that still used the one before the last are locked out now. */
function endedInGrace({ secretVersions: [current, , older] }: ApiKey): string | undefined {
  if (older === undefined || older.retiresAt !== current?.createdAt) return undefined;
  const lastUse = usedText(older.lastUsedAt, older.lastUsedIp);
  return `Version ${older.version} was in its grace from the rotation before, and ended with this one. Its last use: ${lastUse}.`;
}

/** `countersign keys retire-previous` */
export function addRetirePrevious(keys: Command, context: Context): void {
  const { terminal } = context;
  const command = keys
    .command('retire-previous')
    .description('End the grace of the previous secret now, or once nobody uses it')
    .argument('<id>', 'id of the key')
    .action(async (id: string, flags: ServiceFlags & WaitFlags) => {
      checkWaitFlags(flags);
      const api = await connect(context, flags);
      const key = flags.wait
        ? await retireOnceQuiet(context, api, await api.call<ApiKey>('showKey', { params: { id } }), flags)
        : await api.call<ApiKey>('retirePrevious', { params: { id } });
      if (flags.json) return terminal.printJson(key);
      terminal.print(keyFields(terminal, key));
    });
  addWaitOptions(command);
  serviceCommand(command, 'keys retire-previous ck_live_… --wait');
}
