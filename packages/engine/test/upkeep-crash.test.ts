import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteStore } from '@countersign/engine/sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { recordOf, sealedUnder, T0, versionOf, wholeLog } from './records.ts';
import { temporaryFolder } from './store-adapters.ts';

const KEYS = 1_500;
const EXPIRES = T0 + 1_000;
const folder = temporaryFolder();
const path = join(folder, 'countersign.db');
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs upkeep in a process that is killed after some changes. Gives the lines that it said. */
function keepUpUntilKilled(changes: number): Promise<string[]> {
  const script = join(import.meta.dirname, 'upkeep-child.mjs');
  const child = spawn(process.execPath, [script, path, String(EXPIRES)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.split('\n').length > changes) child.kill('SIGKILL');
  });
  return new Promise((resolve) => {
    child.on('close', () => resolve(said.split('\n').slice(0, -1)));
  });
}

describe('kill -9 in the middle of upkeep', () => {
  it('leaves nothing undone and tells nothing twice', async () => {
    const store = await createSqliteStore({ path });
    const ids = Array.from({ length: KEYS }, (_, i) => `k-${i}`);
    const sealed = await sealedUnder('kek-1', 'any');
    const secretVersions = [versionOf({ version: 2 }), versionOf({ retiresAt: T0 + 1, sealed })];
    const records = ids.map((id) => recordOf(id, { expiresAt: EXPIRES, secretVersions }));
    await store.commit({ records, entries: [] });
    await store.close();

    const runs: string[][] = [];
    while (runs.at(-1)?.at(-1) !== 'done') runs.push(await keepUpUntilKilled(2));
    expect(runs.length).toBeGreaterThan(2);

    const after = await createSqliteStore({ path });
    const log = await wholeLog(after);
    for (const type of ['key.expired', 'key.secret_retired']) {
      const told = log.filter((entry) => entry.type === type).map(({ credentialId }) => credentialId);
      expect(told.sort()).toEqual([...ids].sort());
    }
    for (const id of ids) {
      expect(await after.sealedItem(`credential/${id}/1`)).toBeUndefined();
      expect((await after.loadCredential(id))?.told?.expiredAt).toBe(EXPIRES);
    }
    expect(await after.dueCredentials(Number.MAX_SAFE_INTEGER, 1)).toEqual([]);
    await after.close();
  }, 120_000);
});
