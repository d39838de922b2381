import { Problem, ROUTES, type RouteContract, type RouteId } from '@countersign/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder, RunningApp } from './running-app.ts';
import { anAnswerSigner, sign } from './signing.ts';

const folder = new DataFolder();
let running: RunningApp;

beforeAll(async () => {
  running = await RunningApp.start({
    store: await folder.store(),
    keyring: folder.keyring(),
    answerSigner: anAnswerSigner(),
  });
});
afterAll(async () => {
  await running.close();
  await running.engine.store.close();
  folder.remove();
});

/** A call of each route that succeeds. */
const CALLS: Record<
  RouteId,
  (app: RunningApp) => Promise<{ status: number; json: unknown; headers: object }>
> = {
  createKey: (app) =>
    app.post('/v1/keys', key({ rateLimits: [{ name: 'orders', quota: 10, windowSeconds: 1 }] })),
  importKey: (app) => app.post('/v1/keys/import', key({ id: 'old-key-1', secret: 'a secret of long ago' })),
  importKeys: (app) =>
    app.post('/v1/keys/import/batch', {
      keys: [
        key({ id: 'old-key-2', secret: 'another secret of old' }),
        key({ id: 'x', secret: '' }),
        'no key',
      ],
    }),
  listKeys: (app) => app.get('/v1/keys?accountId=acct_42&status=active&limit=2'),
  showKey: async (app) =>
    app.get(`/v1/keys/${(await app.newKey({ constraints: { instruments: ['BTCUSDT'] } })).id}`),
  editKey: async (app) => {
    const { id, revision } = await app.newKey();
    return app.patch(`/v1/keys/${id}`, { label: 'other', expiresAt: '2099-01-01T00:00:00+02:00' }, revision);
  },
  rotateKey: async (app) => app.post(`/v1/keys/${(await app.newKey()).id}/rotate`, { graceSeconds: 60 }),
  retirePrevious: async (app) => {
    const { id } = await app.newKey();
    await app.post(`/v1/keys/${id}/rotate`);
    return app.post(`/v1/keys/${id}/retire-previous`);
  },
  disableKey: async (app) => app.post(`/v1/keys/${(await app.newKey()).id}/disable`, { reason: 'holidays' }),
  enableKey: async (app) => {
    const { id } = await app.newKey();
    await app.post(`/v1/keys/${id}/disable`, { reason: 'holidays' });
    return app.post(`/v1/keys/${id}/enable`, { reason: 'back' });
  },
  quarantineKey: async (app) => app.post(`/v1/keys/${(await app.newKey()).id}/quarantine`, { reason: 'odd' }),
  releaseKey: async (app) => {
    const { id } = await app.newKey();
    await app.post(`/v1/keys/${id}/quarantine`, { reason: 'odd' });
    return app.post(`/v1/keys/${id}/release`, { reason: 'explained' });
  },
  revokeKey: async (app) =>
    app.post(`/v1/keys/${(await app.newKey()).id}/revoke`, { reason: 'leaked', wait: 'everywhere' }),
  revokeKeys: (app) => app.post('/v1/revocations', { accountId: 'acct_none', reason: 'closed' }),
  dryRunAllowedIps: async (app) =>
    app.post(`/v1/keys/${(await app.newKey()).id}/allowed-ips/dry-run`, { allowedIps: ['192.0.2.0/24'] }),
  adviseKey: async (app) => app.get(`/v1/keys/${(await app.newKey()).id}/advice?days=7`),
  learnTemplate: async (app) => {
    const { id, secret } = await app.newKey({ kind: 'bearer', passphrase: undefined, environment: 'test' });
    const headers = { authorization: `Bearer ${secret}` };
    const request = { method: 'GET', target: '/', headers };
    await app.post('/v1/verify', { request, permission: 'spot.trade' });
    return app.post('/v1/advice/template', { credentialId: id });
  },
  showAccount: (app) => app.get('/v1/accounts/acct_42'),
  setQuotas: (app) =>
    app.call('PUT', '/v1/accounts/acct_q/quotas', { quotas: {} }, { headers: { 'if-match': '0' } }),
  freezeAccount: (app) => app.post('/v1/accounts/acct_f/freeze', { reason: 'odd' }),
  unfreezeAccount: async (app) => {
    await app.post('/v1/accounts/acct_u/freeze', { reason: 'odd' });
    return app.post('/v1/accounts/acct_u/unfreeze', { reason: 'explained' });
  },
  showFreezes: (app) => app.get('/v1/freeze'),
  freeze: async (app) => {
    const answer = await app.post('/v1/freeze', { environment: 'test', reason: 'a leak' });
    await app.post('/v1/unfreeze', { reason: 'mended' });
    return answer;
  },
  unfreeze: (app) => app.post('/v1/unfreeze', { reason: 'mended' }),
  verify: (app) => app.post('/v1/verify', { request: { method: 'GET', target: '/', headers: {} } }),
  explain: (app) => app.post('/v1/explain', { request: { method: 'GET', target: '/', headers: {} } }),
  listTemplates: (app) => app.get('/v1/templates'),
  listViolations: (app) => app.get('/v1/policy/violations?limit=2'),
  releaseUsage: async (app) => {
    const key = await app.newKey({ rateLimits: [{ name: 'all', quota: 9, windowSeconds: 60 }] });
    const request = { method: 'GET', target: '/' };
    const bot = { id: key.id, secret: key.secret, passphrase: 'Passphrase1' };
    const headers = Object.entries(sign('bitget', bot, request));
    const { requestId } = (await app.post('/v1/verify', { request: { ...request, headers } })).json;
    return app.post(`/v1/usage/${requestId}/release`, { reason: 'no funds' });
  },
  listAuditEntries: (app) => app.get('/v1/audit/entries?limit=3'),
  showKeyring: (app) => app.get('/v1/keyring'),
  rotateKeyring: (app) => app.post('/v1/keyring/rotate'),
  showAnswerKey: (app) => app.get('/v1/answer-key'),
  metrics: (app) => app.get('/metrics'),
  livez: (app) => app.get('/livez', { token: undefined }),
  readyz: (app) => app.get('/readyz', { token: undefined }),
  openapi: (app) => app.get('/openapi.json', { token: undefined }),
  docs: (app) => app.get('/docs', { token: undefined }),
  dialectPage: (app) => app.get('/docs/dialects/bitget', { token: undefined }),
  guidePage: (app) => app.get('/docs/operations', { token: undefined }),
  errorPage: (app) => app.get('/docs/errors/replayed', { token: undefined }),
};

