import { UsageReleased } from '@countersign/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder, RunningApp } from './running-app.ts';
import { sign } from './signing.ts';

const folder = new DataFolder();
let app: RunningApp;
let key: { id: string; secret: string; passphrase: string };

beforeAll(async () => {
  app = await RunningApp.start({ store: await folder.store(), keyring: folder.keyring() });
  const made = await app.newKey({
    constraints: { maxNotionalPerDay: '100' },
    rateLimits: [{ name: 'orders', quota: 50, windowSeconds: 60 }],
  });
  key = { id: made.id, secret: made.secret, passphrase: 'Passphrase1' };
});
afterAll(async () => {
  await app.close();
  await app.engine.store.close();
  folder.remove();
});

let n = 0;
async function verify(notional: string) {
  const sent = { method: 'POST', target: '/orders', body: `{"n":${n++}}`, headers: [] };
  const headers = Object.entries(sign('bitget', key, sent)) as [string, string][];
  const answer = await app.post('/v1/verify', {
    request: { method: sent.method, target: sent.target, body: sent.body, headers },
    permission: 'spot.trade',
    facts: { notional },
  });
  return answer.json;
}
const release = (id: string, body?: unknown, options?: object) =>
  app.post(`/v1/usage/${id}/release`, body, options);

describe('POST /v1/usage/{requestId}/release', () => {
  it('gives back what an allowed request took, once', async () => {
    const first = await verify('100');
    expect(await verify('1')).toMatchObject({ allowed: false, code: 'constraint_violated' });
    const answer = await release(first.requestId, { reason: 'no funds' });
    expect(answer.status).toBe(200);
    expect(UsageReleased.parse(answer.json)).toMatchObject({
      requestId: first.requestId,
      credentialId: key.id,
      amount: '100',
      cost: 1,
      wasReleased: false,
    });
    const again = await release(first.requestId);
    expect(again.json).toEqual({ ...answer.json, wasReleased: true });
    const second = await verify('100');
    expect(second).toMatchObject({ allowed: true });
    await release(second.requestId);
  });

  it('answers the same to the same idempotency key', async () => {
    const { requestId } = await verify('5');
    const headers = { 'idempotency-key': 'release-1' };
    const [first, again] = [
      await release(requestId, {}, { headers }),
      await release(requestId, {}, { headers }),
    ];
    expect(first.json).toMatchObject({ wasReleased: false });
    expect(again.json).toEqual(first.json);
    expect(again.headers['idempotency-replayed']).toBe('true');
  });

  it('knows no request that was refused or invented, and takes no other body', async () => {
    const refused = await verify('101');
    for (const id of [refused.requestId, 'req_invented', '%00', 'a%2Fb']) {
      expect(await release(id)).toMatchObject({ status: 404, json: { code: 'not_found' } });
    }
    for (const body of [{ reason: '' }, { reason: 'a\u0000' }, { amount: '5' }, []]) {
      expect(await release('req_invented', body)).toMatchObject({
        status: 400,
        json: { code: 'invalid_body' },
      });
    }
  });

  it('needs the permission verify', async () => {
    const { requestId } = await verify('5');
    const reader = await app.operatorWith('keys.read', 'keys.write', 'audit.read');
    expect(await release(requestId, {}, { token: reader.secret })).toMatchObject({
      status: 403,
      json: { code: 'permission_denied' },
    });
    const gateway = await app.operatorWith('verify');
    expect(await release(requestId, {}, { token: gateway.secret })).toMatchObject({ status: 200 });
    const { json } = await app.get(`/v1/audit/entries?type=key.usage_released&credentialId=${key.id}`);
    expect(json.data.at(-1)).toMatchObject({
      actor: gateway.id,
      data: { decision: requestId, amount: '5', cost: 1 },
    });
  });
});

describe('POST /v1/verify', () => {
  it('says which headers to set on the answer, whatever was decided', async () => {
    const allowed = await verify('0');
    const [limit] = allowed.rateLimits;
    expect(allowed.headers).toEqual({
      'ratelimit-policy': '"orders";q=50;w=60',
      ratelimit: `"orders";r=${limit.remaining};t=${limit.resetSeconds}`,
      'x-mbx-used-remain-limit': String(limit.remaining),
    });
    const refused = await verify('101');
    expect(refused.response.headers).not.toHaveProperty('ratelimit');
    await verify('100');
    const over = await verify('1');
    expect(over.response.headers).toMatchObject({
      'ratelimit-policy': '"orders";q=50;w=60',
      ratelimit: expect.stringMatching(/^"orders";r=\d+;t=\d+$/),
      'retry-after': String(over.retryAfterSeconds),
    });
  });
});
