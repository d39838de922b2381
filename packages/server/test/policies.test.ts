import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder, RunningApp } from './running-app.ts';

const MANIFEST = readFileSync(
  new URL('../../../examples/manifests/bitget-like.yaml', import.meta.url),
  'utf8',
);
const folder = new DataFolder();
let nowMs = Date.parse('2027-01-01T00:00:00Z');
let app: RunningApp;

const start = async (manifest: string) => {
  app = await RunningApp.start({
    store: await folder.store(),
    keyring: folder.keyring(),
    manifest,
    clock: () => nowMs,
  });
};
const stop = async () => {
  await app.close();
  await app.engine.store.close();
};
beforeAll(() => start(MANIFEST));
afterAll(async () => {
  await stop();
  folder.remove();
});

const payout = {
  accountId: 'acct_42',
  environment: 'live',
  kind: 'hmac',
  template: 'payout',
  allowedIps: ['203.0.113.7'],
  constraints: { withdrawalAddresses: ['bc1one'] },
};

describe('GET /v1/templates', () => {
  it('lists what the manifest offers', async () => {
    const { status, json } = await app.get('/v1/templates');
    expect(status).toBe(200);
    expect(json.nextCursor).toBeNull();
    expect(json.data.map(({ name }: { name: string }) => name)).toEqual([
      'read-only',
      'trading bot',
      'portfolio tracker',
      'payout',
    ]);
    expect(json.data[3]).toEqual({
      name: 'payout',
      description: 'Sends coins to addresses that it names, and to no other',
      permissions: ['wallet.read', 'withdraw'],
      kind: null,
      allowedIps: null,
      constraints: {},
      rateLimits: [],
      expiresInSeconds: 90 * 86_400,
      needs: ['/allowedIps', '/constraints/withdrawalAddresses'],
    });
  });

  it('needs keys.read', async () => {
    const { secret } = await app.operatorWith('keys.write');
    expect((await app.get('/v1/templates', { token: secret })).json.code).toBe('permission_denied');
    const reader = await app.operatorWith('keys.read');
    expect((await app.get('/v1/templates', { token: reader.secret })).status).toBe(200);
  });
});

describe('POST /v1/keys with a template', () => {
  it('makes the key, and says since when it cools down', async () => {
    const { status, json } = await app.post('/v1/keys', payout);
    expect(status).toBe(201);
    expect(json).toMatchObject({
      permissions: ['wallet.read', 'withdraw'],
      createdAt: '2027-01-01T00:00:00.000Z',
      expiresAt: '2027-04-01T00:00:00.000Z',
      widenedAt: '2027-01-01T00:00:00.000Z',
      withdrawalAddressesSince: { bc1one: '2027-01-01T00:00:00.000Z' },
    });
  });

  it('says by pointer what is missing, and which policy is violated', async () => {
    const { constraints: _, ...rest } = payout;
    const { status, json } = await app.post('/v1/keys', { ...rest, expiresAt: '2027-04-01T00:00:00.001Z' });
    expect([status, json.code]).toEqual([400, 'invalid_body']);
    expect(json.errors).toEqual([
      {
        pointer: '/constraints/withdrawalAddresses',
        message: 'is needed for a key from the template payout',
      },
      {
        pointer: '/constraints/withdrawalAddresses',
        message: 'is needed: withdraw demands a list of addresses to withdraw to (needsWithdrawalAddresses)',
        permission: 'withdraw',
        policy: 'needsWithdrawalAddresses',
      },
      {
        pointer: '/expiresAt',
        message:
          'is too late: withdraw demands an expiry within 90d, now until 2027-04-01T00:00:00.000Z (maxLifetime)',
        permission: 'withdraw',
        policy: 'maxLifetime',
      },
    ]);
  });

  it('needs permissions and a kind without one; an import always', async () => {
    const { template: _, kind: __, ...bare } = payout;
    const made = await app.post('/v1/keys', bare);
    expect(made.json.errors).toEqual([
      { pointer: '/kind', message: 'is needed' },
      { pointer: '/permissions', message: 'is needed' },
    ]);
    const imported = await app.post('/v1/keys/import', { ...payout, id: 'theirs', secret: 'x'.repeat(32) });
    expect(imported.status).toBe(400);
    expect(imported.text).toContain('permissions');
    expect(imported.text).toContain('template');
  });

  it('is the same answer for the same idempotency key', async () => {
    const headers = { 'idempotency-key': 'payout-1' };
    const first = await app.post('/v1/keys', payout, { headers });
    nowMs += 5_000;
    const again = await app.post('/v1/keys', payout, { headers });
    expect(again.json).toEqual(first.json);
  });
});

describe('GET /v1/policy/violations', () => {
  it('lists keys that a stricter manifest would not let be made, page by page', async () => {
    const made: string[] = [];
    for (let i = 0; i < 3; i++) {
      made.push((await app.newKey({ permissions: ['spot.read', 'spot.trade'] })).id);
    }
    expect((await app.get('/v1/policy/violations')).json).toEqual({ data: [], nextCursor: null });
    await stop();
    await start(MANIFEST.replace('idleExpiry: 90d, rotateEvery: 180d', 'expiryWithoutAddressList: 30d'));
    const first = (await app.get('/v1/policy/violations?limit=2')).json;
    const rest = (await app.get(`/v1/policy/violations?limit=2&cursor=${first.nextCursor}`)).json;
    expect(rest.nextCursor).toBeNull();
    const data = [...first.data, ...rest.data];
    expect(data.map(({ id }) => id)).toEqual(made.sort());
    expect(data[0]).toMatchObject({
      accountId: 'acct_42',
      label: 'grid bot',
      status: 'active',
      faults: [{ pointer: '/expiresAt', permission: 'spot.trade', policy: 'expiryWithoutAddressList' }],
    });
  });

  it.each(['limit=0', 'limit=201', 'cursor=', 'cursor=%21', 'status=active'])(
    'refuses ?%s',
    async (query) => {
      const { status, json } = await app.get(`/v1/policy/violations?${query}`);
      expect([status, json.code]).toEqual([400, 'invalid_query']);
    },
  );

  it('needs keys.read', async () => {
    const { secret } = await app.operatorWith('audit.read');
    expect((await app.get('/v1/policy/violations', { token: secret })).json.code).toBe('permission_denied');
  });
});
