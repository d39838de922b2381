import { CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKeyWithSecret } from '../src/keys/api-key.ts';
import { type RunningService, startOther, startRealService } from './command.ts';
import { runHere } from './in-process.ts';

let service: RunningService;

beforeAll(async () => {
  service = await startRealService();
});
afterAll(() => service.stop());

/** Runs a command as the operator, in this process: a process for each takes its time. */
async function run(args: readonly string[], env = service.env) {
  try {
    const { exitCode, printed, noted } = await runHere(args, { env });
    return { code: exitCode, stdout: printed, stderr: noted };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { code: 2, stdout: '', stderr: error.message };
  }
}

async function json<T>(args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await run([...args, '--json']);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const create = (account: string) =>
  json<ApiKeyWithSecret>([
    ...['keys', 'create', '--account', account, '--environment', 'live', '--kind', 'bearer'],
    ...['--permission', 'spot.read'],
  ]);

/** What the service decides about a request with a bearer token. */
async function decision(key: ApiKeyWithSecret): Promise<string> {
  const response = await fetch(`${service.url}/v1/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      permission: 'spot.read',
      request: { method: 'GET', target: '/balance', headers: { authorization: `Bearer ${key.secret}` } },
    }),
  });
  const { allowed, code } = (await response.json()) as { allowed: boolean; code: string };
  return allowed ? 'allowed' : code;
}

describe('accounts', () => {
  it('are frozen and unfrozen, and shown', async () => {
    const key = await create('acct_1');
    const frozen = await run(['accounts', 'freeze', 'acct_1', '--reason', 'odd orders']);
    expect(frozen).toMatchObject({ code: 0, stderr: '' });
    expect(frozen.stdout).toMatch(
      /^account {2}acct_1\nstate {4}frozen since .*Z: odd orders\nquotas {3}the manifest's\n$/,
    );
    expect(await decision(key)).toBe('account_frozen');
    const again = await json(['accounts', 'freeze', 'acct_1', '--reason', 'another']);
    expect(again).toMatchObject({ isFrozen: true, reason: 'odd orders', hasKeys: true });
    const back = await run(['accounts', 'unfreeze', 'acct_1', '--reason', 'explained']);
    expect(back.stdout).toContain('not frozen');
    expect(await decision(key)).toBe('allowed');
    expect((await run(['accounts', 'show', 'acct_1'])).stdout).toContain('not frozen');
  });

  it('without keys are asked about: the id may be mistyped', async () => {
    const { code, stderr } = await run(['accounts', 'freeze', 'acct_nobody', '--reason', 'odd']);
    expect([code, stderr]).toEqual([0, 'There is no key of acct_nobody: is the id right?\n']);
  });

  it('of operators are not frozen', async () => {
    const { code, stderr } = await run(['accounts', 'freeze', 'operator', '--reason', 'x']);
    expect(code).toBe(1);
    expect(stderr).toContain('is never frozen');
  });

  it('are given no quota for a limit that there is not', async () => {
    const { code, stderr } = await run(['accounts', 'quota', 'acct_1', '--set', 'orders=5']);
    expect(code).toBe(1);
    expect(stderr).toContain('/quotas/orders the manifest has no rate limit of this name');
  });

  it.each([
    [['accounts', 'quota', 'acct_1'], 'Nothing to change'],
    [['accounts', 'quota', 'acct_1', '--set', 'orders'], 'limit=quota'],
    [['accounts', 'quota', 'acct_1', '--set', 'orders=1.5'], 'whole number'],
    [['accounts', 'quota', 'acct_1', '--remove', 'orders'], 'has no quota orders'],
    [['accounts', 'freeze', 'acct_1'], '--reason'],
  ])('%j is a fault of usage', async (args, message) => {
    const { code, stderr } = await run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('panic', () => {
  it('freezes everything and says what goes on, and takes it back', async () => {
    const [key, other] = [await create('acct_2'), await create('acct_3')];
    await json(['accounts', 'freeze', 'acct_3', '--reason', 'odd']);
    const frozen = await run(['panic', '--freeze-all', '--reason', 'keys leaked', '--yes']);
    expect(frozen).toMatchObject({ code: 0, stderr: '' });
    expect(frozen.stdout).toMatch(
      /^Frozen in \d+ ms: live and test\.\n {2}live {2}frozen since .*Z: keys leaked\n/,
    );
    expect(frozen.stdout).toContain('routes that the manifest declares public');
    expect(frozen.stdout).toContain('countersign panic --unfreeze-all');
    expect(await decision(key)).toBe('account_frozen');
    // What an operator needs now goes on.
    await json(['keys', 'revoke', other.id, '--reason', 'leaked', '--yes']);
    const again = await run(['panic', '--freeze-all', '--reason', 'once more', '--yes']);
    expect(again.stdout).toMatch(/^Nothing was to be done: it was frozen before\.\n.*: keys leaked\n/);
    const back = await run(['panic', '--unfreeze-all', '--reason', 'mended', '--yes']);
    expect(back.stdout).toMatch(/^Unfrozen in \d+ ms: live and test\.\n {2}live {2}not frozen\n/);
    expect(await decision(key)).toBe('allowed');
    expect(await json(['accounts', 'show', 'acct_3'])).toMatchObject({ isFrozen: true });
  });

  it('is for one environment where that is said', async () => {
    const key = await create('acct_4');
    const answer = await json([
      ...['panic', '--freeze-all', '--environment', 'test', '--reason', 'x', '--yes'],
    ]);
    expect(answer).toMatchObject({ changed: ['test'] });
    expect(await decision(key)).toBe('allowed');
    await json(['panic', '--unfreeze-all', '--reason', 'x', '--yes']);
  });

  it.each([
    [['panic', '--reason', 'x', '--yes'], 'Say which'],
    [['panic', '--freeze-all', '--unfreeze-all', '--reason', 'x', '--yes'], 'Say which'],
    [['panic', '--freeze-all', '--yes'], '--reason'],
    [['panic', '--freeze-all', '--reason', 'x'], 'confirm with --yes'],
    [['panic', '--freeze-all', '--reason', 'x', '--yes', '--environment', 'prod'], 'live, test'],
  ])('%j is a fault of usage', async (args, message) => {
    const { code, stderr } = await run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('asks a service again that is busy, with the same idempotency key', async () => {
    const keys: unknown[] = [];
    const busy = {
      type: '/docs/errors/unavailable',
      title: 'busy',
      status: 503,
      code: 'unavailable',
      detail: 'The audit log cannot be written.',
    };
    const done = { environments: [], changed: ['live', 'test'], elapsedMs: 1 };
    const other = await startOther((request, response) => {
      keys.push(request.headers['idempotency-key']);
      const isFirst = keys.length === 1;
      request.resume();
      response.writeHead(isFirst ? 503 : 200, { 'content-type': 'application/json', 'retry-after': '1' });
      response.end(JSON.stringify(isFirst ? busy : done));
    });
    const { code, stdout, stderr } = await run(
      ['panic', '--freeze-all', '--reason', 'x', '--yes'],
      other.env,
    );
    await other.stop();
    expect([code, keys.length, new Set(keys).size]).toEqual([0, 2, 1]);
    expect(stdout).toMatch(/^Frozen in/);
    expect(stderr).toBe('The service answers unavailable. Trying again.\n');
  });
});

describe('keys revoke-all', () => {
  it.each(['30d', 'yesterday', '2999-01-01', '2999-01-01T00:00:00Z'])(
    'takes %s for no time before which keys were made',
    async (time) => {
      const args = ['keys', 'revoke-all', '--created-before', time, '--reason', 'x', '--yes'];
      const { code, stderr } = await run(args);
      expect(code).toBe(2);
      expect(stderr).toContain('a time that has been');
    },
  );

  it('says so when no key fits', async () => {
    const args = ['keys', 'revoke-all', '--metadata', 'app=mistyped', '--reason', 'x', '--yes'];
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout.slice(0, 10)]).toEqual([0, 'Revoked 0 ']);
    expect(stderr).toBe('No key fits that was not revoked before: is the filter right?\n');
  });
});
