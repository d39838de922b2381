import { createHash } from 'node:crypto';
import { OPERATOR_ACCOUNT } from '@countersign/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_PERMISSIONS, type Answer, aKey, makeOperator, RunningApp } from './running-app.ts';
import { type BotKey, ed25519Pair, sign, type ToSign } from './signing.ts';

let app: RunningApp;

beforeAll(async () => {
  app = await RunningApp.start({
    trustedProxies: ['10.0.0.0/8'],
    failureBudget: { failures: 1000, windowSeconds: 1 },
  });
});
afterAll(() => app.close());

const refusal = ({ status, json }: Answer) => `${status} ${json.code}`;
const operatorKey = (over: object) => ({
  ...aKey(),
  accountId: OPERATOR_ACCOUNT,
  kind: 'bearer',
  passphrase: undefined,
  ...over,
});

describe('operator credentials', () => {
  it('are not made by keys.write alone', async () => {
    const { secret: token } = await app.operatorWith('keys.write', 'keys.read');
    const body = operatorKey({ permissions: ['keys.read'] });
    expect(refusal(await app.post('/v1/keys', body, { token }))).toBe('403 permission_denied');
    const imported = { ...body, id: 'mine', secret: 'a token that I know already' };
    expect(refusal(await app.post('/v1/keys/import', imported, { token }))).toBe('403 permission_denied');
  });

  it('are not given what their maker lacks', async () => {
    const { secret: token } = await app.operatorWith('keys.write', 'config.write');
    expect(
      refusal(await app.post('/v1/keys', operatorKey({ permissions: ['keys.revoke'] }), { token })),
    ).toBe('403 permission_denied');
    expect(
      (await app.post('/v1/keys', operatorKey({ permissions: ['config.write'] }), { token })).status,
    ).toBe(201);
  });

  it('are not changed by keys.write or keys.revoke alone', async () => {
    const { secret: token } = await app.operatorWith('keys.write', 'keys.revoke');
    const victim = await app.operatorWith('verify');
    const denied = [
      await app.post(`/v1/keys/${victim.id}/rotate`, {}, { token }),
      await app.post(`/v1/keys/${victim.id}/disable`, { reason: 'x' }, { token }),
      await app.post(`/v1/keys/${victim.id}/revoke`, { reason: 'x' }, { token }),
      await app.patch(`/v1/keys/${victim.id}`, { permissions: ['verify'] }, 1, { token }),
    ];
    expect(denied.map(refusal)).toEqual(Array(4).fill('403 permission_denied'));
  });

  it('are given no permission that only a manifest knows', async () => {
    expect(refusal(await app.post('/v1/keys', operatorKey({ permissions: ['spot.trade'] })))).toBe(
      '403 permission_denied',
    );
  });

  it('end like any other key', async () => {
    const { id, secret: token } = await app.operatorWith('keys.read');
    expect((await app.get('/v1/keys', { token })).status).toBe(200);
    await app.post(`/v1/keys/${id}/disable`, { reason: 'left' });
    expect(refusal(await app.get('/v1/keys', { token }))).toBe('403 credential_disabled');
    await app.post(`/v1/keys/${id}/revoke`, { reason: 'left' });
    expect(refusal(await app.get('/v1/keys', { token }))).toBe('401 credential_unknown');
  });

  it('of customers open no door here', async () => {
    const customer = await app.newKey({
      kind: 'bearer',
      passphrase: undefined,
      permissions: [...ALL_PERMISSIONS],
    });
    expect(refusal(await app.get('/v1/keys', { token: customer.secret }))).toBe('403 permission_denied');
  });

  it('of operators open no door of customers', async () => {
    const headers = { authorization: `Bearer ${app.operator.secret}` };
    const decision = await app.post('/v1/verify', { request: { method: 'GET', target: '/', headers } });
    expect(decision.json).toMatchObject({ allowed: false, code: 'permission_denied' });
  });
});

