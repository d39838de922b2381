import { join } from 'node:path';
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import Database from 'better-sqlite3';
import { decisionSide } from '../decision-side.mjs';
import { scratchFolder } from '../exchange.mjs';
import { compare } from '../harness.mjs';

/** better-auth over SQLite in WAL mode; its rate limit on, and never reached; its log off. */
async function startBetterAuth() {
  const database = new Database(join(scratchFolder(), 'auth.sqlite'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  const auth = betterAuth({
    database,
    baseURL: 'http://127.0.0.1',
    secret: 'a secret that only this benchmark has, of more than 32 characters',
    telemetry: { enabled: false },
    logger: { disabled: true },
    emailAndPassword: { enabled: true },
    plugins: [apiKey({ rateLimit: { enabled: true, maxRequests: 1_000_000_000, timeWindow: 10_000 } })],
  });
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  const { user } = await auth.api.signUpEmail({
    body: { name: 'a', email: 'a@example.com', password: 'a long enough password' },
  });
  const { key } = await auth.api.createApiKey({
    body: { userId: user.id, permissions: { spot: ['read', 'trade'] } },
  });
  return { auth, key };
}

/** Against better-auth's API keys (a plain bearer secret, hashed) with one permission asked for. */
export async function run({ quick }) {
  const { auth, key } = await startBetterAuth();
  const body = { key, permissions: { spot: ['trade'] } };
  const peer = {
    prepare: (count) => new Array(count).fill({ body }),
    async run(calls) {
      for (const call of calls) {
        const { valid, error } = await auth.api.verifyApiKey(call);
        if (!valid) throw new Error(error?.message ?? 'not valid');
      }
    },
  };
  const figures = await compare({
    ours: decisionSide({ store: 'sqlite' }),
    peer,
    rounds: quick ? 6 : 20,
    ourCount: 10_000,
    peerCount: 300,
  });
  return [
    {
      row: 'against better-auth',
      ...figures,
      unit: '/s',
      peerName: 'verifyApiKey on SQLite',
      budget: { atLeast: 100 },
    },
  ];
}
