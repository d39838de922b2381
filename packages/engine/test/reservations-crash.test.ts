import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createEngine, createEnvKeyring, parseManifest } from '@countersign/engine';
import { createSqliteStore } from '@countersign/engine/sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './store-adapters.ts';
import { bearerRequest } from './wire.ts';

const KILLS = 4;
const LIMIT = 1000;
const EACH = 7;
const folder = temporaryFolder();
const path = join(folder, 'countersign.db');
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the child until it has said `lines` lines, kills it at that moment, and returns all whole lines. */
function runAndKill(lines: number, token: string[]): Promise<string[][]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'spend-child.mjs'), path, ...token], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.split('\n').length > lines) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('close', (_code, signal) => {
      const whole = said.split('\n').slice(0, -1);
      if (signal === 'SIGKILL') resolve(whole.map((line) => line.split(' ')));
      else reject(new Error(`the child ended by itself: ${said.slice(-200)}`));
    });
  });
}

describe('kill -9 while an amount is spent and given back', () => {
  it('leaves as much of the amount as was not spent, and lets never more through', async () => {
    const said: string[][] = [];
    let token: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      said.push(...(await runAndKill(30 + Math.floor(Math.random() * 150), token)));
      token = said.filter(([what]) => what === 'token').map(([, text = '']) => text);
    }
    const idsOf = (word: string) => said.filter(([what]) => what === word).map(([, id = '']) => id);
    const store = await createSqliteStore({ path });
    for (const id of idsOf('allowed')) expect(await store.reservation(id), id).toBeDefined();
    for (const id of idsOf('released'))
      expect((await store.reservation(id))?.releasedAt, id).toBeGreaterThan(0);
    const released = new Set(idsOf('released'));
    const answered = idsOf('allowed').filter((id) => !released.has(id)).length * EACH;
    // What was about to be given back when it was killed may have been, and nobody was told.
    expect(answered).toBeLessThanOrEqual(LIMIT + KILLS * 6 * EACH);
    const standing = [...(await store.liveReservations(Date.now()))].length * EACH;
    expect(standing).toBeLessThanOrEqual(LIMIT);
    expect(idsOf('allowed').length).toBeGreaterThan(KILLS);
    expect(released.size).toBeGreaterThan(KILLS);

    const parsed = parseManifest(`version: 1
permissions: { move: { risk: critical } }
routes:
  - { route: POST /withdrawals, permission: move, facts: { notional: { json: /amount } } }
`);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    const keyring = createEnvKeyring(`kek-1:${Buffer.alloc(32, 1).toString('base64')}`);
    const engine = createEngine({ store, keyring, manifest: parsed.manifest });
    const spend = (amount: number) =>
      engine.verify(
        bearerRequest(token[0] ?? '', {
          method: 'POST',
          target: '/withdrawals',
          body: `{"amount":"${amount}"}`,
        }),
      );
    expect(await spend(LIMIT - standing + 1)).toMatchObject({ code: 'constraint_violated' });
    expect(await spend(LIMIT - standing)).toMatchObject({ allowed: true });
    await engine.close();
    await store.close();
  });
});