describe('bearer tokens', () => {
  it.each([
    ['of no form', 'nothing', '401 credential_unknown'],
    ['with a wrong checksum', `cb_live_${'a'.repeat(85)}`, '401 credential_unknown'],
    ['with spaces', 'a b', '400 malformed_request'],
    ['that is empty', '', '400 malformed_request'],
    ['that is huge', 'a'.repeat(4000), '400 malformed_request'],
  ])('%s are refused', async (_what, token, expected) => {
    expect(refusal(await app.get('/v1/keys', { token }))).toBe(expected);
  });

  it('with one character changed are credential_unknown or signature_mismatch', async () => {
    const { secret } = app.operator;
    const changed = secret.slice(0, 60) + (secret[60] === 'a' ? 'b' : 'a') + secret.slice(61);
    expect(refusal(await app.get('/v1/keys', { token: changed }))).toMatch(
      /^401 (credential_unknown|signature_mismatch)$/,
    );
  });

  const ask = (ip: string, headers: Record<string, string> = {}) =>
    app.get('/v1/keys?limit=1', { ip, headers });

  it('count over plaintext from another machine as no credential', async () => {
    const far = await ask('203.0.113.9');
    expect(refusal(far)).toBe('401 credential_missing');
    expect(far.json.detail).toContain('sent in clear');
    expect(far.headers['www-authenticate']).toContain('Signature');
    expect(refusal(await ask('2001:db8::1'))).toBe('401 credential_missing');
    expect((await ask('::1')).status).toBe(200);
    expect((await ask('::ffff:127.0.0.1')).status).toBe(200);
  });

  it('count behind a trusted proxy that received them over TLS', async () => {
    const forwarded = { 'x-forwarded-for': '203.0.113.9' };
    expect((await ask('10.1.1.1', { ...forwarded, 'x-forwarded-proto': 'https' })).status).toBe(200);
    expect(refusal(await ask('10.1.1.1', { ...forwarded, 'x-forwarded-proto': 'http' }))).toBe(
      '401 credential_missing',
    );
    expect(refusal(await ask('10.1.1.1', forwarded))).toBe('401 credential_missing');
    expect(refusal(await ask('203.0.113.9', { 'x-forwarded-proto': 'https' }))).toBe(
      '401 credential_missing',
    );
  });

  it('are not saved by a proxy on this machine that received them in plaintext', async () => {
    const behind = await RunningApp.start({ trustedProxies: ['127.0.0.1'] });
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'http' };
    expect(refusal(await behind.get('/v1/keys', { headers }))).toBe('401 credential_missing');
    expect(
      (await behind.get('/v1/keys', { headers: { ...headers, 'x-forwarded-proto': 'https' } })).status,
    ).toBe(200);
    await behind.close();
  });

  it('beside a signature are not a second try', async () => {
    const headers = { signature: 'sig1=:AAAA:', 'signature-input': 'sig1=("@method");keyid="x"' };
    const answer = await app.get('/v1/keys', { headers, token: 'nothing' });
    expect(refusal(answer)).toBe('401 credential_unknown');
  });
});

const HOST = 'api.test';
const target = '/v1/keys?limit=1';

async function hmacOperator(): Promise<BotKey> {
  return makeOperator(app.engine, ALL_PERMISSIONS, { kind: 'hmac' });
}

async function ed25519Operator(): Promise<BotKey> {
  const { privateKey, pem } = ed25519Pair();
  return {
    ...(await makeOperator(app.engine, ALL_PERMISSIONS, { kind: 'ed25519', publicKey: pem })),
    privateKey,
  };
}

function signedCall(key: BotKey, what: ToSign, over: Record<string, string> = {}, sentBody = what.body) {
  const headers = { host: HOST, ...sign('rfc9421', key, { ...what, headers: ['host', HOST] }), ...over };
  return app.call(what.method, what.target, sentBody, { token: undefined, headers, ip: '203.0.113.9' });
}

