import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteStore } from '@countersign/engine/sqlite';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, entryOf, recordOf, sealedUnder, T0, versionOf, wholeLog } from './records.ts';
import { temporaryFolder } from './store-adapters.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'countersign.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('who may open a database', () => {
  it('makes its folder for its owner alone', async () => {
    const below = join(folder, 'one', 'two');
    const store = await createSqliteStore({ path: join(below, 'countersign.db') });
    expect(statSync(below).mode & 0o777).toBe(0o700);
    await store.close();
  });

  it('refuses a second opener with in_use, and the next one after the first has closed', async () => {
    const store = await createSqliteStore({ path });
    const other = openElsewhere();
    expect(await codeOf(() => createSqliteStore({ path }))).toBe('StoreError:in_use');
    expect(await other).toBe('in_use');
    await store.commit({ records: [recordOf('a')], entries: [] });
    await store.close();
    const next = await createSqliteStore({ path });
    expect(await next.loadCredential('a')).toMatchObject({ id: 'a' });
    await next.close();
  });

  it('refuses a database of a newer version with newer_version, and leaves it as it is', async () => {
    await (await createSqliteStore({ path })).close();
    const database = new Database(path);
    database.pragma('user_version = 99');
    database.close();
    expect(await codeOf(() => createSqliteStore({ path }))).toBe('StoreError:newer_version');
    // The lock was given back: an answer other than in_use.
    expect(await codeOf(() => createSqliteStore({ path }))).toBe('StoreError:newer_version');
    const after = new Database(path);
    expect(after.pragma('user_version', { simple: true })).toBe(99);
    after.close();
  });

  it('refuses a file that is no database with unavailable', async () => {
    writeFileSync(path, 'not a database at all, and longer than a header'.repeat(50));
    expect(await codeOf(() => createSqliteStore({ path }))).toBe('StoreError:unavailable');
  });

  it('refuses a folder that cannot be made with read_only', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(await codeOf(() => createSqliteStore({ path: join(folder, 'file', 'x', 'countersign.db') }))).toBe(
      'StoreError:read_only',
    );
  });
});

describe('a disk that cannot be written', () => {
  const isRoot = process.getuid?.() === 0;
  const canFreeze = isRoot && freezes();

  // Skipped for root, whom no permission bit stops.
  it.skipIf(isRoot)('refuses a folder without write permission with read_only', async () => {
    chmodSync(folder, 0o500);
    expect(await codeOf(() => createSqliteStore({ path }))).toBe('StoreError:read_only');
    chmodSync(folder, 0o700);
  });

  // Skipped without root or chattr: only root can make a file immutable, and not on every file system.
  it.skipIf(!canFreeze)('refuses an immutable folder with read_only', async () => {
    execFileSync('chattr', ['+i', folder]);
    try {
      expect(await codeOf(() => createSqliteStore({ path }))).toBe('StoreError:read_only');
    } finally {
      execFileSync('chattr', ['-i', folder]);
    }
  });

  it.skipIf(!canFreeze)('refuses an immutable database file with read_only', async () => {
    await (await createSqliteStore({ path })).close();
    execFileSync('chattr', ['+i', path]);
    try {
      expect(await codeOf(() => createSqliteStore({ path }))).toBe('StoreError:read_only');
    } finally {
      execFileSync('chattr', ['-i', path]);
    }
  });

  function freezes(): boolean {
    const probe = temporaryFolder();
    const worked = spawnSync('chattr', ['+i', probe]).status === 0;
    if (worked) spawnSync('chattr', ['-i', probe]);
    rmSync(probe, { recursive: true });
    return worked;
  }
});

