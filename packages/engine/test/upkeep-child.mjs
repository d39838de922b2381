// Does the upkeep of the store at argv[2] at the time argv[3], and prints a line with each change that is acknowledged.

import { writeSync } from 'node:fs';
import { createEngine, createEnvKeyring } from '@countersign/engine';
import { createSqliteStore } from '@countersign/engine/sqlite';

const [, , path, nowMs] = process.argv;
const store = await createSqliteStore({ path });
const engine = createEngine({
  store: {
    ...store,
    async commit(change) {
      const revision = await store.commit(change);
      writeSync(1, `${change.records.length}\n`);
      return revision;
    },
  },
  keyring: createEnvKeyring(`kek-1:${Buffer.alloc(32, 'kek-1').toString('base64')}`),
  clock: () => Number(nowMs),
});
await engine.start();
await engine.upkeep.run();
await engine.close();
await store.close();
writeSync(1, 'done\n');