describe.each([
  ['hmac-sha256', hmacOperator],
  ['ed25519', ed25519Operator],
])('calls signed with RFC 9421 and %s', (_scheme, makeKey) => {
  let key: BotKey;
  beforeAll(async () => {
    key = await makeKey();
  });

  it('are let through over plaintext too: nothing that was sent proves again', async () => {
    expect((await signedCall(key, { method: 'GET', target })).status).toBe(200);
    const made = await signedCall(key, { method: 'POST', target: '/v1/keys', body: JSON.stringify(aKey()) });
    expect(made.status).toBe(201);
  });

  it('are refused a second time', async () => {
    const headers = {
      host: HOST,
      ...sign('rfc9421', key, { method: 'GET', target, headers: ['host', HOST] }),
    };
    const both = [1, 2].map(() => app.get(target, { token: undefined, headers }));
    expect((await Promise.all(both)).map(({ status, json }) => json.code ?? status)).toEqual([
      200,
      'replayed',
    ]);
  });

  it('with the nonce of another call are replayed', async () => {
    const nonce = `once-${Date.now()}`;
    expect((await signedCall(key, { method: 'GET', target, nonce })).status).toBe(200);
    expect(refusal(await signedCall(key, { method: 'GET', target: '/v1/keys', nonce }))).toBe('401 replayed');
  });

  it('with another body are signature_mismatch', async () => {
    const body = JSON.stringify(aKey());
    const answer = await signedCall(
      key,
      { method: 'POST', target: '/v1/keys', body },
      {},
      body.replace('grid', 'GRID'),
    );
    expect(refusal(answer)).toBe('401 signature_mismatch');
  });

  it('with another body and its own digest are signature_mismatch', async () => {
    const sent = JSON.stringify({ ...aKey(), permissions: ['withdraw'] });
    const digest = `sha-256=:${createHash('sha256').update(sent).digest('base64')}:`;
    const what = { method: 'POST', target: '/v1/keys', body: JSON.stringify(aKey()) };
    expect(refusal(await signedCall(key, what, { 'content-digest': digest }, sent))).toBe(
      '401 signature_mismatch',
    );
  });

  it('without a digest of the body are malformed_request', async () => {
    const answer = await signedCall(key, { method: 'POST', target: '/v1/keys' }, {}, JSON.stringify(aKey()));
    expect(refusal(answer)).toBe('400 malformed_request');
  });

  it('for another target, method, host or scheme are signature_mismatch', async () => {
    const headers = (over: Partial<ToSign>) =>
      sign('rfc9421', key, { method: 'GET', target, headers: ['host', HOST], ...over });
    const wrong = [
      { target: '/v1/keys' },
      { method: 'HEAD' },
      { headers: ['host', 'other.test'] },
      { scheme: 'https' as const },
    ];
    for (const over of wrong) {
      const answer = await app.get(target, { token: undefined, headers: { host: HOST, ...headers(over) } });
      expect([over, refusal(answer)]).toEqual([over, '401 signature_mismatch']);
    }
  });

  it('that are old or early are timestamp_out_of_window', async () => {
    for (const deltaMs of [-61_500, 61_500]) {
      const answer = await signedCall(key, { method: 'GET', target, nowMs: Date.now() + deltaMs });
      expect(refusal(answer)).toBe('401 timestamp_out_of_window');
      expect(Math.sign(answer.json.clockDeltaMs)).toBe(Math.sign(deltaMs));
    }
  });

  it("with an algorithm that is not the key's are refused", async () => {
    const signed = sign('rfc9421', key, { method: 'GET', target, headers: ['host', HOST] });
    const input = `${signed['Signature-Input']};alg="rsa-pss-sha512"`;
    const headers = { host: HOST, ...signed, 'Signature-Input': input };
    expect(refusal(await app.get(target, { token: undefined, headers }))).toMatch(
      /^401 (algorithm_not_allowed|signature_mismatch)$/,
    );
  });
});

it('the dialects of exchanges are not spoken here', async () => {
  const key = await hmacOperator();
  const headers = sign('bitget', { ...key, passphrase: 'Passphrase1' }, { method: 'GET', target });
  expect(refusal(await app.get(target, { token: undefined, headers }))).toBe('401 credential_missing');
});

it('too many failures from one network are too_many_failures, for guesses only', async () => {
  const strict = await RunningApp.start({ failureBudget: { failures: 3, windowSeconds: 3600 } });
  const codes: string[] = [];
  for (let i = 0; i < 5; i++) codes.push((await strict.get('/v1/keys', { token: `guess-${i}` })).json.code);
  expect(codes).toEqual([...Array(3).fill('credential_unknown'), ...Array(2).fill('too_many_failures')]);
  const answer = await strict.get('/v1/keys', { token: 'guess' });
  expect(answer.status).toBe(429);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect((await strict.get('/livez', { token: undefined })).status).toBe(200);
  await strict.close();
});