function key(over: object) {
  return { accountId: 'acct_42', environment: 'live', kind: 'hmac', permissions: [], ...over };
}

const routes = Object.entries(ROUTES) as [RouteId, RouteContract][];

describe('routes', () => {
  it('are registered all, and no other', () => {
    const registered = running.app
      .printRoutes({ commonPrefix: false })
      .split('\n')
      .flatMap((line) => methodsIn(line));
    for (const { method, path } of Object.values(ROUTES)) {
      expect(running.app.hasRoute({ method, url: path.replaceAll(/\{(\w+)\}/g, ':$1') })).toBe(true);
    }
    // HEAD comes with each GET.
    const expected = routes.flatMap(([, { method }]) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    expect(registered.sort()).toEqual(expected.sort());
  });

  it.each(routes)('%s answers with what its schema says', async (id, route) => {
    const answer = await CALLS[id](running);
    expect([answer.status, answer.json]).toEqual([route.status, answer.json]);
    expect(answer.headers).toMatchObject({
      'content-type': expect.stringContaining(route.mediaType ?? 'application/json'),
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^req_/),
    });
    if (route.answer === undefined) return;
    // Nothing beyond the schema either: what is not promised is not sent.
    expect(route.answer.parse(answer.json)).toEqual(answer.json);
  });

  it('a decision that allows, and one that denies, are what the schema says', async () => {
    const made = await running.newKey({
      rateLimits: [{ name: 'orders', quota: 1, windowSeconds: 60 }],
      metadata: { a: 'b' },
    });
    const ask = async () => {
      const headers = sign(
        'bitget',
        { ...made, passphrase: 'Passphrase1' },
        { method: 'POST', target: '/order', body: '{}' },
      );
      return running.post('/v1/verify', {
        request: { method: 'POST', target: '/order', headers, body: '{}' },
        permission: 'spot.trade',
      });
    };
    const allowed = await ask();
    expect(ROUTES.verify.answer.parse(allowed.json)).toEqual(allowed.json);
    expect(allowed.json).toMatchObject({
      allowed: true,
      dialect: 'bitget',
      matched: 'wire',
      secretVersion: 1,
    });
    expect(allowed.json.rateLimits).toEqual([
      { name: 'orders', quota: 1, windowSeconds: 60, remaining: 0, resetSeconds: 60, nextSeconds: 60 },
    ]);
    const denied = await ask();
    expect(ROUTES.verify.answer.parse(denied.json)).toEqual(denied.json);
    const described = {
      method: 'GET',
      target: '/balance',
      headers: { 'ACCESS-KEY': 'a', 'ACCESS-SIGN': 'b' },
    };
    const explained = await running.post('/v1/explain', { request: described, clientPrehash: 'x' });
    expect(ROUTES.explain.answer.parse(explained.json)).toEqual(explained.json);
    expect(denied.json).toMatchObject({
      allowed: false,
      code: expect.stringMatching(/^(rate_limited|replayed)$/),
      credentialId: made.id,
    });
  });

  const guarded = routes.filter(([, { permission }]) => permission !== null);

  it.each(guarded)('%s without a credential is credential_missing', async (_id, { method, path }) => {
    const answer = await running.call(method, path.replaceAll(/\{\w+\}/g, 'x'), undefined, {
      token: undefined,
    });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Signature /);
    expect(Problem.parse(answer.json)).toMatchObject({ code: 'credential_missing' });
  });

  it.each(guarded)(
    '%s with all permissions but its own is permission_denied',
    async (_id, { method, path, permission }) => {
      const others = ['keys.read', 'keys.write', 'keys.revoke', 'verify', 'audit.read', 'config.write'];
      const { secret } = await running.operatorWith(...others.filter((name) => name !== permission));
      const answer = await running.call(method, path.replaceAll(/\{\w+\}/g, 'x'), undefined, {
        token: secret,
      });
      expect([answer.status, answer.json.code]).toEqual([403, 'permission_denied']);
      expect(answer.json.detail).toContain(permission);
    },
  );
});

/** `(GET, HEAD)` at the end of a line of the route tree. */
function methodsIn(line: string): string[] {
  return /\(([A-Z, ]+)\)/.exec(line)?.[1]?.split(', ') ?? [];
}
