import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder, RunningApp } from './running-app.ts';
import { type BotKey, ed25519Pair, sign } from './signing.ts';

const folder = new DataFolder();
let app: RunningApp;
let now = Date.now();

beforeAll(async () => {
  app = await RunningApp.start({ store: await folder.store(), keyring: folder.keyring(), clock: () => now });
});
afterAll(async () => {
  await app.close();
  await app.engine.store.close();
  folder.remove();
});

const refusal = ({ status, json }: { status: number; json: { code: string } }) => `${status} ${json.code}`;

/** What a request that is signed with a key is answered with: `allowed`, or the denial code. */
async function outcome(key: BotKey): Promise<string> {
  const bot = { ...key, passphrase: 'Passphrase1' };
  const headers = sign('bitget', bot, { method: 'POST', target: '/order', body: `{"n":${now}}`, nowMs: now });
  const request = { method: 'POST', target: '/order', body: `{"n":${now}}`, headers, ip: '203.0.113.7' };
  now++; // Two requests of one millisecond would have one signature.
  const { json } = await app.post('/v1/verify', { request });
  return json.allowed ? 'allowed' : json.code;
}

const deed = (id: string, name: string) => app.post(`/v1/keys/${id}/${name}`, { reason: 'a test' });

describe('rotation', () => {
  it('lets the old secret go on for the grace, and no longer', async () => {
    const made = await app.newKey();
    const rotated = await app.post(`/v1/keys/${made.id}/rotate`, { graceSeconds: 60 });
    expect(rotated.json.secret).not.toBe(made.secret);
    expect(rotated.json.secretVersions.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
    expect(await outcome(made)).toBe('allowed');
    expect(await outcome(rotated.json)).toBe('allowed');
    now += 61_000;
    expect(await outcome(made)).toBe('signature_mismatch');
    expect(await outcome(rotated.json)).toBe('allowed');
  });

  it('with a grace of 0 ends the old secret at once', async () => {
    const made = await app.newKey();
    const rotated = await app.post(`/v1/keys/${made.id}/rotate`, { graceSeconds: 0 });
    expect(await outcome(made)).toBe('signature_mismatch');
    expect(await outcome(rotated.json)).toBe('allowed');
  });

  it('has a grace of a day unless told otherwise, without a body too', async () => {
    const made = await app.newKey();
    const { secretVersions } = (await app.post(`/v1/keys/${made.id}/rotate`)).json;
    expect(Date.parse(secretVersions[1].retiresAt)).toBe(now + 86_400_000);
  });

  it('is ended by retire-previous, once', async () => {
    const made = await app.newKey();
    const { json: rotated } = await app.post(`/v1/keys/${made.id}/rotate`);
    expect((await app.post(`/v1/keys/${made.id}/retire-previous`)).status).toBe(200);
    expect(await outcome(made)).toBe('signature_mismatch');
    expect(await outcome(rotated)).toBe('allowed');
    expect(refusal(await app.post(`/v1/keys/${made.id}/retire-previous`))).toBe('409 state_conflict');
  });

  it('keeps two secrets alive at most', async () => {
    const made = await app.newKey();
    const second = (await app.post(`/v1/keys/${made.id}/rotate`)).json;
    const third = (await app.post(`/v1/keys/${made.id}/rotate`)).json;
    expect([await outcome(made), await outcome(second), await outcome(third)]).toEqual([
      'signature_mismatch',
      'allowed',
      'allowed',
    ]);
  });

  it.each([
    { graceSeconds: -1 },
    { graceSeconds: 1.5 },
    { graceSeconds: 1e12 },
    { graceSeconds: '60' },
    { publicKey: 'x' },
  ])('refuses %j with invalid_body', async (body) => {
    const { id } = await app.newKey();
    expect(refusal(await app.post(`/v1/keys/${id}/rotate`, body))).toBe('400 invalid_body');
  });

  it('of an asymmetric kind takes the new public key, and shows no secret', async () => {
    const kind = { kind: 'ed25519', passphrase: undefined };
    const { id } = await app.newKey({ ...kind, publicKey: ed25519Pair().pem });
    expect(refusal(await app.post(`/v1/keys/${id}/rotate`))).toBe('400 invalid_body');
    const rotated = await app.post(`/v1/keys/${id}/rotate`, { publicKey: ed25519Pair().pem });
    expect(rotated.json.secretVersions).toHaveLength(2);
    expect(rotated.json).not.toHaveProperty('secret');
  });
});

describe('standing', () => {
  it.each([
    ['disable', 'credential_disabled', 'enable'],
    ['quarantine', 'credential_quarantined', 'release'],
  ])('%s denies with %s, until %s', async (there, code, back) => {
    const made = await app.newKey();
    expect((await deed(made.id, there)).status).toBe(200);
    expect(await outcome(made)).toBe(code);
    expect(refusal(await deed(made.id, there === 'disable' ? 'disable' : 'quarantine'))).toBe(
      '409 state_conflict',
    );
    expect((await deed(made.id, back)).json.status).toBe('active');
    expect(await outcome(made)).toBe('allowed');
    expect(refusal(await deed(made.id, back))).toBe('409 state_conflict');
  });

  it('is not undone by the wrong deed', async () => {
    const disabled = await app.newKey();
    await deed(disabled.id, 'disable');
    expect(refusal(await deed(disabled.id, 'release'))).toBe('409 state_conflict');
    const frozen = await app.newKey();
    await deed(frozen.id, 'quarantine');
    expect(refusal(await deed(frozen.id, 'enable'))).toBe('409 state_conflict');
    expect(refusal(await deed(frozen.id, 'disable'))).toBe('409 state_conflict');
  });

  it('needs a reason', async () => {
    const { id } = await app.newKey();
    for (const body of [{}, { reason: '' }, { reason: 'a\u0000b' }, { reason: 'x'.repeat(501) }, undefined]) {
      expect(refusal(await app.post(`/v1/keys/${id}/disable`, body))).toBe('400 invalid_body');
    }
  });

  it('of an expired key is expired, and denies with credential_expired', async () => {
    const made = await app.newKey({ expiresAt: new Date(now + 5_000).toISOString() });
    expect(await outcome(made)).toBe('allowed');
    now += 5_000;
    expect(await outcome(made)).toBe('credential_expired');
    expect((await app.get(`/v1/keys/${made.id}`)).json.status).toBe('expired');
    const listed = await app.get('/v1/keys?status=expired');
    expect(listed.json.data.map(({ id }: { id: string }) => id)).toEqual([made.id]);
  });

  it.each(['rotate', 'retire-previous', 'disable', 'enable', 'quarantine', 'release', 'revoke'])(
    '%s of a key that there is not is not_found',
    async (name) => {
      const body = ['rotate', 'retire-previous'].includes(name) ? {} : { reason: 'x' };
      expect(refusal(await app.post(`/v1/keys/nobody/${name}`, body))).toBe('404 not_found');
    },
  );
});

describe('revocation', () => {
  it('is final', async () => {
    const made = await app.newKey();
    const revoked = await app.post(`/v1/keys/${made.id}/revoke`, { reason: 'leaked', wait: 'everywhere' });
    expect(revoked.json).toMatchObject({ revoked: 1, confirmedNodes: 1, everywhere: true });
    expect(await outcome(made)).toBe('credential_revoked');
    for (const name of [
      'rotate',
      'retire-previous',
      'disable',
      'enable',
      'quarantine',
      'release',
      'revoke',
    ]) {
      const body = ['rotate', 'retire-previous'].includes(name) ? {} : { reason: 'x' };
      expect([name, refusal(await app.post(`/v1/keys/${made.id}/${name}`, body))]).toEqual([
        name,
        '409 key_revoked',
      ]);
    }
    expect(refusal(await app.patch(`/v1/keys/${made.id}`, { label: 'x' }, made.revision))).toBe(
      '409 key_revoked',
    );
    expect((await app.get(`/v1/keys/${made.id}`)).json).toMatchObject({ status: 'revoked' });
  });

  it('of many keys takes those that match in all respects, in one revision, and no operator', async () => {
    const metadata = { app: 'leaky-bot' };
    const meant = await Promise.all([1, 2, 3].map(() => app.newKey({ accountId: 'acct_r', metadata })));
    const others = await Promise.all([
      app.newKey({ accountId: 'acct_r', metadata: { app: 'other' } }),
      app.newKey({ accountId: 'acct_s', metadata }),
      app.newKey({ accountId: 'acct_r', metadata, environment: 'test' }),
    ]);
    const body = { accountId: 'acct_r', metadata, environment: 'live', reason: 'the app leaked' };
    const answer = await app.post('/v1/revocations', body);
    expect(answer.json.revoked).toBe(3);
    const after = await Promise.all(meant.map(({ id }) => app.get(`/v1/keys/${id}`)));
    expect(after.map(({ json }) => [json.status, json.revision])).toEqual(
      Array(3).fill(['revoked', answer.json.revision]),
    );
    expect(await Promise.all(others.map(outcome))).not.toContain('credential_revoked');
    expect((await app.post('/v1/revocations', body)).json.revoked).toBe(0);
  });

  it('by date takes what was made before it', async () => {
    const old = await app.newKey({ accountId: 'acct_d' });
    now += 1000;
    const createdBefore = new Date(now).toISOString();
    const young = await app.newKey({ accountId: 'acct_d' });
    await app.post('/v1/revocations', { accountId: 'acct_d', createdBefore, reason: 'old ones' });
    expect([await outcome(old), await outcome(young)]).toEqual(['credential_revoked', 'allowed']);
  });

  it.each([
    { reason: 'all of them' },
    { reason: 'all of them', metadata: {} },
    { accountId: 'a' },
    { accountId: 'a', reason: 'x', wait: 'forever' },
    { accountId: 'a', reason: 'x', createdBefore: 'yesterday' },
    { accountId: ['a'], reason: 'x' },
  ])('refuses %j with invalid_body', async (body) => {
    expect(refusal(await app.post('/v1/revocations', body))).toBe('400 invalid_body');
  });
});
