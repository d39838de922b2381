import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder, RunningApp } from './running-app.ts';
import { sign } from './signing.ts';

const MANIFEST = `version: 1
permissions: { spot.trade: { risk: high } }
routes: [{ route: POST /orders, permission: spot.trade }]
rateLimits:
  - { name: orders, per: account, quota: 1, windowSeconds: 3600 }
  - { name: network, per: address, quota: 1000, windowSeconds: 3600 }
`;

const folder = new DataFolder();
let app: RunningApp;
let key: { id: string; secret: string; passphrase: string };

beforeAll(async () => {
  app = await RunningApp.start({
    manifest: MANIFEST,
    store: await folder.store(),
    keyring: folder.keyring(),
  });
  const made = await app.newKey();
  key = { id: made.id, secret: made.secret, passphrase: 'Passphrase1' };
});
afterAll(async () => {
  await app.close();
  await app.engine.store.close();
  folder.remove();
});

let n = 0;
async function order() {
  const sent = { method: 'POST', target: '/orders', body: `{"n":${n++}}` };
  const headers = Object.entries(sign('bitget', key, sent)) as [string, string][];
  return (await app.post('/v1/verify', { request: { ...sent, headers } })).json;
}
const put = (quotas: Record<string, unknown>, revision: number) =>
  app.call('PUT', '/v1/accounts/acct_42/quotas', { quotas }, { headers: { 'if-match': String(revision) } });

describe('PUT /v1/accounts/{id}/quotas', () => {
  it('holds for the next request', async () => {
    expect(await order()).toMatchObject({
      allowed: true,
      headers: { 'ratelimit-policy': '"orders";q=1;w=3600, "network";q=1000;w=3600' },
    });
    expect(await order()).toMatchObject({ allowed: false, code: 'rate_limited' });
    const higher = await put({ orders: 3 }, 0);
    expect(higher).toMatchObject({ status: 200, json: { quotas: { orders: 3 } } });
    expect(await order()).toMatchObject({
      allowed: true,
      rateLimits: [
        { name: 'orders', quota: 3, remaining: 1 },
        { name: 'network', quota: 1000 },
      ],
    });
    expect((await put({ orders: 2 }, higher.json.revision)).status).toBe(200);
    expect(await order()).toMatchObject({
      allowed: false,
      code: 'rate_limited',
      response: { headers: { ratelimit: expect.stringMatching(/^"orders";r=0;t=\d+, "network";r=998;/) } },
    });
  });

  it('takes none that would have no effect', async () => {
    const { json: before } = await app.get('/v1/accounts/acct_42');
    expect(await put({ network: 5 }, before.revision)).toMatchObject({
      status: 400,
      json: { code: 'invalid_body', errors: [{ pointer: '/quotas/network' }] },
    });
    expect((await app.get('/v1/accounts/acct_42')).json).toEqual(before);
  });
});
