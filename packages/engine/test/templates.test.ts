import { generateKeyPairSync } from 'node:crypto';
import { OPERATOR_ACCOUNT } from '@countersign/core';
import type { NewKey } from '@countersign/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, benchOn, done, manifestOf, refusalOf, SERVICE } from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';

const DAY = 86_400_000;
const MANIFEST = `version: 1
permissions:
  read: { risk: low }
  trade: { risk: high, policy: { maxLifetime: 90d } }
routes:
  - { route: POST /orders, permission: trade, facts: { instrument: { json: /s }, notional: { json: /n }, side: { json: /side } } }
templates:
  trading bot:
    permissions: [read, trade]
    kind: hmac
    constraints: { maxNotionalPerOrder: '100', sides: [buy, sell] }
    rateLimits: [{ name: orders, quota: 10, windowSeconds: 1 }]
    expiresIn: 90d
    needs: [/allowedIps, /constraints/instruments, /metadata/app]
  read-only: { permissions: [read] }
  labelled: { permissions: [read], kind: hmac, needs: [/label] }
`;

let bench: Bench;
beforeAll(async () => {
  bench = await benchOn(STORES[0]!, { manifest: manifestOf(MANIFEST) });
});
afterAll(() => bench.close());

const GIVEN = {
  allowedIps: ['192.0.2.7'],
  constraints: { instruments: ['BTCUSDT'] },
  metadata: { app: 'grid' },
};
const make = (more: Partial<NewKey>) =>
  bench.engine.keys.issue({ accountId: 'acct_1', label: '', environment: 'live', ...more }, SERVICE);
const faultsOf = async (more: Partial<NewKey>) => {
  const result = await make(more);
  expect(refusalOf(result)).toBe('invalid_body');
  return 'errors' in result ? result.errors?.map(({ pointer, message }) => `${pointer} ${message}`) : [];
};

describe('a key from a template', () => {
  it('has what the template says, and what its maker gives', async () => {
    const { key } = done(await make({ template: 'trading bot', ...GIVEN }));
    expect(key).toMatchObject({
      permissions: ['read', 'trade'],
      kind: 'hmac',
      allowedIps: ['192.0.2.7'],
      constraints: { instruments: ['BTCUSDT'], maxNotionalPerOrder: '100', sides: ['buy', 'sell'] },
      rateLimits: [{ name: 'orders', quota: 10, windowSeconds: 1 }],
      expiresAt: new Date(T0 + 90 * DAY).toISOString(),
    });
  });

  it('has the fields of its maker before those of the template, though they allow more', async () => {
    const constraints = { instruments: ['BTCUSDT'], maxNotionalPerOrder: '1000' };
    const { key } = done(
      await make({
        ...GIVEN,
        template: 'trading bot',
        permissions: ['trade'],
        kind: 'bearer',
        constraints,
        rateLimits: [],
        expiresAt: T0 + DAY,
      }),
    );
    expect(key).toMatchObject({
      permissions: ['trade'],
      kind: 'bearer',
      constraints: { ...constraints, sides: ['buy', 'sell'] },
      rateLimits: [],
      expiresAt: new Date(T0 + DAY).toISOString(),
    });
  });

  it('is held to the policies like any other', async () => {
    expect(await faultsOf({ ...GIVEN, template: 'trading bot', expiresAt: T0 + 90 * DAY + 1 })).toEqual([
      expect.stringMatching(/^\/expiresAt is too late: trade demands an expiry within 90d/),
    ]);
  });

  it('needs what the template needs', async () => {
    const needed = (pointer: string) => `${pointer} is needed for a key from the template trading bot`;
    expect(await faultsOf({ template: 'trading bot' })).toEqual([
      needed('/allowedIps'),
      needed('/constraints/instruments'),
      needed('/metadata/app'),
    ]);
    expect(
      await faultsOf({ ...GIVEN, template: 'trading bot', constraints: { sides: ['buy'] }, metadata: {} }),
    ).toEqual([needed('/constraints/instruments'), needed('/metadata/app')]);
  });

  it('is not given what it needs by an empty text', async () => {
    expect(await faultsOf({ template: 'labelled' })).toEqual([
      '/label is needed for a key from the template labelled',
    ]);
    done(await make({ template: 'labelled', label: 'x' }));
    expect(await faultsOf({ ...GIVEN, template: 'trading bot', metadata: { app: '' } })).toEqual([
      '/metadata/app is needed for a key from the template trading bot',
    ]);
  });

  it('shows every other fault with those', async () => {
    expect(await faultsOf({ template: 'trading bot', permissions: ['fly'] })).toEqual([
      expect.stringMatching(/^\/allowedIps/),
      expect.stringMatching(/^\/constraints\/instruments/),
      expect.stringMatching(/^\/metadata\/app/),
      '/permissions/0 is not one of read, trade',
    ]);
  });

  it('needs a kind, where the template has none', async () => {
    expect(await faultsOf({ template: 'read-only' })).toEqual(['/kind is needed']);
    const { publicKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const { key } = done(await make({ template: 'read-only', kind: 'ed25519', publicKey: pem }));
    expect(key).toMatchObject({ permissions: ['read'], constraints: {}, expiresAt: null, allowedIps: null });
  });

  it('is for customers, and from a template that there is', async () => {
    expect(await faultsOf({ template: 'tradingbot' })).toEqual([
      '/template is not one of trading bot, read-only, labelled',
    ]);
    expect(await faultsOf({ template: '__proto__' })).toEqual([
      '/template is not one of trading bot, read-only, labelled',
    ]);
    expect(await faultsOf({ template: 'read-only', accountId: OPERATOR_ACCOUNT, kind: 'bearer' })).toEqual([
      '/template is for keys of customers, not of operators',
    ]);
    await bench.restart({ manifest: undefined });
    expect(await faultsOf({ template: 'read-only' })).toEqual(['/template cannot be given: there are none']);
    expect(await faultsOf({})).toEqual(['/kind is needed', '/permissions is needed']);
    expect(bench.engine.keys.templates()).toEqual([]);
  });
});
