import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey, ApiTemplates, ApiViolations } from '../src/keys/api-key.ts';
import { countersign, listeningUrl, type RunningService, startRealService } from './command.ts';

const MANIFEST = fileURLToPath(new URL('../../../examples/manifests/okx-like.yaml', import.meta.url));
const SERVICE = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url));

let service: RunningService;
beforeAll(async () => {
  service = await startRealService({ COUNTERSIGN_MANIFEST: MANIFEST });
});
afterAll(() => service.stop());

const run = (args: readonly string[]) => countersign(args, { env: service.env });
const NEW = ['keys', 'create', '--account', 'acct_1', '--environment', 'live'];

describe('countersign templates', () => {
  it('says what each template gives, and what it needs', async () => {
    const { code, stdout, stderr } = await run(['templates']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^template +trading bot\nfor +Trades the instruments that it names\npermissions +read, trade\nexpires in +90d\nto be given +\/allowedIps\n +\/constraints\/instruments\n\n/m,
    );
    expect(stdout).toMatch(/^template +payout$/m);
    expect(stdout).toMatch(/^rate limits +requests=60\/60s$/m);
  });

  it('prints what the API answers', async () => {
    const { data } = await service.json<ApiTemplates>(['templates']);
    expect(data.map(({ name }) => name)).toEqual(['read-only', 'trading bot', 'portfolio tracker', 'payout']);
  });
});

describe('keys create --template', () => {
  it('needs no option that the template stands for', async () => {
    const key = await service.json<ApiKey>([
      ...[...NEW, '--kind', 'hmac', '--template', 'trading bot'],
      ...['--allow-ip', '203.0.113.7', '--instrument', 'BTC-USDT'],
    ]);
    expect(key).toMatchObject({ permissions: ['read', 'trade'], constraints: { instruments: ['BTC-USDT'] } });
    expect(Date.parse(key.expiresAt ?? '') - Date.parse(key.createdAt)).toBe(90 * 86_400_000);
  });

  it('shows what the template needs', async () => {
    const { code, stdout, stderr } = await run([...NEW, '--kind', 'hmac', '--template', 'trading bot']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('  /allowedIps is needed for a key from the template trading bot');
    expect(stderr).toContain('  /constraints/instruments is needed for a key from the template trading bot');
  });

  it('takes --permission before what the template says, and --no-permission too', async () => {
    const more = ['--kind', 'bearer', '--template', 'read-only'];
    expect((await service.json<ApiKey>([...NEW, ...more, '--permission', 'trade'])).permissions).toEqual([
      'trade',
    ]);
    expect((await service.json<ApiKey>([...NEW, ...more, '--no-permission'])).permissions).toEqual([]);
  });

  it('makes a key pair only of a kind that is said', async () => {
    const out = join(service.folder, 'pair.pem');
    const { code, stderr } = await run([...NEW, '--template', 'read-only', '--generate', '--out', out]);
    expect([code, stderr]).toEqual([2, 'Needed, and missing: --kind (no template read-only says it).\n']);
    const args = [...NEW, '--template', 'read-only', '--kind', 'ed25519', '--generate', '--out', out];
    expect((await run(args)).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toContain('PRIVATE KEY');
  });
});

describe('a key that a policy forbids', () => {
  it('is refused with the field, the permission and the policy', async () => {
    const { code, stderr } = await run([...NEW, '--kind', 'hmac', '--permission', 'withdraw']);
    expect(code).toBe(1);
    expect(stderr).toContain(
      '  /allowedIps is needed: withdraw demands a list of addresses (needsAddressList)',
    );
    expect(stderr).toContain('  /expiresAt is needed: withdraw demands an expiry within 90d, now until 20');
  });
});

describe('countersign policy check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-policy-'));
  const strict = join(folder, 'strict.yaml');
  const policy = 'expiryWithoutAddressList: 30d, kinds: [hmac]';
  writeFileSync(strict, readFileSync(MANIFEST, 'utf8').replace('idleExpiry: 90d, rotateEvery: 180d', policy));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('ends with 0 when no key violates a policy', async () => {
    expect(await run(['policy', 'check'])).toEqual({
      code: 0,
      stdout: 'No key violates a policy.\n',
      stderr: '',
    });
    expect(await service.json(['policy', 'check'])).toEqual({ data: [], nextCursor: null });
  });

  it('ends with 1 and lists the keys that do, after the manifest became stricter', async () => {
    const before = await startOver(join(folder, 'data'), MANIFEST);
    const more = ['--kind', 'bearer', '--permission', 'trade', '--json'];
    const made = JSON.parse((await countersign([...NEW, ...more], before)).stdout) as ApiKey;
    await before.stop();
    const after = await startOver(join(folder, 'data'), strict);
    const { code, stdout, stderr } = await countersign(['policy', 'check'], after);
    const json = await countersign(['policy', 'check', '--json'], after);
    await after.stop();
    expect([code, json.code]).toEqual([1, 1]);
    const row = (field: string, what: string) =>
      new RegExp(`^${made.id} +acct_1 +active +${field} +${what} of trade$`, 'm');
    expect(stdout).toMatch(/^KEY +ACCOUNT +STATUS +FIELD +WHAT$/m);
    expect(stdout).toMatch(row('/expiresAt', 'expiryWithoutAddressList'));
    expect(stdout).toMatch(row('/kind', 'kinds'));
    expect(stderr).toBe('1 of the keys would not be made like this today. --json says each fault whole.\n');
    const { data } = JSON.parse(json.stdout) as ApiViolations;
    expect(data).toMatchObject([
      {
        id: made.id,
        faults: [
          { pointer: '/expiresAt', policy: 'expiryWithoutAddressList', permission: 'trade' },
          { pointer: '/kind', policy: 'kinds', permission: 'trade' },
        ],
      },
    ]);
  });
});

/** A service over data that stays when it stops. */
async function startOver(data: string, manifest: string) {
  const settings = {
    COUNTERSIGN_PORT: '0',
    COUNTERSIGN_DATA_DIR: data,
    COUNTERSIGN_MANIFEST: manifest,
    COUNTERSIGN_LOG_LEVEL: 'error',
  };
  const child = spawn(process.execPath, [SERVICE], { env: { PATH: process.env.PATH ?? '', ...settings } });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const COUNTERSIGN_URL = await listeningUrl(child);
  const operator = parseEnv(readFileSync(join(data, 'operator.env'), 'utf8')) as Record<string, string>;
  return {
    env: { ...operator, COUNTERSIGN_URL },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
