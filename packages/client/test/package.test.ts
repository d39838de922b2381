import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ADVICE } from '@countersign/client';
import { mintHmacSecret, mintId } from '@countersign/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envText, PASSPHRASE } from './keys.ts';
import { json, type Loopback, startLoopback } from './loopback.ts';
import { EXAMPLES, rowsUnder } from './readme.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../../..');
/** Which Node runs the examples: the end-to-end tests name others. */
const NODE = process.env.TEST_NODE ?? process.execPath;
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
/** What the packages of this project need from elsewhere. */
const OUTSIDE = ['@noble/curves', '@noble/hashes', 'ipaddr.js'];
const PASSPHRASE_ENV = { OKX_KEY_ID: 'okx-key-1', OKX_PASSPHRASE: PASSPHRASE };

/** What each example prints, in the order of the README. */
const PRINTS = [
  /^200 \{ code: '00000' \}\n$/,
  /^refused \[ 'permission_denied' \] Give the key the permission .*\n$/,
  /^200\n$/,
  /^200\n$/,
  /^auth\nws:\/\/127\.0\.0\.1:\d+\/v1\/stream \[ 'Signature-Input', 'Signature' \]\n$/,
  /^The answer cannot be believed: it is unsigned\.\n$/,
];

let project: string;
let server: Loopback;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'countersign-package-'));
  server = await startLoopback((request, response, count) =>
    request.target.includes('withdrawal')
      ? json({ code: '40014', msg: 'Incorrect permissions, need withdraw permissions', data: null }, 400)(
          request,
          response,
          count,
        )
      : json({ code: '00000' })(request, response, count),
  );
  const folders = ['packages/core', 'packages/client', ...OUTSIDE.map((name) => `node_modules/${name}`)];
  const files: Record<string, string> = {};
  for (const folder of folders) {
    const { name } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { name: string };
    files[name] = `file:${await pack(join(ROOT, folder))}`;
  }
  write(
    'package.json',
    JSON.stringify({ name: 'a-bot', private: true, type: 'module', dependencies: files }),
  );
  await run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: project });
  const id = mintId('live', Buffer.alloc(32, 5), randomBytes);
  write('bot.env', envText(id, mintHmacSecret('live', randomBytes), PASSPHRASE));
  mkdirSync(join(project, 'secrets'));
  write('secrets/okx', `${mintHmacSecret('live', randomBytes)}\n`);
  const { publicKey } = generateKeyPairSync('ed25519');
  write('answers.pem', publicKey.export({ type: 'spki', format: 'pem' }) as string);
}, 240_000);

afterAll(async () => {
  await server.close();
  rmSync(project, { recursive: true, force: true });
});

function write(name: string, content: string): void {
  writeFileSync(join(project, name), content, { mode: 0o600 });
}

async function pack(folder: string): Promise<string> {
  const { stdout } = await run(
    'npm',
    ['pack', '--ignore-scripts', '--silent', '--pack-destination', project],
    { cwd: folder },
  );
  return join(project, stdout.trim().split('\n').at(-1) ?? '');
}

/** An example as it runs here: against the loopback, which speaks plain HTTP. */
function here(code: string): string {
  return code.replaceAll('https://api.exchange.example', server.url).replaceAll('node:https', 'node:http');
}

const execute = (name: string) =>
  run(NODE, [name], { cwd: project, env: { PATH: process.env.PATH, ...PASSPHRASE_ENV } });

it('needs nothing else than it says', async () => {
  const { stdout } = await run('npm', ['ls', '--all', '--parseable'], { cwd: project });
  const installed = stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((path) => path.split('/node_modules/').at(-1));
  expect(installed.sort()).toEqual(['@countersign/client', '@countersign/core', ...OUTSIDE]);
});

