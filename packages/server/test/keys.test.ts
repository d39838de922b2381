import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aKey, DataFolder, RunningApp } from './running-app.ts';
import { ed25519Pair, sign } from './signing.ts';

const folder = new DataFolder();
let app: RunningApp;

beforeAll(async () => {
  app = await RunningApp.start({ store: await folder.store(), keyring: folder.keyring() });
});
afterAll(async () => {
  await app.close();
  await app.engine.store.close();
  folder.remove();
});

const refusal = ({ status, json }: { status: number; json: { code: string } }) => `${status} ${json.code}`;

const hoursOn = (days: string[]) => ({ timeZone: 'UTC', windows: [{ days, from: '09:00', to: '17:00' }] });

describe('POST /v1/keys', () => {
  it('shows the secret once, and never again', async () => {
    const made = await app.newKey();
    expect(made.secret).toMatch(/^cs_live_[0-9A-Za-z]{49}$/);
    expect(made.id).toMatch(/^ck_live_/);
    const shown = await app.get(`/v1/keys/${made.id}`);
    const { secret: _, ...rest } = made;
    const permissionUsage = [{ permission: 'spot.trade', lastUsedAt: null }];
    expect(shown.json).toEqual({ ...rest, permissionUsage });
    expect((await app.get('/v1/keys?limit=200')).text).not.toContain(made.secret);
  });

  it('takes all members, and answers with them', async () => {
    const input = {
      ...aKey(),
      environment: 'test',
      dialects: ['bitget', 'okx'],
      allowedIps: ['203.0.113.0/24', '2001:db8::/48'],
      expiresAt: '2099-02-01T00:00:00Z',
      constraints: { instruments: ['BTCUSDT'], maxNotionalPerOrder: '1000' },
      rateLimits: [{ name: 'orders', quota: 10, windowSeconds: 1 }],
      metadata: { team: 'grid' },
    };
    const shown = Object.fromEntries(Object.entries(input).filter(([name]) => name !== 'passphrase'));
    expect(await app.newKey(input)).toMatchObject({
      ...shown,
      expiresAt: '2099-02-01T00:00:00.000Z',
      status: 'active',
    });
  });

  it('makes no secret where the customer keeps the private key', async () => {
    const made = await app.newKey({ kind: 'ed25519', passphrase: undefined, publicKey: ed25519Pair().pem });
    expect(made).not.toHaveProperty('secret');
  });

  it.each([
    ['accountId', { accountId: '' }, '/accountId'],
    ['accountId of strange characters', { accountId: 'a b' }, '/accountId'],
    ['environment', { environment: 'prod' }, '/environment'],
    ['kind', { kind: 'md5' }, '/kind'],
    ['a kind without its public key', { kind: 'rsa', passphrase: undefined }, '/publicKey'],
    ['a public key that is none', { kind: 'ed25519', passphrase: undefined, publicKey: 'PEM' }, '/publicKey'],
    ['dialects', { dialects: ['nasdaq'] }, '/dialects/0'],
    ['a dialect of another kind', { dialects: ['bearer'] }, '/dialects/0'],
    ['a missing passphrase', { dialects: ['bitget'], passphrase: undefined }, '/passphrase'],
    ['a short passphrase', { passphrase: 'short' }, '/passphrase'],
    ['allowedIps', { allowedIps: ['203.0.113.7/24'] }, '/allowedIps/0'],
    ['an empty allowlist', { allowedIps: [] }, '/allowedIps'],
    ['expiresAt in the past', { expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'],
    ['expiresAt without a zone', { expiresAt: '2099-01-01T00:00:00' }, '/expiresAt'],
    ['expiresAt as a number', { expiresAt: 4_070_908_800_000 }, '/expiresAt'],
    ['constraints', { constraints: { maxNotionalPerOrder: '1e3' } }, '/constraints/maxNotionalPerOrder'],
    ['an amount as a float', { constraints: { maxNotionalPerDay: 0.5 } }, '/constraints/maxNotionalPerDay'],
    [
      'an amount with a comma',
      { constraints: { maxNotionalPerDay: '1,5' } },
      '/constraints/maxNotionalPerDay',
    ],
    [
      'an amount of 62 characters',
      { constraints: { maxNotionalPer30Days: '1'.repeat(62) } },
      '/constraints/maxNotionalPer30Days',
    ],
    ['an empty list of sides', { constraints: { sides: [] } }, '/constraints/sides'],
    ['a weekday', { constraints: { hours: hoursOn(['Monday']) } }, '/constraints/hours/windows/0/days/0'],
    ['hours without a day', { constraints: { hours: hoursOn([]) } }, '/constraints/hours/windows/0/days'],
    [
      'a zone',
      { constraints: { hours: { ...hoursOn(['mon']), timeZone: '+02:00' } } },
      '/constraints/hours/timeZone',
    ],
    [
      'an expression that is too long',
      { constraints: { expression: 'x'.repeat(2001) } },
      '/constraints/expression',
    ],
    ['an expression', { constraints: { expression: '1 +' } }, '/constraints/expression'],
    ['unknown constraints', { constraints: { maxOrders: 3 } }, '/constraints/maxOrders'],
    ['rateLimits', { rateLimits: [{ name: 'a', quota: 0, windowSeconds: 1 }] }, '/rateLimits/0/quota'],
    ['metadata', { metadata: { a: 1 } }, '/metadata/a'],
    ['permissions', { permissions: 'spot.trade' }, '/permissions'],
    ['an unknown member', { secret: 'mine' }, '/secret'],
    ['a label with a line break', { label: 'a\nb' }, '/label'],
  ])('refuses a wrong %s with invalid_body, and names it', async (_what, wrong, pointer) => {
    const answer = await app.post('/v1/keys', { ...aKey(), ...wrong });
    expect(refusal(answer)).toBe('400 invalid_body');
    expect(answer.json.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });

  it('lists all faults at once', async () => {
    const answer = await app.post('/v1/keys', { kind: 'x', environment: 'y', permissions: 1 });
    expect(answer.json.errors).toHaveLength(4);
  });
});

describe('POST /v1/keys/import', () => {
  it('takes over a key, under its id, and never shows its secret', async () => {
    const secret = 'a secret of the old platform';
    const made = await app.post('/v1/keys/import', { ...aKey(), id: 'bg_0123', secret, passphrase: 'p' });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ id: 'bg_0123' });
    expect(made.text).not.toContain(secret);
    const headers = sign(
      'bitget',
      { id: 'bg_0123', secret, passphrase: 'p' },
      { method: 'GET', target: '/account' },
    );
    const decision = await app.post('/v1/verify', {
      request: { method: 'GET', target: '/account', headers },
    });
    expect(decision.json).toMatchObject({ allowed: true, credential: { id: 'bg_0123' } });
  });

  it('can be managed under ids of any printable characters, and of 128 of them', async () => {
    for (const id of ['a/b?c#d%e', '~'.repeat(128)]) {
      const made = await app.post('/v1/keys/import', {
        ...aKey(),
        id,
        secret: 'a secret of the old platform',
      });
      expect([id, made.status]).toEqual([id, 201]);
      const path = `/v1/keys/${[...id].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')}`;
      expect((await app.get(path)).json).toMatchObject({ id });
    }
  });

  it.each([
    ['an id that is there already', { id: 'bg_0123' }, '409 id_taken'],
    ['an id with spaces', { id: 'a b' }, '400 invalid_body'],
    ['an id of ours that we never issued', { id: `ck_live_${'a'.repeat(36)}` }, '400 invalid_body'],
    ['a short secret', { id: 'new-1', secret: 'short' }, '400 invalid_body'],
    ['no secret', { id: 'new-1', secret: undefined }, '400 invalid_body'],
    ['no id', { id: undefined }, '400 invalid_body'],
  ])('refuses %s', async (_what, over, expected) => {
    const answer = await app.post('/v1/keys/import', { ...aKey(), secret: 'another old secret', ...over });
    expect(refusal(answer)).toBe(expected);
  });

  it('refuses a bearer token that another key has', async () => {
    const token = 'an-old-bearer-token';
    const first = { ...aKey(), kind: 'bearer', passphrase: undefined, id: 'bear-1', secret: token };
    expect((await app.post('/v1/keys/import', first)).status).toBe(201);
    expect(refusal(await app.post('/v1/keys/import', { ...first, id: 'bear-2' }))).toBe('409 id_taken');
  });
});

describe('GET /v1/keys', () => {
  it('gives every key once, page by page', async () => {
    const made = await Promise.all(Array.from({ length: 7 }, () => app.newKey({ accountId: 'acct_paged' })));
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await app.get(`/v1/keys?accountId=acct_paged&limit=3${next}`);
      expect(page.json.data.length).toBeLessThanOrEqual(3);
      seen.push(...page.json.data.map(({ id }: { id: string }) => id));
      cursor = page.json.nextCursor;
    }
    expect(seen).toEqual(made.map(({ id }) => id).sort());
  });

  it('says that there is no more on a last page that is full', async () => {
    await Promise.all([1, 2].map(() => app.newKey({ accountId: 'acct_full' })));
    expect((await app.get('/v1/keys?accountId=acct_full&limit=2')).json.nextCursor).toBeNull();
  });

  it.each(['active', 'disabled', 'quarantined', 'revoked'])('filters by status %s', async (status) => {
    const accountId = `acct_is_${status}`;
    const [one] = await Promise.all([app.newKey({ accountId }), app.newKey({ accountId })]);
    const deed = { disabled: 'disable', quarantined: 'quarantine', revoked: 'revoke' }[status];
    if (deed !== undefined) await app.post(`/v1/keys/${one.id}/${deed}`, { reason: 'test' });
    const { data } = (await app.get(`/v1/keys?accountId=${accountId}&status=${status}`)).json;
    expect(data.map((key: { status: string }) => key.status)).toEqual(
      status === 'active' ? ['active', 'active'] : [status],
    );
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=-1',
    'limit=1.5',
    'limit=many',
    'limit=1&limit=2',
    'status=asleep',
    'accountId=',
    'colour=red',
    '__proto__=1',
    'constructor=1',
    'cursor=%F0%9F%92%A5',
    'cursor=not-a-cursor-of-ours!',
    'cursor=',
    `cursor=${'A'.repeat(300)}`,
  ])('refuses %s with invalid_query', async (query) => {
    expect(refusal(await app.get(`/v1/keys?${query}`))).toBe('400 invalid_query');
  });

  it('says not_found for an id that there is not', async () => {
    for (const id of ['nobody', `ck_live_${'a'.repeat(36)}`, '__proto__', 'x'.repeat(128)]) {
      expect(refusal(await app.get(`/v1/keys/${id}`))).toBe('404 not_found');
    }
  });
});

