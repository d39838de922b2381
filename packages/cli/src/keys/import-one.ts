import { createHash } from 'node:crypto';
import type { ApiClient } from '../api-client.ts';
import { ProblemError } from '../service-error.ts';
import type { ApiKey } from './api-key.ts';

/** What an import came to: the key is here either way. */
export interface Imported {
  readonly key: ApiKey | undefined;
  readonly isNew: boolean;
}

/**
 * Imports one key, and finds it no fault that it is there already. The idempotency key comes from the body, so that
 * a second run is the same request; a day later the service answers `id_taken` instead.
 *
 * @throws `ServiceError`; `id_taken` too, when the id belongs to another account or kind, or only the secret is taken
 */
export async function importOne(api: ApiClient, body: Readonly<Record<string, unknown>>): Promise<Imported> {
  const idempotencyKey = `import-${createHash('sha256').update(JSON.stringify(body)).digest('hex')}`;
  try {
    const { value, isReplayed } = await api.callForAnswer<ApiKey>('importKey', { body, idempotencyKey });
    return { key: value, isNew: !isReplayed };
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code !== 'id_taken') throw error;
    const found = await keyThere(api, String(body.id));
    if (found === 'unseen') return { key: undefined, isNew: false };
    if (found === undefined || !isSame(found, body)) throw error;
    return { key: found, isNew: false };
  }
}

/** The key of that id; `unseen` when this operator may import keys but not read them. */
async function keyThere(api: ApiClient, id: string): Promise<ApiKey | 'unseen' | undefined> {
  try {
    return await api.call<ApiKey>('showKey', { params: { id } });
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'not_found') return undefined;
    if (error instanceof ProblemError && error.problem.code === 'permission_denied') return 'unseen';
    throw error;
  }
}

/** Whether the key is the one that the body describes, in what no edit can change. The secret cannot be compared. */
function isSame(key: ApiKey, body: Readonly<Record<string, unknown>>): boolean {
  return key.accountId === body.accountId && key.kind === body.kind && key.environment === body.environment;
}
