import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteStore } from '@countersign/engine/sqlite';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS, SCHEMA_VERSION } from '../src/sqlite/schema.ts';
import { recordOf } from './records.ts';
import { temporaryFolder } from './store-adapters.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'countersign.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A database as the program of that version left it, with a key in use and a revoked one. */
function databaseOf(version: number): void {
  const database = new Database(path);
  for (const statements of MIGRATIONS.slice(0, version)) database.exec(statements);
  const put = database.prepare(
    'INSERT INTO credentials (id, account_id, standing, expires_at, revision, record) VALUES (?, ?, ?, ?, ?, ?)',
  );
  for (const [id, standing] of [
    ['a', 'active'],
    ['b', 'revoked'],
  ] as const) {
    const { secretVersions: _, ...record } = recordOf(id, { standing, revision: 1 });
    put.run(id, 'acct_1', standing, null, 1, JSON.stringify({ ...record, secretVersions: [] }));
  }
  database.exec(`UPDATE revision SET value = 1; PRAGMA user_version = ${version}`);
  database.close();
}

describe('a database of an older version', () => {
  for (let version = 1; version < SCHEMA_VERSION; version++) {
    it(`is brought up from version ${version}, and its keys are looked at once`, async () => {
      databaseOf(version);
      const store = await createSqliteStore({ path });
      expect(await store.loadCredential('a')).toMatchObject({ id: 'a', revision: 1 });
      expect([...(await store.risingNonces())]).toEqual([]);
      expect((await store.dueCredentials(0, 10)).map(({ id }) => id)).toEqual(['a']);
      expect(await store.scheduledUnder()).toBeUndefined();
      await store.schedule([{ credentialId: 'a', revision: 1, dueAt: null }]);
      await store.close();
      const again = await createSqliteStore({ path });
      expect(await again.dueCredentials(0, 10)).toEqual([]);
      await again.close();
    });
  }
});
