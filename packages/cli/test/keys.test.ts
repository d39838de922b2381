import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey, ApiKeyWithSecret, RevokedKeys } from '../src/keys/api-key.ts';
import { countersign, type RunningService, startRealService } from './command.ts';

let service: RunningService;

beforeAll(async () => {
  service = await startRealService();
});
afterAll(() => service.stop());

const run = (args: readonly string[], input?: string) =>
  countersign(args, { env: service.env, ...(input === undefined ? {} : { input }) });

const BEARER = ['--environment', 'test', '--kind', 'bearer', '--no-permission'];

function create(account: string, ...more: string[]): Promise<ApiKeyWithSecret> {
  return service.json(['keys', 'create', '--account', account, ...BEARER, ...more]);
}

describe('keys create', () => {
  it('sends every option as the field of its name', async () => {
    const key = await service.json<ApiKeyWithSecret>([
      ...[
        'keys',
        'create',
        '--account',
        'acct_1',
        '--environment',
        'live',
        '--kind',
        'hmac',
        '--label',
        'grid bot',
      ],
      ...['--dialect', 'rfc9421', '--permission', 'spot.read', '--permission', 'spot.trade'],
      ...['--allow-ip', '203.0.113.0/24', '--allow-ip', '2001:db8::/48', '--expires', '2099-02-01'],
      ...['--rate-limit', 'orders=10/1s', '--rate-limit', 'all=600/1m', '--instrument', 'BTCUSDT'],
      ...['--max-notional-per-order', '1000.5', '--metadata', 'app=a', '--metadata', 'note=b=c'],
    ]);
    expect(key).toMatchObject({
      accountId: 'acct_1',
      label: 'grid bot',
      environment: 'live',
      kind: 'hmac',
      dialects: ['rfc9421'],
      permissions: ['spot.read', 'spot.trade'],
      allowedIps: ['203.0.113.0/24', '2001:db8::/48'],
      expiresAt: '2099-02-01T00:00:00.000Z',
      constraints: { instruments: ['BTCUSDT'], maxNotionalPerOrder: '1000.5' },
      rateLimits: [
        { name: 'orders', quota: 10, windowSeconds: 1 },
        { name: 'all', quota: 600, windowSeconds: 60 },
      ],
      metadata: { app: 'a', note: 'b=c' },
      status: 'active',
    });
    expect(key.secret).toMatch(/^cs_live_/);
  });

  it('shows the secret once, with a sentence', async () => {
    const { code, stdout, stderr } = await run(['keys', 'create', '--account', 'acct_1', ...BEARER]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^secret {2}cb_test_\w{85}$/m);
    expect(stdout).toContain('This is shown once.');
    const id = /ck_test_\w{36}/.exec(stdout)?.[0] ?? '';
    expect((await run(['keys', 'show', id])).stdout).not.toContain('cb_test_');
  });

  it('lists every option that is missing', async () => {
    const { code, stderr } = await run(['keys', 'create', '--account', 'acct_1']);
    expect(code).toBe(2);
    expect(stderr).toContain('--environment, --kind, --permission');
  });

  it('shows each fault of the body on its line, with the request id and the option that helps', async () => {
    const args = ['--environment', 'live', '--kind', 'hmac', '--no-permission', '--dialect', 'bitget'];
    const { code, stdout, stderr } = await run([
      'keys',
      'create',
      '--account',
      'acct_1',
      ...args,
      '--allow-ip',
      'nowhere',
    ]);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    const lines = stderr.trimEnd().split('\n');
    expect(lines[0]).toBe('invalid_body: The body does not have the right form');
    expect(lines[1]).toMatch(/^ {2}\/passphrase is needed for bitget \(--passphrase-file FILE, /);
    expect(lines[2]).toMatch(/^ {2}\/allowedIps\/0 is not an address/);
    expect(lines[3]).toMatch(/^ {2}Request req_/);
    expect(lines).toHaveLength(4);
  });

  it.each([
    ['--rate-limit', 'orders'],
    ['--rate-limit', 'orders=10/1y'],
    ['--expires', 'tomorrow'],
    ['--expires', '2099-02-01T08:00:00'],
    ['--metadata', 'app'],
    ['--kind', 'dsa'],
  ])('refuses %s %s as wrong usage', async (option, value) => {
    const { code, stderr } = await run(['keys', 'create', option, value]);
    expect(code).toBe(2);
    expect(stderr).toContain(option);
  });
});

describe('keys list and show', () => {
  it('lists by account and status, page by page or whole', async () => {
    const made = [await create('acct_list'), await create('acct_list'), await create('acct_list')];
    const ids = made.map(({ id }) => id).sort();
    const first = await service.json<{ data: ApiKey[]; nextCursor: string }>([
      'keys',
      'list',
      '--account',
      'acct_list',
      '--limit',
      '2',
    ]);
    expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const rest = await service.json(['keys', 'list', '--account', 'acct_list', '--cursor', first.nextCursor]);
    expect(rest).toMatchObject({ data: [{ id: ids[2] }], nextCursor: null });
    const all = await service.json<{ data: ApiKey[] }>([
      'keys',
      'list',
      '--account',
      'acct_list',
      '--all',
      '--limit',
      '1',
    ]);
    expect(all).toMatchObject({ data: ids.map((id) => ({ id })), nextCursor: null });
    const revoked = await service.json(['keys', 'list', '--account', 'acct_list', '--status', 'revoked']);
    expect(revoked).toEqual({ data: [], nextCursor: null });
  });

  it('draws a table without color, and says that there are more', async () => {
    await create('acct_table', '--label', 'one');
    await create('acct_table', '--label', 'two');
    const { stdout, stderr } = await run(['keys', 'list', '--account', 'acct_table', '--limit', '1']);
    expect(stdout).toMatch(
      /^ID +STATUS +KIND +ACCOUNT +LABEL +EXPIRES\nck_test_\w{36} +active +bearer +acct_table +(one|two) +never\n$/,
    );
    expect(stderr).toContain('--cursor');
    expect(stdout + stderr).not.toContain('\u001b');
  });

  it('prints the answer of the API with --json, and nothing else', async () => {
    const { id } = await create('acct_1');
    const { stdout } = await run(['keys', 'show', id, '--json']);
    const response = await fetch(`${service.url}/v1/keys/${id}`, {
      headers: { authorization: `Bearer ${service.token}` },
    });
    expect(stdout).toBe(`${await response.text()}\n`);
  });

  it('says that there is no such key', async () => {
    const { code, stderr } = await run(['keys', 'show', 'nobody']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^not_found: There is no key of that id\.\n {2}Request req_\w+\n$/);
  });

  it('keeps an id inside of its place in the path', async () => {
    expect((await run(['keys', 'show', '../keyring'])).stderr).toMatch(/^not_found:/);
  });
});

describe('keys edit', () => {
  it('changes what is named, keeps the rest, and raises the revision', async () => {
    const before = await create(
      'acct_edit',
      '--label',
      'a',
      '--instrument',
      'BTCUSDT',
      '--max-notional-per-order',
      '10',
      '--metadata',
      'a=1',
    );
    const after = await service.json<ApiKey>([
      'keys',
      'edit',
      before.id,
      '--label',
      'b',
      '--max-notional-per-order',
      '20',
      '--permission',
      'x.y',
    ]);
    expect(after).toMatchObject({
      label: 'b',
      permissions: ['x.y'],
      constraints: { instruments: ['BTCUSDT'], maxNotionalPerOrder: '20' },
      metadata: { a: '1' },
    });
    expect(after.revision).toBeGreaterThan(before.revision);
  });

  it('takes restrictions away', async () => {
    const limits = [
      '--allow-ip',
      '203.0.113.7',
      '--expires',
      '90d',
      '--rate-limit',
      'a=1/1s',
      '--instrument',
      'A',
      '--max-notional-per-order',
      '1',
    ];
    const { id } = await create('acct_edit', ...limits, '--metadata', 'a=1');
    const none = ['--no-allow-ip', '--no-expires', '--no-rate-limit', '--no-instrument', '--no-metadata'];
    const after = await service.json<ApiKey>(['keys', 'edit', id, ...none]);
    expect(after).toMatchObject({ allowedIps: null, expiresAt: null, rateLimits: [], metadata: {} });
    expect(after.constraints).toEqual({ maxNotionalPerOrder: '1' });
    const free = await service.json<ApiKey>(['keys', 'edit', id, '--no-max-notional-per-order']);
    expect(free.constraints).toEqual({});
  });

  it('asks for something to change', async () => {
    const { code, stderr } = await run(['keys', 'edit', 'ck_any']);
    expect(code).toBe(2);
    expect(stderr).toContain('Nothing to change');
  });
});

describe('keys rotate and retire-previous', () => {
  it('makes a new secret, with the grace that was asked for, and ends it', async () => {
    const before = await create('acct_rotate');
    const after = await service.json<ApiKeyWithSecret>(['keys', 'rotate', before.id, '--grace', '2h']);
    expect(after.secret).not.toBe(before.secret);
    const [current, previous] = after.secretVersions;
    expect(current).toMatchObject({ version: 2, retiresAt: null });
    expect(Date.parse(previous?.retiresAt ?? '') - Date.parse(current?.createdAt ?? '')).toBe(7_200_000);
    expect((await run(['keys', 'retire-previous', before.id])).code).toBe(0);
    const again = await run(['keys', 'retire-previous', before.id]);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/^state_conflict:/) });
  });

  it('says that another rotation ended a version in its grace', async () => {
    const { id } = await create('acct_rotate');
    const rotate = async (...more: string[]) => (await run(['keys', 'rotate', id, '--json', ...more])).stderr;
    expect(await rotate()).not.toContain('Version 1');
    expect(await rotate()).toContain(
      'Version 1 was in its grace from the rotation before, and ended with this one',
    );
    expect(await rotate('--grace', '0')).toContain('Version 2 was in its grace');
    expect(await rotate()).not.toContain('was in its grace');
  });

  it('refuses a grace that is no duration', async () => {
    expect(await run(['keys', 'rotate', 'ck_any', '--grace', 'soon'])).toMatchObject({ code: 2 });
  });
});

