import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countersign, type RunningService, startRealService } from './command.ts';

let service: RunningService;
const secret = 'an-hmac-secret-of-another-system';
const passphrase = 'passphrase1';

beforeAll(async () => {
  service = await startRealService();
  const key = {
    id: 'bg_usage',
    accountId: 'acct_u',
    environment: 'live',
    kind: 'hmac',
    permissions: [],
    rateLimits: [{ name: 'all', quota: 1, windowSeconds: 3600 }],
    secret,
    passphrase,
  };
  const lines = join(service.folder, 'usage.jsonl');
  writeFileSync(lines, JSON.stringify(key), { mode: 0o600 });
  expect((await run(['keys', 'import', '--from', lines])).code).toBe(0);
});
afterAll(() => service.stop());

const run = (args: readonly string[], input?: string) =>
  countersign(args, { env: service.env, ...(input === undefined ? {} : { input }) });

async function verify(target: string): Promise<{ allowed: boolean; requestId: string }> {
  const timestamp = String(Date.now());
  const signature = createHmac('sha256', secret).update(`${timestamp}GET${target}`).digest('base64');
  const headers = {
    'ACCESS-KEY': 'bg_usage',
    'ACCESS-SIGN': signature,
    'ACCESS-TIMESTAMP': timestamp,
    'ACCESS-PASSPHRASE': passphrase,
  };
  const body = JSON.stringify({ dialect: 'bitget', request: { method: 'GET', target, headers } });
  return JSON.parse((await run(['verify', '-', '--json'], body)).stdout);
}

describe('usage release', () => {
  it('gives back once, and says when that had happened', async () => {
    const { allowed, requestId } = await verify('/a');
    expect(allowed).toBe(true);
    expect((await verify('/b')).allowed).toBe(false);
    const released = await run(['usage', 'release', requestId, '--reason', 'no funds']);
    expect(released).toMatchObject({ code: 0, stderr: '' });
    expect(released.stdout).toMatch(
      /^request +req_\S+\ngiven back +now\namount +none\nrate units +1\nkey +bg_usage\n$/,
    );
    const again = await run(['usage', 'release', requestId]);
    expect(again.stdout).toMatch(/\ngiven back +before, at \d{4}-\d\d-\d\dT/);
    const json = await service.json<{ wasReleased: boolean }>(['usage', 'release', requestId]);
    expect(json).toMatchObject({ requestId, wasReleased: true, cost: 1, amount: null });
    expect((await verify('/c')).allowed).toBe(true);
  });

  it('says that it knows no such request', async () => {
    const { code, stderr } = await run(['usage', 'release', 'req_invented']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^not_found: /);
  });
});
