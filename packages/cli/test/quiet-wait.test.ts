import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey, ApiKeyWithSecret } from '../src/keys/api-key.ts';
import { endOf, type RunningService, startCommand, startRealService } from './command.ts';
import { runHere } from './in-process.ts';

let service: RunningService;
beforeAll(async () => {
  service = await startRealService();
});
afterAll(() => service.stop());

const newKey = () =>
  service.json<ApiKeyWithSecret>([
    'keys',
    'create',
    '--account',
    'acct_1',
    '--environment',
    'live',
    '--kind',
    'bearer',
    '--no-permission',
  ]);

/** A request of a bot, as an API asks about it. Says whether it was allowed, and with which version. */
async function use(secret: string | undefined, ip = '203.0.113.9'): Promise<number | string> {
  const headers = [['Authorization', `Bearer ${secret}`]];
  const response = await fetch(`${service.url}/v1/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ request: { method: 'GET', target: '/', headers, ip } }),
  });
  const { secretVersion, code } = (await response.json()) as { secretVersion?: number; code?: string };
  return secretVersion ?? code ?? response.status;
}

/** Starts a command that waits; `begun` resolves once it says so. */
function startWaiting(args: readonly string[]) {
  const child = startCommand(args, { env: service.env });
  const begun = new Promise<void>((resolve) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('Waiting until')) resolve();
    });
  });
  return { child, begun, ended: endOf(child) };
}

describe('keys rotate --wait', () => {
  it('tells who still uses the old version, and retires it once nobody does', async () => {
    const { id, secret } = await newKey();
    expect(await use(secret, '192.0.2.4')).toBe(1);
    const { begun, ended } = startWaiting(['keys', 'rotate', id, '--wait', '--quiet-for', '4s', '--json']);
    await begun;
    expect(await use(secret)).toBe(1);
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/nobody has used version 1 for 4 s\. Its last use: .* from 192\.0\.2\.4/);
    expect(stderr).toMatch(/Version 1 is still used: last .* from 203\.0\.113\.9/);
    const [rotated, retired] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ApiKeyWithSecret);
    expect(retired?.secret).toBeUndefined();
    expect(await use(secret)).toBe('signature_mismatch');
    expect(await use(rotated?.secret)).toBe(2);
    const shown = await service.json<ApiKey>(['keys', 'show', id]);
    expect(shown.secretVersions).toMatchObject([
      { version: 2, lastUsedIp: '203.0.113.9' },
      { version: 1, lastUsedIp: '203.0.113.9', retiresAt: retired?.secretVersions[1]?.retiresAt },
    ]);
  }, 60_000);

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'leaves all as it is on %s, and says how to go on',
    async (signal) => {
      const { id, secret } = await newKey();
      const { child, begun, ended } = startWaiting(['keys', 'rotate', id, '--wait']);
      await begun;
      child.kill(signal);
      const { code, stderr } = await ended;
      expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(stderr).toContain('Nothing was retired: version 1 goes on until');
      expect(stderr).toContain(`countersign keys retire-previous ${id} --wait`);
      expect(await use(secret)).toBe(1);
    },
  );

  it('gives up after --wait-at-most with 1, and says who uses it', async () => {
    const { id, secret } = await newKey();
    const { begun, ended } = startWaiting([
      ...['keys', 'rotate', id, '--wait', '--quiet-for', '3s', '--wait-at-most', '6s'],
    ]);
    await begun;
    let isOver = false;
    const end = ended.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      expect(await use(secret)).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const { code, stderr } = await end;
    expect(code).toBe(1);
    expect(stderr).toMatch(/Version 1 is not quiet after 6 s: last used .* from 203\.0\.113\.9/);
    expect(await use(secret)).toBe(1);
  }, 60_000);

  it('does not retire the version of a rotation that came meanwhile', async () => {
    const { id } = await newKey();
    const { begun, ended } = startWaiting(['keys', 'rotate', id, '--wait', '--quiet-for', '4s', '--json']);
    await begun;
    const again = await service.json<ApiKeyWithSecret>(['keys', 'rotate', id]);
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('The key was rotated again meanwhile');
    const { secret } = JSON.parse(stdout) as ApiKeyWithSecret;
    expect(await use(secret)).toBe(2);
    expect(await use(again.secret)).toBe(3);
  }, 60_000);

  it('ends when the key is disabled meanwhile', async () => {
    const { id } = await newKey();
    const { begun, ended } = startWaiting(['keys', 'rotate', id, '--wait', '--quiet-for', '4s']);
    await begun;
    await service.json(['keys', 'disable', id, '--reason', 'r']);
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('The key is disabled now')]);
  }, 60_000);
});

describe('keys retire-previous', () => {
  it('--wait goes on with what a rotation began', async () => {
    const { id, secret } = await newKey();
    await service.json(['keys', 'rotate', id]);
    const { ended } = startWaiting(['keys', 'retire-previous', id, '--wait', '--quiet-for', '1s']);
    expect((await ended).code).toBe(0);
    expect(await use(secret)).toBe('signature_mismatch');
    const { code, stderr } = await startWaiting(['keys', 'retire-previous', id, '--wait']).ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('No previous secret version is in its grace'),
    ]);
  }, 60_000);
});

describe('a command line that contradicts itself is refused before anything is done', () => {
  it.each([
    [['--quiet-for', '1m'], 'go with --wait'],
    [['--wait-at-most', '1m'], 'go with --wait'],
    [['--wait', '--grace', '0'], 'nothing to wait for'],
    [['--wait', '--quiet-for', '0'], 'longer than 0'],
    [['--wait', '--grace', '10m'], '--grace must be longer than --quiet-for'],
    [['--wait', '--wait-at-most', '9m'], 'at least as long as --quiet-for'],
    [['--wait', '--quiet-for', '1h', '--wait-at-most', '59m'], 'at least as long as --quiet-for'],
  ])('%j', async (options, message) => {
    const said = await runHere(['keys', 'rotate', 'ck_live_x', ...options], { env: {} });
    expect(said).toMatchObject({ exitCode: 2, noted: expect.stringContaining(message) });
  });
});