describe('what is in the file', () => {
  it('keeps everything over a restart', async () => {
    const store = await createSqliteStore({ path });
    const sealed = await sealedUnder('kek-1', 'a');
    const revision = await store.commit({
      records: [recordOf('a', { secretVersions: [versionOf({ sealed })] })],
      lookups: [{ name: 'theirs', credentialId: 'a' }],
      entries: [entryOf({ credentialId: 'a' })],
      answer: () => ({ scope: 's', key: 'k', bodyHash: 'h', sealed, createdAt: T0 }),
    });
    const nonce = { fingerprint: '0123456789abcdef', expiresAt: T0 + 1 };
    await store.append([entryOf({ type: 'decision', nonce })]);
    await store.saveUsage([{ credentialId: 'a', version: 1, lastUsedAt: T0, lastUsedIp: null }]);
    const [record, log] = [await store.loadCredential('a'), await store.readLog({ after: 0, limit: 10 })];
    await store.close();

    const again = await createSqliteStore({ path });
    expect(await again.loadCredential('a')).toEqual(record);
    expect(await again.readLog({ after: 0, limit: 10 })).toEqual(log);
    expect(await again.resolveLookup('theirs')).toBe('a');
    expect([...(await again.foreignNames())]).toEqual(['theirs']);
    expect([...(await again.liveNonces(T0))]).toEqual([nonce]);
    expect(await again.usageOf('a')).toHaveLength(1);
    expect(await again.rememberedAnswer('s', 'k', T0)).toMatchObject({ bodyHash: 'h' });
    expect(await again.commit({ records: [], entries: [] })).toBeGreaterThan(revision);
    await again.close();
  });

  it('holds no sealed byte of a secret that was destroyed', async () => {
    const store = await createSqliteStore({ path });
    const sealed = Buffer.from(await sealedUnder('kek-1', 'a'));
    await store.commit({
      records: [recordOf('a', { secretVersions: [versionOf({ sealed })] })],
      entries: [],
    });
    await store.close();
    const middle = sealed.subarray(20, 80);
    expect(filesWith(middle)).toEqual(['countersign.db']);
    const again = await createSqliteStore({ path });
    const record = await again.loadCredential('a');
    await again.commit({ records: [{ ...record!, secretVersions: [versionOf()] }], entries: [] });
    await again.close();
    for (let at = 0; at + 16 <= middle.length; at += 8)
      expect(filesWith(middle.subarray(at, at + 16))).toEqual([]);
  });

  it('has a log to which one can only append', async () => {
    const store = await createSqliteStore({ path });
    await store.append([entryOf({ type: 'decision' })]);
    await store.close();
    const database = new Database(path);
    const tamper = (sql: string) => () => database.prepare(sql).run();
    expect(tamper("UPDATE log SET entry = '{}'")).toThrow('the log is append-only');
    expect(tamper('DELETE FROM log')).toThrow('the log is append-only');
    expect(tamper('DELETE FROM log WHERE idx = 1')).toThrow('the log is append-only');
    expect(database.prepare('SELECT count(*) AS n FROM log').get()).toEqual({ n: 1 });
    database.close();
  });

  it('keeps of a rising series what is to be kept, and one', async () => {
    const store = await createSqliteStore({ path });
    const used = (value: number) =>
      entryOf({ type: 'decision', rising: { series: 'a kraken', value: String(value), keep: 2 } });
    await store.append([8, 9, 10, 11, 100].map(used));
    await store.close();
    const again = await createSqliteStore({ path });
    const kept = [...(await again.risingNonces())].map(({ value }) => Number(value));
    expect(kept.sort((a, b) => a - b)).toEqual([10, 11, 100]);
    await again.close();
  });

  it('forgets nonces that have long expired', async () => {
    const store = await createSqliteStore({ path });
    const decision = (at: number, digit: string) =>
      entryOf({ at, type: 'decision', nonce: { fingerprint: digit.repeat(16), expiresAt: at } });
    await store.append([decision(T0, '1')]);
    await store.append([decision(T0 + 60_000, '2')]);
    expect([...(await store.liveNonces(0))].map(({ fingerprint }) => fingerprint[0])).toEqual(['2']);
    expect(await wholeLog(store)).toHaveLength(2);
    await store.close();
  });
});

describe('a store that is closed', () => {
  it('rejects what comes too late with unavailable', async () => {
    const store = await createSqliteStore({ path });
    await store.close();
    expect(await codeOf(() => store.append([entryOf()]))).toBe('StoreError:unavailable');
    expect(await codeOf(() => store.commit({ records: [], entries: [] }))).toBe('StoreError:unavailable');
    expect(await codeOf(() => store.loadCredential('a'))).toBe('StoreError:unavailable');
    expect(existsSync(path)).toBe(true);
  });
});

const OPEN = `
  import { createSqliteStore } from '@countersign/engine/sqlite';
  try { await createSqliteStore({ path: process.argv[1] }); process.stdout.write('opened'); }
  catch (error) { process.stdout.write(error.code); }
`;

/** What another process gets that opens the same database. */
function openElsewhere(): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', OPEN, path], {
    cwd: import.meta.dirname,
  });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  return new Promise((resolve) => child.on('close', () => resolve(said)));
}

function filesWith(bytes: Buffer): string[] {
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(bytes));
}
