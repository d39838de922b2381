import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder, RunningApp } from './running-app.ts';

const DAY_MS = 86_400_000;
const MANIFEST = `version: 1
permissions:
  read: { risk: low }
  trade: { risk: high }
  close: { risk: medium }
  move: { risk: critical, policy: { maxLifetime: 90d, needsWithdrawalAddresses: true } }
routes:
  - { route: GET /balance/:coin, permission: read }
  - { route: GET /orders, permission: read, facts: { instrument: { query: symbol } } }
  - { route: POST /orders, permission: trade, facts: { instrument: { json: /symbol }, notional: { json: /amount } } }
  - { route: POST /positions/close, permission: close }
  - { route: POST /withdrawals, permission: move, facts: { address: { json: /to } } }
`;

const folder = new DataFolder();
let app: RunningApp;
let nowMs = Date.parse('2027-03-01T12:00:00Z');

beforeAll(async () => {
  app = await RunningApp.start({
    store: await folder.store(),
    keyring: folder.keyring(),
    manifest: MANIFEST,
    clock: () => nowMs,
  });
});
afterAll(async () => {
  await app.close();
  await app.engine.store.close();
  folder.remove();
});

const BEARER = { kind: 'bearer', passphrase: undefined, permissions: ['read', 'trade', 'close'] };
type Key = Awaited<ReturnType<RunningApp['newKey']>>;

interface Sent {
  readonly method?: string;
  readonly target?: string;
  readonly body?: string;
  readonly ip?: string;
}

/** The decision in one word. */
async function send(key: Key, sent: Sent = {}): Promise<string> {
  const { allowed, code } = await decided(key, sent);
  return allowed ? 'allowed' : code;
}

async function decided(key: Key, sent: Sent) {
  const { method = 'POST', target = '/orders', body = '{"symbol":"BTC"}', ip = '203.0.113.7' } = sent;
  const headers = { authorization: `Bearer ${key.secret}` };
  const { json } = await app.post('/v1/verify', { request: { method, target, headers, body, ip } });
  return json;
}

const refusal = ({ status, json }: { status: number; json: { code: string } }) => `${status} ${json.code}`;

describe('POST /v1/keys/{id}/allowed-ips/dry-run', () => {
  const dryRun = (id: string, body: unknown) => app.post(`/v1/keys/${id}/allowed-ips/dry-run`, body);

  it('says which requests a list would have refused, and changes nothing', async () => {
    const key = await app.newKey(BEARER);
    await send(key);
    await send(key, { ip: '::ffff:203.0.113.8' });
    await send(key, { ip: '2001:db8::5', method: 'GET', target: '/balance/btc?x=1' });
    const { requestId: last } = await decided(key, { ip: '198.51.100.1' });
    const { status, json } = await dryRun(key.id, {
      allowedIps: ['203.0.113.0/24', '2001:db8:1::/48', '192.0.2.1'],
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      days: 30,
      requests: 4,
      refusedRequests: 2,
      refusedAddresses: 2,
      unknownRequests: 0,
      unusedEntries: ['2001:db8:1::/48', '192.0.2.1'],
    });
    expect(json.refused).toHaveLength(2);
    expect(json.refused).toContainEqual({
      ip: '2001:db8::5',
      requests: 1,
      permissions: ['read'],
      firstDay: '2027-03-01',
      lastUsedAt: '2027-03-01T12:00:00.000Z',
    });
    expect(json.examples).toMatchObject([
      { requestId: last, ip: '198.51.100.1', method: 'POST', path: '/orders' },
      { ip: '2001:db8::5', method: 'GET', path: '/balance/btc' },
    ]);
    expect((await app.get(`/v1/keys/${key.id}`)).json).toMatchObject({
      allowedIps: null,
      revision: key.revision,
    });
    const mapped = await dryRun(key.id, { allowedIps: ['::ffff:203.0.113.0/120'], days: 1 });
    expect(mapped.json).toMatchObject({ requests: 4, refusedRequests: 2, unusedEntries: [] });
  });

  it('looks back as far as it is asked to', async () => {
    const key = await app.newKey(BEARER);
    await send(key);
    nowMs += 3 * DAY_MS;
    const requests = async (days: number) => {
      const { json } = await dryRun(key.id, { allowedIps: ['192.0.2.1'], days });
      return [json.refusedRequests, json.examples.length];
    };
    expect([await requests(3), await requests(2)]).toEqual([
      [1, 1],
      [0, 0],
    ]);
  });

  it.each([
    ['a host name', { allowedIps: ['203.0.113.7', 'bot.example.com'] }, '/allowedIps/1'],
    ['host bits', { allowedIps: ['203.0.113.7/24'] }, '/allowedIps/0'],
    ['a typo', { allowedIps: ['203.0.113.256'] }, '/allowedIps/0'],
    ['an empty list', { allowedIps: [] }, '/allowedIps'],
    ['no list', {}, '/allowedIps'],
    ['a day too many', { allowedIps: ['192.0.2.1'], days: 91 }, '/days'],
    ['no day', { allowedIps: ['192.0.2.1'], days: 0 }, '/days'],
    ['half a day', { allowedIps: ['192.0.2.1'], days: 1.5 }, '/days'],
  ])('refuses %s, and names the field', async (_, body, pointer) => {
    const key = await app.newKey(BEARER);
    const answer = await dryRun(key.id, body);
    expect(refusal(answer)).toBe('400 invalid_body');
    expect(answer.json.errors).toMatchObject([{ pointer }]);
  });

  it('knows no key that is not there, and needs keys.read', async () => {
    const body = { allowedIps: ['192.0.2.1'] };
    expect(refusal(await dryRun('ck_live_none', body))).toBe('404 not_found');
    const { secret: token } = await app.operatorWith('verify');
    const answer = await app.post('/v1/keys/x/allowed-ips/dry-run', body, { token });
    expect(answer.status).toBe(403);
  });
});

