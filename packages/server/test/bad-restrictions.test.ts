import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, RunningApp } from './running-app.ts';

const MANIFEST = `version: 1
permissions:
  read: { risk: low }
  trade: { risk: high }
  move:
    risk: critical
    policy: { needsAddressList: true, needsWithdrawalAddresses: true, kinds: [ed25519], maxLifetime: 30d }
routes:
  - { route: GET /balance, permission: read }
  - route: POST /orders
    permission: trade
    facts: { instrument: { json: /symbol }, side: { json: /side }, notional: { json: /amount } }
  - { route: POST /withdrawals, permission: move, facts: { address: { json: /to } } }
rateLimits:
  - { name: orders, per: account, quota: 10, windowSeconds: 1 }
`;
const NOW = Date.parse('2027-02-01T00:00:00Z');
const KEY = { accountId: 'acct_42', environment: 'live', kind: 'hmac', permissions: ['trade'] };
const WINDOW = { days: ['mon'], from: '09:00', to: '17:30' };

let app: RunningApp;
let key: Answer['json'];
beforeAll(async () => {
  app = await RunningApp.start({ manifest: MANIFEST, clock: () => NOW });
  key = (await app.post('/v1/keys', KEY)).json;
});
afterAll(() => app.close());

const constraint = (name: string, value: unknown) =>
  [{ constraints: { [name]: value } }, `/constraints/${name}`] as const;
const amounts = (...values: unknown[]) =>
  values.flatMap((value) =>
    (['maxNotionalPerOrder', 'maxNotionalPerDay', 'maxNotionalPer30Days'] as const).map((name) =>
      constraint(name, value),
    ),
  );
const expressions = (...texts: string[]) => texts.map((text) => constraint('expression', text));
const addresses = (...texts: unknown[]) =>
  texts.map((text) => [{ allowedIps: ['192.0.2.7', text] }, '/allowedIps/1'] as const);
const expiries = (...texts: unknown[]) => texts.map((text) => [{ expiresAt: text }, '/expiresAt'] as const);
const hours = (more: object, pointer: string) =>
  [
    { constraints: { hours: { timeZone: 'UTC', windows: [WINDOW], ...more } } },
    `/constraints/hours${pointer}`,
  ] as const;
const limit = (more: object) =>
  [
    { rateLimits: [{ name: 'a', quota: 1, windowSeconds: 1, ...more }] },
    `/rateLimits/0/${Object.keys(more)[0]}`,
  ] as const;

/** What is sent, and the field that the refusal names. */
const BAD: readonly (readonly [object, string])[] = [
  // What cannot be met, or contradicts itself.
  constraint('orderTypes', ['limit']),
  constraint('instruments', []),
  [{ constraints: { maxNotionalPerOrder: '2', maxNotionalPerDay: '1' } }, '/constraints/maxNotionalPerOrder'],
  [{ constraints: { maxNotionalPerDay: '2', maxNotionalPer30Days: '1' } }, '/constraints/maxNotionalPerDay'],
  [{ permissions: ['move'] }, '/allowedIps'],
  [{ permissions: ['move'] }, '/constraints/withdrawalAddresses'],
  [{ permissions: ['move'] }, '/expiresAt'],
  [{ permissions: ['move'], allowedIps: ['0.0.0.0/0'] }, '/allowedIps/0'],
  hours({ windows: [] }, '/windows'),
  hours({ windows: [{ ...WINDOW, days: [] }] }, '/windows/0/days'),
  hours({ windows: [{ ...WINDOW, to: '09:00' }] }, '/windows/0/to'),
  // What there is not.
  [{ permissions: ['trade', 'fly'] }, '/permissions/1'],
  [{ permissions: ['keys.write'] }, '/permissions/0'],
  [{ admin: true }, '/admin'],
  constraint('maxOrders', '1'),
  constraint('maxnotionalperday', '1'),
  hours({ timezone: 'UTC' }, '/timezone'),
  hours({ windows: [{ ...WINDOW, days: ['monday'] }] }, '/windows/0/days/0'),
  ...['Mars/Phobos', '+02:00', 'CESTT', 'Europe', '__proto__'].map((timeZone) =>
    hours({ timeZone }, '/timeZone'),
  ),
  // Expressions.
  ...expressions(
    '',
    'facts.side ==',
    'facts.colour == "red"',
    'permission == "fly"',
    'facts.side',
    '1 / 0 == 1',
    'now.getHours() % now.getHours() == 1',
    'f(f)',
    'path.matches("(a*)*b")',
    '["a"].exists(x, x == facts.side)',
    `${'('.repeat(500)}true${')'.repeat(500)}`,
    Array(400).fill('true').join('&&'),
    'facts.notional < 1000.5',
    'facts.notional < decimal("1,000")',
    'x'.repeat(2001),
  ),
  // Amounts.
  ...amounts(1000, 1000.5, 0.1, true, null, ['1'], 'NaN', 'Infinity', '-1', '-0', '+1', '1,000', '1.000,5'),
  ...amounts(
    '1e3',
    '',
    ' 1',
    '1 ',
    '.5',
    '5.',
    '0x10',
    '１',
    '0',
    '0.00',
    '1'.repeat(40),
    `0.${'1'.repeat(40)}`,
  ),
  // Addresses.
  ...addresses(
    'example.com',
    'localhost',
    '192.0.2.300',
    '192.0.2',
    '192.0.2.1/24',
    '192.0.2.0/33',
    '192.0.2.0/',
  ),
  ...addresses(
    '2001:db8::g',
    '2001:db8::1/64',
    ':::',
    '*',
    '',
    ' 192.0.2.1',
    '192.0.2.1-9',
    'http://192.0.2.1',
    7,
  ),
  [{ allowedIps: [] }, '/allowedIps'],
  [{ allowedIps: '192.0.2.7' }, '/allowedIps'],
  // Expiries.
  ...expiries(
    '1970-01-01T00:00:00Z',
    '2027-02-01T00:00:00Z',
    '2027-01-31T23:59:59.999Z',
    '2127-02-01T00:00:00Z',
  ),
  ...expiries('2027-02-29T00:00:00Z', '2027-03-01', '2027-03-01T00:00:00', 'tomorrow', '', 0, NOW + 1, '90d'),
  // Limits.
  ...[{ quota: 0 }, { quota: -1 }, { quota: 1.5 }, { quota: '1' }, { windowSeconds: 0 }].map(limit),
  [{ nonceWindow: -1 }, '/nonceWindow'],
];

