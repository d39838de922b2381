import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The blocks of the README that a newcomer pastes into the second terminal. */
function tour(): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  return [...readme.matchAll(/```sh tour\n([\s\S]*?)```/g)].map(([, block]) => block).join('\n');
}

/** Starts a program and waits for what it says: all matches of the pattern's first group. */
function startAndHear(args: string[], env: Record<string, string>, pattern: RegExp): Promise<string[]> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { PATH: process.env.PATH, ...env } });
  children.push(child);
  return new Promise((done, fail) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      said += part;
      const heard = pattern.exec(said);
      if (heard !== null) done(heard.slice(1));
    });
    child.on('exit', () => fail(new Error(`it ended: ${said}`)));
  });
}

it('does what the README says at each step', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-tour-'));
  folders.push(folder);
  const [upstream = ''] = await startAndHear(['examples/hello-exchange.mjs'], { PORT: '0' }, /at (http:\S+)/);
  const [proxy = ''] = await startAndHear(
    ['packages/server/dist/main.js'],
    {
      COUNTERSIGN_PORT: '0',
      COUNTERSIGN_PROXY_PORT: '0',
      COUNTERSIGN_DATA_DIR: join(folder, 'data'),
      COUNTERSIGN_UPSTREAM: upstream,
      COUNTERSIGN_MANIFEST: join(ROOT, 'examples/manifests/bitget-like.yaml'),
    },
    /proxy is at (http:\S+)[\s\S]*listening on/,
  );
  const script = tour()
    .replaceAll('http://127.0.0.1:8421', proxy)
    .replaceAll('packages/cli', join(ROOT, 'packages/cli'));
  const { stdout } = await promisify(execFile)('bash', ['-c', `shopt -s expand_aliases; set -e\n${script}`], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder },
  });
  const answers = stdout.split('\n').filter((line) => line.startsWith('{'));
  expect(answers[0]).toContain('"hello":"acct_42"');
  expect(answers[0]).toContain('"permission":"spot.trade"');
  expect(answers.slice(1, 4).map((line) => JSON.parse(line).code)).toEqual(['40008', '40009', '40037']);
  for (const word of ['key.issued', 'key.revoked', 'replayed', 'signature_mismatch'])
    expect(stdout).toContain(word);
  expect(stdout).not.toMatch(/cs_live_/);
});
