import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aKey, type CallOptions, DataFolder, freshName, RunningApp } from './running-app.ts';

const folder = new DataFolder();
let app: RunningApp;
let now = Date.now();

async function start(): Promise<RunningApp> {
  return RunningApp.start({ store: await folder.store(), keyring: folder.keyring(), clock: () => now });
}
async function stop(): Promise<void> {
  await app.close();
  await app.engine.store.close();
}

beforeAll(async () => {
  app = await start();
});
afterAll(async () => {
  await stop();
  folder.remove();
});

const refusal = ({ status, json }: { status: number; json: { code: string } }) => `${status} ${json.code}`;
const under = (key: string, options: CallOptions = {}): CallOptions => ({
  ...options,
  headers: { 'idempotency-key': key },
});
const count = async (accountId: string) =>
  (await app.get(`/v1/keys?accountId=${accountId}&limit=200`)).json.data.length;

describe('Idempotency-Key', () => {
  it('gives the same answer, the secret too, and makes one key', async () => {
    const accountId = freshName();
    const key = freshName();
    const first = await app.post('/v1/keys', { ...aKey(), accountId }, under(key));
    const second = await app.post('/v1/keys', { ...aKey(), accountId }, under(key));
    expect(second.text).toBe(first.text);
    expect(second.json.secret).toMatch(/^cs_live_/);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    expect(second.headers).toMatchObject({ 'idempotency-replayed': 'true' });
    expect(await count(accountId)).toBe(1);
  });

  it('with another body is idempotency_key_reused, whatever differs', async () => {
    const key = freshName();
    await app.post('/v1/keys', JSON.stringify(aKey()), under(key));
    expect(refusal(await app.post('/v1/keys', `${JSON.stringify(aKey())} `, under(key)))).toBe(
      '422 idempotency_key_reused',
    );
  });

  it('under way is idempotency_in_flight', async () => {
    const accountId = freshName();
    const key = freshName();
    const answers = await Promise.all(
      [1, 2, 3].map(() => app.post('/v1/keys', { ...aKey(), accountId }, under(key))),
    );
    const made = answers.filter(({ status }) => status === 201);
    const waiting = answers.filter(({ status }) => status !== 201);
    expect(waiting.length).toBeGreaterThan(0);
    for (const answer of waiting) expect(refusal(answer)).toBe('409 idempotency_in_flight');
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    expect(await count(accountId)).toBe(1);
  });

  it('is free again after a refusal: what was refused changed nothing', async () => {
    const key = freshName();
    expect(refusal(await app.post('/v1/keys', { ...aKey(), kind: 'x' }, under(key)))).toBe(
      '400 invalid_body',
    );
    expect((await app.post('/v1/keys', aKey(), under(key))).status).toBe(201);
  });

  it.each(['', 'a b', 'é', 'x'.repeat(129), 'tab\there'])('%j is idempotency_key_invalid', async (key) => {
    expect(refusal(await app.post('/v1/keys', aKey(), under(key)))).toBe('400 idempotency_key_invalid');
  });

  it('of one operator says nothing to another', async () => {
    const key = freshName();
    const other = await app.operatorWith('keys.write');
    const mine = await app.post('/v1/keys', aKey(), under(key));
    const theirs = await app.post('/v1/keys', aKey(), under(key, { token: other.secret }));
    expect(theirs.json.id).not.toBe(mine.json.id);
  });

  it('is asked about only after the caller is known', async () => {
    const key = freshName();
    await app.post('/v1/keys', aKey(), under(key));
    const answer = await app.post('/v1/keys', aKey(), under(key, { token: undefined }));
    expect(refusal(answer)).toBe('401 credential_missing');
  });

  it('belongs to one route', async () => {
    const key = freshName();
    const { id } = await app.newKey();
    const body = { reason: 'same body' };
    expect((await app.post(`/v1/keys/${id}/disable`, body, under(key))).json.status).toBe('disabled');
    expect((await app.post(`/v1/keys/${id}/enable`, body, under(key))).json.status).toBe('active');
    expect((await app.post(`/v1/keys/${id}/disable`, body, under(key))).headers).toMatchObject({
      'idempotency-replayed': 'true',
    });
    expect((await app.get(`/v1/keys/${id}`)).json.status).toBe('active');
  });

  it.each(['rotate', 'revoke', 'import', 'revocations', 'verify'])('holds for %s', async (name) => {
    const { id } = await app.newKey();
    const calls: Record<string, [string, unknown]> = {
      rotate: [`/v1/keys/${id}/rotate`, { graceSeconds: 5 }],
      revoke: [`/v1/keys/${id}/revoke`, { reason: 'leaked' }],
      import: ['/v1/keys/import', { ...aKey(), id: freshName(), secret: 'an old secret, imported' }],
      revocations: ['/v1/revocations', { accountId: 'acct_nobody', reason: 'closed' }],
      verify: ['/v1/verify', { request: { method: 'GET', target: '/', headers: {} } }],
    };
    const [url, body] = calls[name] as [string, unknown];
    const key = freshName();
    const first = await app.post(url, body, under(key));
    const second = await app.post(url, body, under(key));
    expect(first.status).toBeLessThan(300);
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    expect(second.headers).toMatchObject({ 'idempotency-replayed': 'true' });
  });

  it('is remembered after a restart, and after the keyring has a new key', async () => {
    const key = freshName();
    const { secret: token } = app.operator;
    const first = await app.post('/v1/keys', aKey(), under(key));
    expect((await app.post('/v1/keyring/rotate')).status).toBe(200);
    await stop();
    app = await start();
    const second = await app.post('/v1/keys', aKey(), under(key, { token }));
    expect(second.text).toBe(first.text);
  });

  it('is forgotten after a day', async () => {
    const key = freshName();
    const first = await app.post('/v1/keys', aKey(), under(key));
    now += 86_400_001;
    const second = await app.post('/v1/keys', aKey(), under(key));
    expect(second.json.id).not.toBe(first.json.id);
  });
});
