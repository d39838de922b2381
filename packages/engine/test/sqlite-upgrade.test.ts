import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createEngine, type Engine, type Store } from '@countersign/engine';
import { createSqliteStore } from '@countersign/engine/sqlite';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../src/sqlite/schema.ts';
import { done, manifestOf, SERVICE, said } from './engine-setup.ts';
import { keyringOf, T0 } from './records.ts';
import { temporaryFolder } from './store-adapters.ts';
import { bitgetRequest } from './wire.ts';

type Value = string | number | null | { readonly base64: string };
type Row = Readonly<Record<string, Value>>;

/** What the program of version 2 wrote at T0: it imported four keys, did something with each, and let one order through. */
const ROWS = JSON.parse(readFileSync(new URL('version-2-rows.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly Row[]>
>;
const LOG = (ROWS.log ?? []).map(({ idx, entry }) => ({ index: idx, bytes: entry }));
const MANIFEST = manifestOf(`version: 1
permissions:
  read: { risk: low }
  trade: { risk: high, policy: { coolDown: 24h, idleExpiry: 30d } }
routes:
  - { route: POST /orders, permission: trade, facts: { instrument: { json: /symbol }, notional: { json: /amount } } }
`);

let folder: string;
let store: Store;
let engine: Engine;
let nowMs: number;
let errors: unknown[];
beforeEach(async () => {
  folder = temporaryFolder();
  const path = join(folder, 'countersign.db');
  writeOldDatabase(path);
  nowMs = T0 + 1_000;
  errors = [];
  store = await createSqliteStore({ path });
  engine = createEngine({
    store,
    keyring: keyringOf('kek-1'),
    manifest: MANIFEST,
    clock: () => nowMs,
    onError: (error) => errors.push(error),
  });
  await engine.start();
});
afterEach(async () => {
  await engine.close();
  await store.close();
  rmSync(folder, { recursive: true });
  expect(errors).toEqual([]);
});

function writeOldDatabase(path: string): void {
  const database = new Database(path);
  for (const statements of MIGRATIONS.slice(0, 2)) database.exec(statements);
  database.exec('DELETE FROM revision; PRAGMA user_version = 2');
  for (const [table, rows] of Object.entries(ROWS)) {
    for (const row of rows) {
      const names = Object.keys(row);
      const marks = names.map((name) => `@${name}`);
      database.prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${marks.join()})`).run(bound(row));
    }
  }
  database.close();
}

function bound(row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null ? Buffer.from(value.base64, 'base64') : value,
    ]),
  );
}

interface Order {
  readonly symbol?: string;
  readonly amount?: string;
  readonly ip?: string;
  readonly at?: number;
}

async function order(id: string, { symbol = 'BTCUSDT', amount = '1', ip, at = nowMs }: Order = {}) {
  const key = { id, secret: `the secret of ${id}, long enough`, passphrase: 'passphrase1' };
  const body = JSON.stringify({ symbol, amount });
  return said(
    await engine.verify(bitgetRequest(key, { nowMs: at, body, ...(ip === undefined ? {} : { ip }) })),
  );
}

describe('a database that the program of version 2 used', () => {
  it('has keys that work as before, within their constraints and without a cool-down', async () => {
    expect(await order('constrained', { amount: '100' })).toBe('allowed');
    expect(await order('constrained', { amount: '100.1' })).toBe('constraint_violated');
    expect(await order('constrained', { symbol: 'ETHUSDT' })).toBe('constraint_violated');
    expect(await order('constrained', { ip: '198.51.100.7' })).toBe('ip_not_allowed');
    expect(await order('constrained', { amount: '99' })).toBe('allowed');
    expect(await order('constrained', { amount: '98' })).toBe('rate_limited');
    expect(await order('revoked')).toBe('credential_revoked');
    expect(await order('quarantined')).toBe('credential_quarantined');
    expect(await order('rotated')).toBe('allowed');
    expect(await engine.keys.get('constrained')).toMatchObject({
      widenedAt: null,
      metadata: { app: 'grid' },
    });
  });

  it('remembers the nonce of the order that was let through', async () => {
    expect(await order('constrained', { amount: '100', at: T0 })).toBe('replayed');
  });

  it('has a log that is what it was, and goes on', async () => {
    await engine.upkeep.run();
    const log = await store.readLog({ after: 0, limit: 100 });
    expect(log).toEqual(LOG);
    done(await engine.keys.changeStanding('quarantined', 'release', 'why', SERVICE));
    expect(await engine.keys.get('quarantined')).toMatchObject({ status: 'disabled' });
    const [next] = await store.readLog({ after: LOG.length, limit: 100 });
    expect(next).toMatchObject({ index: LOG.length + 1, bytes: expect.stringContaining('key.released') });
  });

  it('is kept up: secrets, reminders and keys that nobody uses', async () => {
    nowMs = T0 + 3_600_000;
    await engine.upkeep.run();
    expect(await order('rotated')).toBe('signature_mismatch');
    expect((await store.loadCredential('rotated'))?.secretVersions[1]?.sealed).toBeNull();
    nowMs = T0 + 30 * 86_400_000;
    await engine.upkeep.run();
    expect(await order('constrained')).toBe('credential_expired');
    const log = await store.readLog({ after: LOG.length, limit: 100, type: 'key.expired' });
    expect(
      log.map(({ bytes }) => (JSON.parse(bytes) as { credentialId: string }).credentialId).sort(),
    ).toEqual(['constrained', 'quarantined', 'rotated']);
  });

  it('has keys that are widened and revoked like new ones', async () => {
    const { revision } = (await engine.keys.get('constrained')) ?? { revision: 0 };
    done(await engine.keys.edit('constrained', { allowedIps: null }, revision, SERVICE));
    expect(await order('constrained')).toBe('constraint_violated');
    nowMs += 86_400_000;
    expect(await order('constrained')).toBe('allowed');
    const { revoked } = done(await engine.keys.revokeAll({ metadata: { app: 'grid' } }, 'a leak', SERVICE));
    expect([revoked, await order('constrained', { amount: '2' })]).toEqual([1, 'credential_revoked']);
  });
});
