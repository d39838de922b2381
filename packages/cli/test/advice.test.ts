import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder, RunningApp } from '../../server/test/running-app.ts';
import { runHere } from './in-process.ts';

const DAY_MS = 86_400_000;
const folder = new DataFolder();
let app: RunningApp;
let env: Record<string, string>;
let nowMs = Date.now();

beforeAll(async () => {
  app = await RunningApp.start({
    store: await folder.store(),
    keyring: folder.keyring(),
    clock: () => nowMs,
  });
  const port = await app.listen();
  env = { COUNTERSIGN_URL: `http://127.0.0.1:${port}`, COUNTERSIGN_SECRET: app.operator.secret };
});
afterAll(async () => {
  await app.close();
  await app.engine.store.close();
  folder.remove();
});

const run = (...args: string[]) => runHere(args, { env });
const shown = async (id: string) => (await app.get(`/v1/keys/${id}`)).json;

/** A key that used `trade` of its two permissions from one address, and is old enough. */
async function usedKey(over: Record<string, unknown> = {}) {
  const permissions = ['read', 'trade'];
  const key = await app.newKey({ kind: 'bearer', passphrase: undefined, permissions, ...over });
  nowMs += 31 * DAY_MS;
  await use(key, '203.0.113.7');
  return key;
}

async function use(key: { secret: string }, ip: string, permission = 'trade') {
  const headers = { authorization: `Bearer ${key.secret}` };
  const request = { method: 'POST', target: '/orders', headers, ip };
  return (await app.post('/v1/verify', { request, permission })).json;
}

describe('keys dry-run-ips', () => {
  it('shows what would have been refused, with examples of the log', async () => {
    const key = await usedKey();
    const { requestId } = await use(key, '198.51.100.9');
    const { printed, noted, exitCode } = await run(
      'keys',
      'dry-run-ips',
      key.id,
      '--allow-ip',
      '203.0.113.0/24',
    );
    expect({ noted, exitCode }).toEqual({ noted: '', exitCode: 0 });
    expect(printed).toContain('1 of 2 requests in 30 days would have been refused');
    expect(printed).toMatch(/198\.51\.100\.9 +1 +\d{4}-\d\d-\d\d .*trade/);
    expect(printed).toContain(requestId);
    const json = await run(
      'keys',
      'dry-run-ips',
      key.id,
      '--allow-ip',
      '203.0.113.0/24',
      '--days',
      '1',
      '--json',
    );
    expect(JSON.parse(json.printed)).toMatchObject({ days: 1, refusedRequests: 1 });
  });

  it('sets no list that would have refused something, and any other', async () => {
    const key = await usedKey();
    const refused = await run('keys', 'dry-run-ips', key.id, '--allow-ip', '192.0.2.1', '--apply');
    expect(refused).toMatchObject({ exitCode: 1, noted: expect.stringContaining('Nothing was changed') });
    expect((await shown(key.id)).allowedIps).toBeNull();
    expect(await run('keys', 'dry-run-ips', key.id, '--allow-ip', '203.0.113.7', '--apply')).toMatchObject({
      exitCode: 0,
    });
    expect((await shown(key.id)).allowedIps).toEqual(['203.0.113.7']);
  });

  it('says which entry of the list is none, and sets nothing', async () => {
    const key = await usedKey();
    const list = ['--allow-ip', '203.0.113.7', '--allow-ip', 'bot.example.com'];
    const { noted, exitCode } = await run('keys', 'dry-run-ips', key.id, ...list, '--apply').catch(
      (error: Error) => ({ noted: error.message, exitCode: 1 }),
    );
    expect(exitCode).toBe(1);
    expect(noted).toContain('/allowedIps/1');
    expect((await shown(key.id)).allowedIps).toBeNull();
  });

  it('says that nothing can be said of a key that nobody used', async () => {
    const key = await app.newKey();
    const { printed } = await run('keys', 'dry-run-ips', key.id, '--allow-ip', '192.0.2.1');
    expect(printed).toContain('There were no requests in 30 days');
  });
});

describe('keys trim', () => {
  it('takes away what was not used, and adds nothing', async () => {
    const key = await usedKey();
    const { noted, exitCode } = await run('keys', 'trim', key.id, '--yes');
    expect(exitCode).toBe(0);
    expect(noted).toContain('read, trade');
    expect(noted).toContain('-> trade');
    expect(await shown(key.id)).toMatchObject({ permissions: ['trade'], allowedIps: ['203.0.113.7'] });
    const again = await run('keys', 'trim', key.id, '--yes');
    expect(again).toMatchObject({ exitCode: 0, noted: 'Nothing was changed.\n' });
  });

  it('asks, and without anybody to ask does nothing', async () => {
    const key = await usedKey();
    const { exitCode, noted } = await run('keys', 'trim', key.id);
    expect(exitCode).toBe(2);
    expect(noted).toContain('confirm with --yes');
    expect((await shown(key.id)).revision).toBe(key.revision);
  });

  it('leaves a young key as it is, and says why', async () => {
    const key = await app.newKey({ kind: 'bearer', passphrase: undefined, permissions: ['read', 'trade'] });
    await use(key, '203.0.113.7');
    const { exitCode, noted } = await run('keys', 'trim', key.id, '--yes', '--days', '1');
    expect(exitCode).toBe(1);
    expect(noted).toContain('The key was made less than a day ago');
    expect((await shown(key.id)).revision).toBe(key.revision);
    expect((await run('keys', 'advice', key.id)).printed).toContain('Nothing is proposed.');
  });
});

describe('learn', () => {
  it('needs one source', async () => {
    for (const args of [[], ['ck_test_x', '--account', 'a']]) {
      expect(await run('learn', ...args)).toMatchObject({ exitCode: 2 });
    }
  });

  it('names what the key lacks, beside the template', async () => {
    const key = await usedKey({ environment: 'test', permissions: ['trade'], accountId: 'acct_learn' });
    await use(key, '203.0.113.7', 'move');
    const { printed, noted } = await run('learn', '--account', 'acct_learn', '--name', 'mover');
    expect(printed).toMatch(/^templates:\n {2}mover:\n/);
    expect(printed).toContain('- move # was denied: the key lacks it');
    expect(noted).toContain('The key lacks move');
  });

  it('refuses keys of the live environment', async () => {
    const key = await usedKey();
    const { exitCode, noted } = await run('learn', key.id);
    expect(exitCode).toBe(1);
    expect(noted).toContain('templates are learned in test alone');
  });
});