describe('the examples of the README', () => {
  it.each(EXAMPLES.map((code, i) => [i, code] as const))('number %i runs as JavaScript', async (i, code) => {
    write(`example-${i}.mjs`, here(code));
    const { stdout, stderr } = await execute(`example-${i}.mjs`);
    expect(stderr).toBe('');
    expect(stdout).toMatch(PRINTS[i] as RegExp);
  });

  it('are right TypeScript, and run when compiled', async () => {
    mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
    for (const [i, code] of EXAMPLES.entries()) write(`example-${i}.mts`, here(code));
    const options = [
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
      '--skipLibCheck',
      'false',
      '--outDir',
      'out',
    ];
    const sources = EXAMPLES.map((_, i) => `example-${i}.mts`);
    await run(process.execPath, [TSC, '--ignoreConfig', ...options, ...sources], { cwd: project }).catch(
      (error: { stdout: string }) => {
        throw new Error(error.stdout);
      },
    );
    for (const i of EXAMPLES.keys()) {
      const { stdout } = await execute(`out/example-${i}.mjs`);
      expect(stdout).toMatch(PRINTS[i] as RegExp);
    }
  }, 120_000);

  it('say each what they print, here', () => {
    expect(EXAMPLES).toHaveLength(PRINTS.length);
  });
});

it('a wrong program is no TypeScript', async () => {
  const wrong = [
    "createClient({ dialect: 'okx', baseUrl: 'https://a.example' });",
    "createClient({ dialect: 'okx', baseUrl: 'https://a.example', key: keyFromEnvFile('a.env'), secret: 'x' });",
    "createClient({ dialect: 'okx', baseUrl: 'https://a.example', secret: 42 });",
    "if (new CountersignError('refused', '').code === 'refusd') throw 1;",
  ];
  const head = "import { CountersignError, createClient, keyFromEnvFile } from '@countersign/client';\n";
  write('wrong.mts', `${head}void [CountersignError, createClient, keyFromEnvFile];\n${wrong.join('\n')}\n`);
  const options = [
    '--ignoreConfig',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--noEmit',
    '--types',
    'node',
    '--pretty',
    'false',
  ];
  const { stdout } = await run(process.execPath, [TSC, ...options, 'wrong.mts'], { cwd: project }).catch(
    (error: { stdout: string }) => error,
  );
  const lines = new Set([...stdout.matchAll(/^wrong\.mts\((\d+),/gm)].map(([, line]) => Number(line)));
  expect([...lines]).toEqual([3, 4, 5, 6]);
}, 120_000);

it('a bundler for browsers gets what refuses to run', async () => {
  write('page.mjs', "import { createClient } from '@countersign/client';\nvoid createClient;\n");
  const ended = await run(process.execPath, ['--conditions', 'browser', 'page.mjs'], { cwd: project }).then(
    () => 'it ran',
    (error: { stderr: string }) => error.stderr,
  );
  expect(ended).toMatch(/does not run in a browser|does not provide an export named/);
  write('page-bare.mjs', "await import('@countersign/client');\n");
  const bare = await run(process.execPath, ['--conditions', 'browser', 'page-bare.mjs'], {
    cwd: project,
  }).then(
    () => 'it ran',
    (error: { stderr: string }) => error.stderr,
  );
  expect(bare).toContain('@countersign/client does not run in a browser');
});

describe('the tables of the README', () => {
  it('list the codes that there are', () => {
    const named = rowsUnder('What can go wrong').flatMap(([codes = '']) =>
      [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => code),
    );
    expect(named.sort()).toEqual(Object.keys(ADVICE).sort());
  });

  it('list the options that there are', () => {
    const source = ['options.ts', 'retry.ts'].map((file) =>
      readFileSync(join(ROOT, 'packages/client/src', file), 'utf8'),
    );
    const bodies = source.flatMap((text) => [
      ...text.matchAll(
        /interface (?:WholeKey|KeyInParts|CommonOptions|RetryOptions)[^{]*\{\n([\s\S]*?)^\}/gm,
      ),
    ]);
    const options = bodies.flatMap(([, body = '']) =>
      [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name),
    );
    expect(
      rowsUnder('Options')
        .map(([name]) => name?.slice(1, -1))
        .sort(),
    ).toEqual([...new Set(options)].sort());
  });
});
