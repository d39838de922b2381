import type { ApiClient } from './api-client.ts';
import { type ConnectionFlags, findConnection } from './connection.ts';
import type { Terminal } from './terminal.ts';

/** What every command is given. */
export interface Context {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ms since 1970. */
  readonly clock: () => number;
}

/** The options of every command that calls the service. */
export interface ServiceFlags extends ConnectionFlags {
  readonly json?: boolean;
}

/** Makes the client for the service that the options and the environment name. */
export async function connect({ env }: Context, flags: ServiceFlags): Promise<ApiClient> {
  const connection = await findConnection(flags, env);
  const { createApiClient } = await import('./api-client.ts');
  return createApiClient(connection);
}
