import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { OPERATOR_PERMISSIONS } from '../packages/engine/dist/index.js';
import { codeBlocks, page, ROOT, tableRows } from './pages.ts';

const text = page('docs/operations.md');
const folder = mkdtempSync(join(tmpdir(), 'countersign-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the service as a process of its own, over `data` in a folder. */
async function start(home: string) {
  const env = {
    PATH: process.env.PATH,
    COUNTERSIGN_PORT: '0',
    COUNTERSIGN_DATA_DIR: 'data',
    COUNTERSIGN_LOG_LEVEL: 'silent',
  };
  const child = spawn(process.execPath, [`${ROOT}packages/server/dist/main.js`], { cwd: home, env });
  let errors = '';
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString();
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const url = await new Promise<string | undefined>((resolve) => {
    let output = '';
    child.stdout.on('data', (part: Buffer) => {
      output += part.toString();
      const found = /listening on (\S+)\n/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.on('close', () => resolve(undefined));
  });
  return {
    url,
    errors: () => errors,
    async stop() {
      child.kill('SIGTERM');
      const [code] = await ended;
      return code;
    },
  };
}

function homeFolder(name: string): string {
  const home = join(folder, name);
  mkdirSync(home);
  return home;
}

function operatorOf(home: string): { id: string; token: string } {
  const file = readFileSync(join(home, 'data/operator.env'), 'utf8');
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(file)?.[1] ?? '';
  return { id: value('COUNTERSIGN_KEY_ID'), token: value('COUNTERSIGN_SECRET') };
}

async function call(url: string | undefined, token: string, method: string, path: string, body?: string) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body ?? null,
  });
  const answer = await response.text();
  return {
    status: response.status,
    text: answer,
    json: answer.startsWith('{') ? JSON.parse(answer) : undefined,
  };
}

/** Runs one statement on the database, as another program would. */
function sqlite(home: string, sql: string): void {
  const program =
    'import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])';
  execFileSync('python3', ['-c', program, join(home, 'data/countersign.db'), sql]);
}

/** The shell block that holds a text. */
function shell(part: string): string {
  const blocks = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].map(([, code]) => code as string);
  const found = blocks.find((code) => code.includes(part));
  if (found === undefined) throw new Error(`no block holds ${part}`);
  return found;
}

