import { type Dialect, idInToken } from '@countersign/core';
import { createApiClient } from '../api-client.ts';
import type { Connection } from '../connection.ts';
import type { ApiKey } from '../keys/api-key.ts';
import { ServiceError } from '../service-error.ts';
import { type Fact, factsOf } from './fact.ts';
import { addressFact, keyFacts } from './key-facts.ts';

const key = factsOf('key');
const address = factsOf('address');

export interface KeyQuestion {
  readonly connection: Connection;
  readonly keyId: string;
  readonly dialect: Dialect | undefined;
  readonly nowMs: number;
}

/** Asks the service about a key, with an operator credential that may read keys. */
export async function askedFacts({ connection, keyId, dialect, nowMs }: KeyQuestion): Promise<Fact[]> {
  const api = createApiClient(connection);
  const show = (id: string) => api.call<ApiKey>('showKey', { params: { id } });
  try {
    const record = await show(keyId);
    return [...keyFacts(record, dialect, nowMs), addressFact(record, await seenAs(connection, show))];
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const [first = ''] = error.message.split('\n');
    const advice = first.startsWith('not_found')
      ? 'Check the id, and whether it is a key of this service.'
      : 'Check --operator-env-file: the credential needs keys.read.';
    return [
      key('status', 'wrong', first, advice),
      address('allowed', 'unknown', 'the service did not show the key'),
    ];
  }
}

/** The service keeps from where a key was last used; the operator's was used just now, from here. */
async function seenAs(
  { token }: Connection,
  show: (id: string) => Promise<ApiKey>,
): Promise<string | undefined> {
  const own = idInToken(token);
  return own === undefined ? undefined : ((await show(own)).lastUsedIp ?? undefined);
}