/** The pointers of a refusal that says what is wrong with each. */
function pointersIn(errors: readonly { pointer: string; message: string }[] = []): string[] {
  for (const { message } of errors) expect(message).toMatch(/\S{2}/);
  return errors.map(({ pointer }) => pointer);
}

function refusedAt(answer: Answer): string[] {
  expect([answer.status, answer.json.code]).toEqual([400, 'invalid_body']);
  expect(answer.text).not.toMatch(/node_modules|\.[jt]s:\d/);
  return pointersIn(answer.json.errors);
}

/** Keys, and what the log says of keys. */
async function state() {
  const keys = await app.get('/v1/keys?limit=200');
  const log = await app.get('/v1/audit/entries?limit=1000');
  return [keys.json, log.json.data.filter(({ type }: { type: string }) => type !== 'decision')];
}

describe('a restriction that cannot be', () => {
  it.each(BAD)('%j is refused by its field %s, and nothing is changed', async (fields, pointer) => {
    const before = await state();
    const theirs = { ...KEY, id: 'theirs', secret: 'x'.repeat(32), ...fields };
    expect(refusedAt(await app.post('/v1/keys', { ...KEY, ...fields }))).toContain(pointer);
    expect(refusedAt(await app.post('/v1/keys/import', theirs))).toContain(pointer);
    const { json } = await app.post('/v1/keys/import/batch', { keys: [theirs] });
    expect(json.results).toMatchObject([{ status: 'refused', code: 'invalid_body' }]);
    expect(pointersIn(json.results[0].errors)).toContain(pointer);
    expect(refusedAt(await app.patch(`/v1/keys/${key.id}`, fields, key.revision))).toContain(pointer);
    expect(await state()).toEqual(before);
  });

  it.each(addresses('example.com', '192.0.2.300', '192.0.2.1/24'))(
    '%j is refused by a dry run too, by %s',
    async (fields, pointer) => {
      expect(refusedAt(await app.post(`/v1/keys/${key.id}/allowed-ips/dry-run`, fields))).toContain(pointer);
    },
  );

  it.each([
    [{ orders: 0 }, '/quotas/orders'],
    [{ orders: 1.5 }, '/quotas/orders'],
    [{ orders: '10' }, '/quotas/orders'],
    [{ ordres: 10 }, '/quotas/ordres'],
  ])('is one of the quotas of an account: %j', async (quotas, pointer) => {
    const answer = await app.call(
      'PUT',
      '/v1/accounts/acct_42/quotas',
      { quotas },
      { headers: { 'if-match': '0' } },
    );
    expect(refusedAt(answer)).toEqual([pointer]);
    expect((await app.get('/v1/accounts/acct_42')).json).toMatchObject({ quotas: {}, revision: 0 });
  });

  it('is a revocation of nothing that is named, or until no time', async () => {
    const before = await state();
    const revoke = async (filter: object) =>
      refusedAt(await app.post('/v1/revocations', { reason: 'leak', ...filter }));
    expect(await revoke({})).toEqual(['']);
    expect(await revoke({ metadata: {} })).toEqual(['']);
    expect(await revoke({ createdBefore: 'yesterday' })).toEqual(['/createdBefore']);
    expect(await revoke({ createdBefore: '9999-01-01T00:00:00Z' })).toEqual(['/createdBefore']);
    expect(await revoke({ environment: 'prod' })).toEqual(['/environment']);
    expect(await revoke({ acount: 'acct_42' })).toContain('/acount');
    expect(refusedAt(await app.post('/v1/freeze', { reason: 'x', environment: null }))).toEqual([
      '/environment',
    ]);
    expect(await state()).toEqual(before);
    expect((await app.get('/v1/freeze')).json.environments).toMatchObject([
      { isFrozen: false },
      { isFrozen: false },
    ]);
  });
});
