import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseManifest } from '../packages/engine/dist/index.js';
import { codeBlocks, page, ROOT, tableRows } from './pages.ts';

const text = page('docs/rotation.md');
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'countersign-docs-'));
const service = spawn(process.execPath, [`${ROOT}packages/server/dist/main.js`], {
  cwd: folder,
  env: {
    PATH: process.env.PATH,
    COUNTERSIGN_PORT: '0',
    COUNTERSIGN_DATA_DIR: 'data',
    COUNTERSIGN_LOG_LEVEL: 'silent',
  },
});
beforeAll(
  () =>
    new Promise<void>((resolve, reject) => {
      let output = '';
      service.stdout.on('data', (part: Buffer) => {
        output += part.toString();
        if (output.includes('listening on')) resolve();
      });
      service.once('close', () => reject(new Error(`the service ended: ${output}`)));
    }),
);
afterAll(async () => {
  const ended = new Promise((resolve) => service.once('close', resolve));
  service.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true });
});

/** Runs lines of the page, with less patience. */
function shell(lines: string, env: Readonly<Record<string, string>> = {}) {
  const command = `countersign() { "${process.execPath}" "${ROOT}packages/cli/dist/main.js" "$@"; }\nset -e\n`;
  const operator = parseEnv(readFileSync(join(folder, 'data/operator.env'), 'utf8'));
  return run('sh', ['-c', command + lines.replaceAll('--quiet-for 10m', '--quiet-for 1s')], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...operator, ...env },
  });
}

describe('the page about rotation', () => {
  it('has commands that do what it says', async () => {
    const [rotate = '', retire = '', audit = ''] = codeBlocks(text, 'sh');
    const made = await shell(
      'countersign keys create --account a --environment live --kind hmac --no-permission --out bot.env --json',
    );
    const { id } = JSON.parse(made.stdout) as { id: string };
    const env = { ID: id, OUT: 'bot.env' };
    const before = readFileSync(join(folder, 'bot.env'), 'utf8');
    const { stdout } = await shell(rotate, env);
    expect(stdout).toContain('Version 1 is retired.');
    expect(readFileSync(join(folder, 'bot.env'), 'utf8')).not.toBe(before);
    for (const line of retire.trim().split('\n')) {
      await shell(`countersign keys rotate $ID\n${line}`, env);
      await expect(shell('countersign keys retire-previous $ID', env)).rejects.toThrow('state_conflict');
    }
    expect((await shell(audit, env)).stdout).toContain('INDEX');
  }, 240_000);

  it('has policies that a manifest can have', () => {
    const [policies = ''] = codeBlocks(text, 'yaml');
    const routes = 'routes:\n  - { route: DELETE /orders, permission: spot.cancel }\n';
    const parsed = parseManifest(`version: 1\n${policies}${routes}`);
    expect(parsed).toMatchObject({ ok: true });
  });

  it('lists every entry that upkeep writes, with its data', () => {
    const source = readFileSync(`${ROOT}packages/engine/src/upkeep/carry-out.ts`, 'utf8');
    const written = [...source.matchAll(/\['(key\.\w+)', \{([^}]*)\}/g)];
    const rows = new Map(tableRows(text).map(([entry, , data]) => [entry, data]));
    expect([...rows.keys()].sort()).toEqual(written.map(([, type]) => `\`${type}\``).sort());
    for (const [, type, members = ''] of written) {
      for (const [, name] of members.matchAll(/(?:^|, )\s*(\w+)/g))
        expect(rows.get(`\`${type}\``)).toContain(`\`${name}\``);
    }
  });
});