describe('GET /v1/keys/{id}/advice', () => {
  it('proposes an edit that goes through as it is, and refuses nothing that the key does', async () => {
    const key = await app.newKey(BEARER);
    nowMs += 40 * DAY_MS;
    await send(key);
    await send(key, { method: 'GET', target: '/balance/btc', ip: '2001:db8::1' });
    const { status, json } = await app.get(`/v1/keys/${key.id}/advice?days=30`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      days: 30,
      revision: key.revision,
      tooLittle: [],
      allowedIps: { proposal: ['2001:db8::/64', '203.0.113.7'], note: null },
      instruments: { used: [{ instrument: 'BTC', requests: 1 }], proposal: ['BTC'] },
      constraints: [
        'maxNotionalPerOrder',
        'maxNotionalPerDay',
        'maxNotionalPer30Days',
        'withdrawalAddresses',
      ],
      edit: {
        permissions: ['read', 'trade'],
        allowedIps: ['2001:db8::/64', '203.0.113.7'],
        constraints: { instruments: ['BTC'] },
      },
    });
    const edited = await app.patch(`/v1/keys/${key.id}`, json.edit, json.revision);
    expect(edited.status).toBe(200);
    expect(await send(key)).toBe('allowed');
    expect(await send(key, { method: 'GET', target: '/balance/btc', ip: '2001:db8::2' })).toBe('allowed');
    expect(await send(key, { target: '/positions/close' })).toBe('permission_denied');
    expect(await send(key, { ip: '203.0.113.9' })).toBe('ip_not_allowed');
    expect(await send(key, { body: '{"symbol":"ETH"}' })).toBe('constraint_violated');
    expect((await app.get(`/v1/keys/${key.id}/advice`)).json.edit).toBeNull();
    // What was proposed for an older state of the key is not applied.
    expect(refusal(await app.patch(`/v1/keys/${key.id}`, json.edit, json.revision))).toBe(
      '412 revision_mismatch',
    );
  });

  it('proposes no list of instruments that would stop a bot which sends an empty one', async () => {
    const key = await app.newKey(BEARER);
    nowMs += 40 * DAY_MS;
    for (const symbol of ['BTC', '', '', 'BTC']) {
      expect(await send(key, { method: 'GET', target: `/orders?symbol=${symbol}` })).toBe('allowed');
    }
    const { json } = await app.get(`/v1/keys/${key.id}/advice?days=30`);
    expect(json.edit).toEqual({ permissions: ['read'], allowedIps: ['203.0.113.7'] });
    await app.patch(`/v1/keys/${key.id}`, json.edit, json.revision);
    expect(await send(key, { method: 'GET', target: '/orders?symbol=' })).toBe('allowed');
  });

  it('has too little to go by for a key that is young, or was never used', async () => {
    const key = await app.newKey(BEARER);
    const { json } = await app.get(`/v1/keys/${key.id}/advice?days=1`);
    expect(json.tooLittle).toEqual([
      expect.stringContaining('not used in 1 day'),
      expect.stringContaining('made less than a day ago'),
    ]);
    expect(json.edit).toBeNull();
  });

  it.each(['0', '91', 'x', '1.5'])('refuses %s days', async (days) => {
    const answer = await app.get(`/v1/keys/x/advice?days=${days}`);
    expect(refusal(answer)).toBe('400 invalid_query');
    expect(answer.json.errors).toMatchObject([{ pointer: '/days' }]);
  });

  it('knows no key that is not there', async () => {
    expect(refusal(await app.get('/v1/keys/none/advice'))).toBe('404 not_found');
  });
});