describe('keys disable, enable, quarantine, release', () => {
  it('does each deed with its reason', async () => {
    const { id } = await create('acct_deeds');
    const steps = [
      ['disable', 'disabled'],
      ['enable', 'active'],
      ['quarantine', 'quarantined'],
      ['release', 'active'],
    ] as const;
    for (const [deed, status] of steps) {
      const { code, stdout } = await run(['keys', deed, id, '--reason', 'ticket 7']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${id} is ${status} now.\n` });
    }
    expect(await service.json(['keys', 'disable', id, '--reason', 'x'])).toMatchObject({
      id,
      status: 'disabled',
    });
  });

  it('needs the reason', async () => {
    const { code, stderr } = await run(['keys', 'disable', 'ck_any']);
    expect(code).toBe(2);
    expect(stderr).toContain('--reason');
  });
});

describe('keys revoke and revoke-all', () => {
  it('revokes with --yes, and says where it holds', async () => {
    const { id } = await create('acct_revoke');
    const { code, stdout } = await run([
      'keys',
      'revoke',
      id,
      '--reason',
      'leaked',
      '--wait',
      'everywhere',
      '--yes',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Revoked 1 at revision \d+, on every node /);
    expect(await service.json(['keys', 'show', id])).toMatchObject({ status: 'revoked' });
    const again = await run(['keys', 'revoke', id, '--reason', 'leaked', '--yes']);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/^key_revoked:/) });
  });

  it('changes nothing where nobody can be asked', async () => {
    const { id } = await create('acct_revoke');
    const { code, stderr } = await run(['keys', 'revoke', id, '--reason', 'leaked'], 'yes\n');
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect(await service.json(['keys', 'show', id])).toMatchObject({ status: 'active' });
  });

  it('revokes all keys that match', async () => {
    await create('acct_farm', '--metadata', 'app=farm');
    await create('acct_farm', '--metadata', 'app=farm');
    const other = await create('acct_farm', '--metadata', 'app=other');
    const done = await service.json<RevokedKeys>([
      'keys',
      'revoke-all',
      '--metadata',
      'app=farm',
      '--reason',
      'broken into',
      '--yes',
    ]);
    expect(done).toMatchObject({ revoked: 2, everywhere: true });
    expect(await service.json(['keys', 'show', other.id])).toMatchObject({ status: 'active' });
  });

  it('wants to know which ones', async () => {
    expect(await run(['keys', 'revoke-all', '--reason', 'x', '--yes'])).toMatchObject({ code: 2 });
  });
});