describe('the page about operations', () => {
  it('lists the permissions of operators', () => {
    const names = tableRows(text).map(([name]) => name);
    for (const name of OPERATOR_PERMISSIONS.keys()) expect(names).toContain(`\`${name}\``);
  });

  it('has a way to a token for the metrics, which lists the metrics that there are', async () => {
    const home = homeFolder('metrics');
    const service = await start(home);
    const { token } = operatorOf(home);
    const body = shell('prometheus').split('\n')[1];
    const made = await call(service.url, token, 'POST', '/v1/keys', body);
    expect(made.status).toBe(201);
    const metrics = await call(service.url, made.json.secret, 'GET', '/metrics');
    const ours = [...metrics.text.matchAll(/^# TYPE (countersign_\w+)/gm)].map(([, name]) => `\`${name}\``);
    expect(
      tableRows(text)
        .map(([name]) => name)
        .filter((name) => name?.startsWith('`countersign_')),
    ).toEqual(ours);
    expect((await call(service.url, made.json.secret, 'GET', '/v1/keys')).status).toBe(403);
    expect(await service.stop()).toBe(0);
  });

  it('has a backup and a restore that work, and is right about a missing keyring', async () => {
    const home = homeFolder('backup');
    const service = await start(home);
    const { token } = operatorOf(home);
    const rotated = await call(service.url, token, 'POST', '/v1/keyring/rotate');
    expect(rotated.status).toBe(200);
    const sql = /"(VACUUM INTO '[^']*')"/.exec(shell('VACUUM'))?.[1] ?? '';
    const backup = join(folder, 'backup.db');
    sqlite(home, sql.replace('/backup/countersign.db', backup));
    await service.stop();

    const restored = homeFolder('restored');
    mkdirSync(join(restored, 'data'), { mode: 0o700 });
    execFileSync('cp', [backup, join(restored, 'data/countersign.db')]);
    const without = await start(restored);
    expect(without.url).toBeUndefined();
    expect(without.errors()).toContain('is not there, and the database holds secrets');
    execFileSync('cp', [join(home, 'data/keyring.json'), join(restored, 'data/keyring.json')]);
    const again = await start(restored);
    expect((await call(again.url, token, 'GET', '/v1/keys?accountId=operator')).json.data).toHaveLength(1);
    await again.stop();
  });

  it('has a way back to an operator whose token is lost', async () => {
    const home = homeFolder('lost');
    const first = await start(home);
    const lost = operatorOf(home);
    await first.stop();
    execFileSync('sh', ['-c', shell('operator.env.new').replace(/^ {3}/gm, '')], { cwd: home });
    const second = await start(home);
    const found = operatorOf(home);
    expect(found.id).not.toBe(lost.id);
    expect(statSync(join(home, 'data/operator.env')).mode & 0o777).toBe(0o600);
    const revoked = await call(
      second.url,
      found.token,
      'POST',
      `/v1/keys/${lost.id}/revoke`,
      '{"reason":"lost"}',
    );
    expect(revoked.json).toMatchObject({ revoked: 1 });
    expect((await call(second.url, lost.token, 'GET', '/v1/keys')).status).toBe(401);
    await second.stop();
  });

  it('quotes the messages that keep the service from starting', async () => {
    const home = homeFolder('messages');
    await (await start(home)).stop();
    const shown = tableRows(text).map(([message]) => message ?? '');
    const says = async (message: string) => {
      const service = await start(home);
      expect(service.url).toBeUndefined();
      expect(service.errors()).toContain(message);
      expect(shown.some((row) => row.includes(message))).toBe(true);
    };
    chmodSync(join(home, 'data/keyring.json'), 0o644);
    await says('can be read by others');
    chmodSync(join(home, 'data/keyring.json'), 0o600);
    sqlite(home, 'PRAGMA user_version = 99');
    await says('The database has version');
    rmSync(join(home, 'data/countersign.db'));
    await says('is there, and the database has no operator');
  });

  it('has a way to freeze everything, to revoke what leaked, and back', async () => {
    const home = homeFolder('leak');
    const service = await start(home);
    const { token } = operatorOf(home);
    const issue = async (metadata: object) => {
      const body = { accountId: 'acct_1', environment: 'live', kind: 'bearer', permissions: [], metadata };
      return (await call(service.url, token, 'POST', '/v1/keys', JSON.stringify(body))).json;
    };
    const keys = [await issue({ app: 'bot-farm' }), await issue({})];
    const decisions = async () => {
      const codes = [];
      for (const { secret } of keys) {
        const request = { method: 'GET', target: '/', headers: { authorization: `Bearer ${secret}` } };
        const answer = await call(service.url, token, 'POST', '/v1/verify', JSON.stringify({ request }));
        // With neither a manifest nor a permission, what is allowed is authentication alone.
        codes.push(answer.json.allowed ? 'allowed' : answer.json.code);
      }
      return codes;
    };
    const type = (part: string) => {
      const line = shell(part).trim().replace('countersign ', `node ${ROOT}packages/cli/dist/main.js `);
      // The page's time is one that has not come yet.
      const command = line.replace('2027-02-01T08:00:00Z', new Date().toISOString());
      const env = {
        PATH: process.env.PATH,
        COUNTERSIGN_URL: service.url,
        COUNTERSIGN_SECRET: token,
      };
      return execFileSync('sh', ['-c', `${command} --yes`], { env, encoding: 'utf8' });
    };
    expect(await decisions()).toEqual(['allowed', 'allowed']);
    expect(type('panic --freeze-all')).toMatch(/^Frozen in/);
    expect(await decisions()).toEqual(['account_frozen', 'account_frozen']);
    expect(type('revoke-all')).toMatch(/^Revoked 1 /);
    expect(type('panic --unfreeze-all')).toMatch(/^Unfrozen in/);
    expect(await decisions()).toEqual(['credential_revoked', 'allowed']);
    expect(await service.stop()).toBe(0);
  });

  it('has code blocks for what it tells to type', () => {
    expect(codeBlocks(text, 'sh').length).toBeGreaterThan(3);
  });
});