describe('POST /v1/advice/template', () => {
  const learn = (body: unknown) => app.post('/v1/advice/template', body);
  const TEST = { ...BEARER, environment: 'test', permissions: ['read'], accountId: 'acct_learn' };

  it('proposes what a bot called, what it was denied included', async () => {
    const key = await app.newKey(TEST);
    for (const coin of ['btc', 'eth']) await send(key, { method: 'GET', target: `/balance/${coin}` });
    expect(await send(key)).toBe('permission_denied');
    const { status, json } = await learn({ credentialId: key.id, name: 'grid bot' });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      keys: 1,
      template: {
        name: 'grid bot',
        permissions: ['read', 'trade'],
        constraints: { instruments: ['BTC'] },
        needs: ['/allowedIps'],
      },
      permissions: [
        { permission: 'read', requests: 2, wasDenied: false },
        { permission: 'trade', requests: 1, wasDenied: true },
      ],
      routes: [
        { route: 'GET /balance/:coin', permission: 'read', requests: 2 },
        { route: 'POST /orders', permission: 'trade', requests: 1 },
      ],
    });
    expect(json.yaml).toContain('- trade # was denied: the key lacks it\n');
  });

  it('puts the keys of an account together, of the test environment alone', async () => {
    const account = {
      accountId: 'acct_two',
      permissions: ['read', 'trade', 'move'],
      expiresAt: new Date(nowMs + 80 * DAY_MS).toISOString(),
      constraints: { withdrawalAddresses: ['bc1one'] },
    };
    const [one, two] = [await app.newKey({ ...TEST, ...account }), await app.newKey({ ...TEST, ...account })];
    const live = await app.newKey({ ...BEARER, ...account });
    await send(one, { method: 'GET', target: '/balance/btc' });
    await send(two, { target: '/withdrawals', body: '{"to":"bc1one"}' });
    await send(live);
    const { json } = await learn({ accountId: 'acct_two' });
    expect(json).toMatchObject({
      keys: 2,
      template: {
        name: 'learned',
        permissions: ['move', 'read'],
        expiresInSeconds: 90 * 86_400,
        needs: ['/allowedIps', '/constraints/withdrawalAddresses'],
      },
    });
    expect(json.yaml).toContain('expiresIn: 90d');
    expect(json.template).not.toHaveProperty('constraints');
  });

  it('finds the test keys of an account with many others', async () => {
    const accountId = 'acct_many';
    for (const first of [0, 500, 1_000]) {
      const keys = Array.from({ length: 500 }, (_, i) => ({
        ...{ id: `a-${first + i}`, secret: `a secret of that key: ${i}`, accountId, kind: 'hmac' },
        ...{ environment: 'live', permissions: ['read'] },
      }));
      expect((await app.post('/v1/keys/import/batch', { keys })).json.results).toHaveLength(500);
    }
    const key = await app.newKey({ ...TEST, accountId });
    await send(key, { method: 'GET', target: '/balance/btc' });
    expect((await learn({ accountId })).json).toMatchObject({ keys: 1 });
  });

  it('refuses what it cannot learn from', async () => {
    const live = await app.newKey(BEARER);
    const silent = await app.newKey({ ...TEST, accountId: 'acct_silent' });
    const operator = { credentialId: app.operator.id };
    expect(refusal(await learn({ credentialId: live.id }))).toBe('400 invalid_body');
    expect((await learn({ credentialId: live.id })).json.errors).toMatchObject([
      { pointer: '/credentialId' },
    ]);
    expect(refusal(await learn(operator))).toBe('400 invalid_body');
    expect(refusal(await learn({ accountId: 'operator' }))).toBe('400 invalid_body');
    expect(refusal(await learn({ accountId: 'nobody' }))).toBe('400 invalid_body');
    expect(refusal(await learn({ credentialId: 'none' }))).toBe('404 not_found');
    expect(refusal(await learn({ credentialId: silent.id }))).toBe('409 state_conflict');
    expect(refusal(await learn({}))).toBe('400 invalid_body');
    expect(refusal(await learn({ credentialId: 'a', accountId: 'b' }))).toBe('400 invalid_body');
    expect(refusal(await learn({ credentialId: 'a', name: 'a: b\n#' }))).toBe('400 invalid_body');
  });
});
