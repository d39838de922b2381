import { CommandError, UsageError } from '../command-error.ts';
import { type Context, connect } from '../context.ts';
import type { ApiKeyWithSecret } from '../keys/api-key.ts';
import { type NewKeyFlags, newKeyBody } from '../keys/key-options.ts';
import { passphraseFrom } from '../keys/passphrase.ts';
import { variablesOf } from '../keys/secret-file.ts';

/** A key that nobody revokes, because we were killed, ends by itself. */
const DAY_MS = 86_400_000;

export interface IssuedEnv {
  readonly values: ReadonlyMap<string, string>;
  /** Ends the key. Says on the terminal when that failed: then it ends at its expiry. */
  revoke(): Promise<void>;
}

/** Issues a key for one run of a program, with the operator's credential of our own environment. */
export async function issueForRun(
  context: Context,
  flags: NewKeyFlags & { readonly url?: string; readonly passphraseGenerate?: boolean },
): Promise<IssuedEnv> {
  if (flags.kind !== undefined && flags.kind !== 'hmac' && flags.kind !== 'bearer')
    throw new UsageError(
      '--issue makes keys of the kinds hmac and bearer: of any other, the service has no secret.',
    );
  const { url } = flags;
  const body = newKeyBody({ label: 'countersign run', ...flags });
  const api = await connect(context, url === undefined ? {} : { url });
  const passphrase = await passphraseFrom(context, flags);
  const expiresAt = body.expiresAt ?? new Date(context.clock() + DAY_MS).toISOString();
  const key = await api.call<ApiKeyWithSecret>('createKey', {
    body: { ...body, expiresAt, passphrase: passphrase?.text },
  });
  return {
    values: new Map(Object.entries(variablesOf(key, passphrase?.text))),
    async revoke() {
      try {
        await api.call('revokeKey', { params: { id: key.id }, body: { reason: 'the program has ended' } });
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        context.terminal.note(`${key.id} was not revoked, and ends at ${expiresAt}: ${error.message}`);
      }
    },
  };
}
