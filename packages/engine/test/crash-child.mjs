// Writes to the store at argv[2] as fast as it can, and prints each change and each decision once it is
// acknowledged. Runs until it is killed.

import { writeSync } from 'node:fs';
import { createSqliteStore } from '@countersign/engine/sqlite';

const [, , path, generation] = process.argv;
const store = await createSqliteStore({ path });
const say = (line) => writeSync(1, `${line}\n`);
say('ready 0');

const draft = (type, id) => ({ at: Date.now(), type, credentialId: id, data: {} });
const record = (id, revision) => ({
  id,
  accountId: 'a',
  label: 'x'.repeat(500),
  environment: 'live',
  kind: 'hmac',
  dialects: null,
  permissions: [],
  allowedIps: null,
  constraints: {},
  rateLimits: [],
  metadata: {},
  standing: 'active',
  createdAt: 1,
  expiresAt: null,
  secretVersions: [],
  revision,
});

async function decide(lane) {
  for (let i = 0; ; i++) {
    const ids = [`d-${generation}-${lane}-${i}`, `e-${generation}-${lane}-${i}`];
    await store.append(ids.map((id) => draft('decision', id)));
    for (const id of ids) say(`decision ${id}`);
  }
}

async function manage() {
  for (let i = 0; ; i++) {
    const id = `k-${generation}-${i}`;
    const revision = await store.commit({
      records: [record(id, 0)],
      lookups: [{ name: `n-${id}`, credentialId: id }],
      entries: [draft('key.issued', id)],
    });
    say(`issued ${id}`);
    await store.commit({
      records: [{ ...record(id, revision), standing: 'revoked' }],
      entries: [draft('key.revoked', id)],
    });
    say(`revoked ${id}`);
  }
}

await Promise.all([decide(1), decide(2), decide(3), manage()]);
