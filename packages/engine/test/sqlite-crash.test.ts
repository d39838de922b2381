import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteStore } from '@countersign/engine/sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { wholeLog } from './records.ts';
import { temporaryFolder } from './store-adapters.ts';

const KILLS = 8;
const folder = temporaryFolder();
const path = join(folder, 'countersign.db');
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the child until it has said `lines` lines, kills it at that moment, and returns all whole lines. */
function runAndKill(generation: number, lines: number): Promise<string[]> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'crash-child.mjs'), path, String(generation)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.split('\n').length > lines) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('close', (_code, signal) => {
      if (signal === 'SIGKILL') resolve(said.split('\n').slice(0, -1));
      else reject(new Error(`the child ended by itself: ${said.slice(-200)}`));
    });
  });
}

describe('kill -9 under load', () => {
  it('loses no acknowledged change and no acknowledged decision', async () => {
    const acknowledged: string[] = [];
    for (let generation = 0; generation < KILLS; generation++) {
      // The next process opens what the kill left behind, and goes on.
      acknowledged.push(...(await runAndKill(generation, 20 + Math.floor(Math.random() * 400))));
    }
    const store = await createSqliteStore({ path });
    const log = await wholeLog(store);
    const logged = new Set(log.map(({ type, credentialId }) => `${type} ${credentialId}`));
    const entryTypes: Record<string, string> = {
      decision: 'decision',
      issued: 'key.issued',
      revoked: 'key.revoked',
    };
    const counts: Record<string, number> = {};
    for (const line of acknowledged) {
      const [what = '', id = ''] = line.split(' ');
      counts[what] = (counts[what] ?? 0) + 1;
      if (what === 'ready') continue;
      expect(logged, line).toContain(`${entryTypes[what]} ${id}`);
      if (what === 'decision') continue;
      const record = await store.loadCredential(id);
      expect(record, line).toBeDefined();
      if (what === 'revoked') expect(record?.standing).toBe('revoked');
      expect(await store.resolveLookup(`n-${id}`)).toBe(id);
    }
    expect(counts.ready).toBe(KILLS);
    expect(Math.min(counts.decision ?? 0, counts.issued ?? 0, counts.revoked ?? 0)).toBeGreaterThan(KILLS);
    // A change is there with its entry, or neither is.
    const issued = log.filter(({ type }) => type === 'key.issued').map(({ credentialId }) => credentialId);
    expect(issued).toHaveLength(await store.countCredentials());
    for (const id of issued) expect(await store.loadCredential(id as string)).toBeDefined();
    await store.close();
  });
});