describe('PATCH /v1/keys/{id}', () => {
  it('changes what is given, leaves the rest, and takes restrictions away with null', async () => {
    const made = await app.newKey({ allowedIps: ['203.0.113.7'], expiresAt: '2099-01-01T00:00:00Z' });
    const edited = await app.patch(`/v1/keys/${made.id}`, { allowedIps: null, label: 'new' }, made.revision);
    expect(edited.json).toMatchObject({ allowedIps: null, label: 'new', expiresAt: made.expiresAt });
    const again = await app.patch(`/v1/keys/${made.id}`, { expiresAt: null }, `"${edited.json.revision}"`);
    expect(again.json).toMatchObject({ allowedIps: null, label: 'new', expiresAt: null });
    expect(again.json.revision).toBeGreaterThan(edited.json.revision);
  });

  it.each([undefined, 'W/"1"', '*', 'one', '-1', '1, 2', '9'.repeat(20)])(
    'with If-Match %s is revision_missing',
    async (value) => {
      const { id } = await app.newKey();
      expect(refusal(await app.patch(`/v1/keys/${id}`, { label: 'x' }, value))).toBe('428 revision_missing');
    },
  );

  it('with another revision is revision_mismatch, and changes nothing', async () => {
    const { id, revision } = await app.newKey();
    await app.patch(`/v1/keys/${id}`, { label: 'first' }, revision);
    expect(refusal(await app.patch(`/v1/keys/${id}`, { label: 'second' }, revision))).toBe(
      '412 revision_mismatch',
    );
    expect((await app.get(`/v1/keys/${id}`)).json.label).toBe('first');
  });

  it('of two edits at once, lets one through', async () => {
    const { id, revision } = await app.newKey();
    const both = await Promise.all(
      ['a', 'b'].map((label) => app.patch(`/v1/keys/${id}`, { label }, revision)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it.each([
    { id: 'x' },
    { status: 'active' },
    { kind: 'rsa' },
    { label: null },
    { expiresAt: '2001-01-01T00:00:00Z' },
  ])('refuses %j with invalid_body', async (edit) => {
    const { id, revision } = await app.newKey();
    expect(refusal(await app.patch(`/v1/keys/${id}`, edit, revision))).toBe('400 invalid_body');
  });

  it('of a key that there is not is not_found', async () => {
    expect(refusal(await app.patch('/v1/keys/nobody', {}, 1))).toBe('404 not_found');
  });
});
