import { OPERATOR_ACCOUNT } from '@countersign/core';
import type { Fault, KeyEdit, KeyInput } from '@countersign/engine';
import { afterEach, describe, expect, it } from 'vitest';
import {
  askAs,
  type Bench,
  benchOn,
  done,
  type IssuedKey,
  issue,
  keyInput,
  manifestOf,
  refusalOf,
  SERVICE,
  said,
} from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bearerRequest } from './wire.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const manifest = (policies: Readonly<Record<string, string>> = {}) =>
  manifestOf(`version: 1
permissions:
  read: { risk: low }
  trade: { risk: high${policies.trade === undefined ? '' : `, policy: { ${policies.trade} }`} }
  move: { risk: critical${policies.move === undefined ? '' : `, policy: { ${policies.move} }`} }
routes:
  - { route: GET /balance, permission: read }
  - { route: POST /orders, permission: trade, facts: { instrument: { json: /symbol } } }
  - { route: POST /withdrawals, permission: move, facts: { address: { json: /to } } }
`);

/** Pointer, permission and policy of each fault. */
function faultsOf(result: object): string[] {
  expect(refusalOf(result as { ok: boolean })).toBe('invalid_body');
  const { errors = [] } = result as { errors?: readonly Fault[] };
  return errors.map(({ pointer, permission, policy }) => `${pointer} ${permission} ${policy}`);
}

for (const adapter of STORES) {
  describe(`policies, over ${adapter.name}`, () => {
    let bench: Bench;
    const open = async (policies?: Readonly<Record<string, string>>) => {
      bench = await benchOn(adapter, { manifest: manifest(policies) });
    };
    const restart = (policies?: Readonly<Record<string, string>>) =>
      bench.restart({ manifest: manifest(policies) });
    afterEach(() => bench.close());
    const keys = () => bench.engine.keys;
    const make = (more: Partial<KeyInput>) => keys().issue(keyInput(more), SERVICE);
    const edit = async (id: string, change: KeyEdit) =>
      keys().edit(id, change, (await keys().get(id))?.revision ?? 0, SERVICE);

    describe('a new key', () => {
      it('needs the address list that a permission of its demands, and no other key does', async () => {
        await open({ move: 'needsAddressList: true' });
        expect(faultsOf(await make({}))).toEqual(['/allowedIps move needsAddressList']);
        done(await make({ permissions: ['read', 'trade'] }));
        done(await make({ allowedIps: ['192.0.2.7'] }));
      });

      it.each([
        ['10.0.0.0/8', true],
        ['10.0.0.0/7', false],
        ['0.0.0.0/0', false],
        ['::ffff:10.0.0.0/103', false],
        ['2001::/16', true],
        ['2000::/15', false],
        ['::/0', false],
      ])('has no address list with %s in it: %s', async (block, isList) => {
        await open({ move: 'needsAddressList: true', trade: 'expiryWithoutAddressList: 30d' });
        const result = await make({ allowedIps: ['192.0.2.7', block] });
        if (isList) done(result);
        else
          expect(faultsOf(result)).toEqual([
            '/expiresAt trade expiryWithoutAddressList',
            '/allowedIps/1 move needsAddressList',
          ]);
      });

      it('needs addresses to withdraw to', async () => {
        await open({ move: 'needsWithdrawalAddresses: true' });
        expect(faultsOf(await make({ constraints: { instruments: ['BTCUSDT'] } }))).toEqual([
          '/constraints/withdrawalAddresses move needsWithdrawalAddresses',
        ]);
        done(await make({ constraints: { withdrawalAddresses: ['bc1one'] } }));
      });

      it('expires within the shortest lifetime of its permissions, to the ms', async () => {
        await open({ trade: 'maxLifetime: 90d', move: 'maxLifetime: 30d' });
        expect(faultsOf(await make({}))).toEqual(['/expiresAt move maxLifetime']);
        expect(faultsOf(await make({ expiresAt: T0 + 30 * DAY + 1 }))).toEqual([
          '/expiresAt move maxLifetime',
        ]);
        done(await make({ expiresAt: T0 + 30 * DAY }));
        const trading = { permissions: ['read', 'trade'] };
        done(await make({ ...trading, expiresAt: T0 + 90 * DAY }));
        expect(faultsOf(await make({ ...trading, expiresAt: T0 + 90 * DAY + 1 }))).toEqual([
          '/expiresAt trade maxLifetime',
        ]);
        done(await make({ permissions: ['read'] }));
      });

      it('says until when it may be', async () => {
        await open({ move: 'maxLifetime: 90d' });
        expect(await make({})).toMatchObject({
          detail: `/expiresAt is needed: move demands an expiry within 90d, now until ${new Date(T0 + 90 * DAY).toISOString()} (maxLifetime)`,
        });
      });

      it('expires sooner without an address list', async () => {
        await open({ trade: 'expiryWithoutAddressList: 30d, maxLifetime: 90d' });
        const fault = '/expiresAt trade expiryWithoutAddressList';
        expect(faultsOf(await make({ expiresAt: T0 + 30 * DAY + 1 }))).toEqual([fault]);
        done(await make({ expiresAt: T0 + 30 * DAY }));
        done(await make({ expiresAt: T0 + 90 * DAY, allowedIps: ['192.0.2.0/24'] }));
        expect(faultsOf(await make({}))).toEqual(['/expiresAt trade maxLifetime', fault]);
      });

      it('is of a kind that each of its permissions allows', async () => {
        await open({ trade: 'kinds: [hmac, bearer]', move: 'kinds: [bearer]' });
        expect(faultsOf(await make({}))).toEqual(['/kind move kinds']);
        done(await make({ permissions: ['trade'] }));
        done(await make({ kind: 'bearer', passphrase: undefined }));
      });

      it('of an operator, or without a manifest, has no policies', async () => {
        await open({ move: 'needsAddressList: true' });
        done(await make({ accountId: OPERATOR_ACCOUNT, permissions: ['keys.read'] }));
        await bench.restart({ manifest: undefined });
        done(await make({}));
      });

      it('can be imported under the same policies alone', async () => {
        await open({ move: 'maxLifetime: 30d' });
        const theirs = { ...keyInput(), id: 'theirs', secret: 'x'.repeat(32) };
        const late = { ...theirs, expiresAt: T0 + 30 * DAY + 1 };
        expect(faultsOf(await keys().importKey(late, SERVICE))).toEqual(['/expiresAt move maxLifetime']);
        expect(await keys().get('theirs')).toBeUndefined();
        done(await keys().importKey({ ...theirs, expiresAt: T0 + 30 * DAY }, SERVICE));
      });
    });

    it('leave keys of operators alone, whose permissions may have the same names', async () => {
      const text = 'risk: high, policy: { idleExpiry: 2d, coolDown: 24h, needsAddressList: true }';
      const same = manifestOf(`version: 1\npermissions: { keys.read: { ${text} } }\nroutes: []\n`);
      bench = await benchOn(adapter, { manifest: same });
      const token = { kind: 'bearer', passphrase: undefined, permissions: ['keys.read'] } as const;
      const operator = await issue(bench, { ...token, accountId: OPERATOR_ACCOUNT });
      const customer = await issue(bench, { ...token, allowedIps: ['192.0.2.7'] });
      const ask = async ({ secret }: IssuedKey, audience: 'operators' | 'customers') =>
        said(await bench.engine.verify(bearerRequest(secret), askAs(audience, 'keys.read')));
      expect(await ask(operator, 'operators')).toBe('allowed');
      expect(await ask(customer, 'customers')).toBe('constraint_violated');
      bench.nowMs = T0 + 3 * DAY;
      await bench.restart({ manifest: same });
      expect(await ask(operator, 'operators')).toBe('allowed');
      expect(await ask(customer, 'customers')).toBe('credential_expired');
      expect(operator.view.widenedAt).toBeNull();
      expect((await keys().violations({ afterId: '', limit: 10 })).data).toEqual([]);
    });

    describe('an edit', () => {
      it('does not get a permission onto a key that must not have it', async () => {
        await open({ move: 'needsAddressList: true, kinds: [ed25519], maxLifetime: 30d' });
        const { id } = await issue(bench, { permissions: ['read'] });
        expect(faultsOf(await edit(id, { permissions: ['read', 'move'] }))).toEqual([
          '/allowedIps move needsAddressList',
          '/expiresAt move maxLifetime',
          '/permissions/1 move kinds',
        ]);
        expect((await keys().get(id))?.permissions).toEqual(['read']);
        const { id: other } = await issue(bench, { permissions: ['read'], allowedIps: ['192.0.2.7'] });
        expect(
          faultsOf(await edit(other, { permissions: ['move'], expiresAt: T0 + 30 * DAY, allowedIps: null })),
        ).toEqual(['/allowedIps move needsAddressList', '/permissions/0 move kinds']);
      });

      it('does not take away what a policy demands', async () => {
        await open({
          move: 'needsAddressList: true, needsWithdrawalAddresses: true, maxLifetime: 30d',
        });
        const { id } = await issue(bench, {
          allowedIps: ['192.0.2.7'],
          constraints: { withdrawalAddresses: ['bc1one'] },
          expiresAt: T0 + 30 * DAY,
        });
        const refusals: [KeyEdit, string][] = [
          [{ allowedIps: null }, '/allowedIps move needsAddressList'],
          [{ allowedIps: ['0.0.0.0/0'] }, '/allowedIps/0 move needsAddressList'],
          [{ constraints: {} }, '/constraints/withdrawalAddresses move needsWithdrawalAddresses'],
          [{ expiresAt: null }, '/expiresAt move maxLifetime'],
          [{ expiresAt: T0 + 30 * DAY + 1 }, '/expiresAt move maxLifetime'],
        ];
        for (const [change, fault] of refusals) expect(faultsOf(await edit(id, change))).toEqual([fault]);
        expect(await keys().get(id)).toMatchObject({ allowedIps: ['192.0.2.7'], revision: 1 });
        done(await edit(id, { permissions: ['read'], allowedIps: null, expiresAt: null, constraints: {} }));
      });

      it('prolongs a key by its whole lifetime, counted from the edit', async () => {
        await open({ move: 'maxLifetime: 30d' });
        const { id } = await issue(bench, { expiresAt: T0 + 30 * DAY });
        bench.nowMs = T0 + 20 * DAY;
        done(await edit(id, { expiresAt: T0 + 50 * DAY }));
        bench.nowMs = T0 + 40 * DAY;
        // Older than a lifetime by now, and fine: neither in the way of an edit nor in the list.
        done(await edit(id, { label: 'other' }));
        expect((await keys().violations({ afterId: '', limit: 10 })).data).toEqual([]);
        expect(faultsOf(await edit(id, { expiresAt: T0 + 70 * DAY + 1 }))).toEqual([
          '/expiresAt move maxLifetime',
        ]);
      });

      it('of a key that violates a newer policy is done, unless it violates it anew', async () => {
        await open();
        const { id } = await issue(bench, { expiresAt: T0 + 90 * DAY });
        await restart({
          trade: 'needsAddressList: true',
          move: 'needsAddressList: true, needsWithdrawalAddresses: true, maxLifetime: 30d, kinds: [bearer]',
        });
        done(await edit(id, { label: 'other', metadata: { a: 'b' } }));
        done(await edit(id, { expiresAt: T0 + 90 * DAY }));
        // Narrowing one thing must not wait for all the others.
        done(await edit(id, { constraints: { instruments: ['BTCUSDT'] } }));
        done(await edit(id, { permissions: ['read', 'trade'] }));
        done(await edit(id, { label: 'third' }));
        expect(faultsOf(await edit(id, { permissions: ['read', 'trade', 'move'] }))).toEqual([
          '/allowedIps move needsAddressList',
          '/constraints/withdrawalAddresses move needsWithdrawalAddresses',
          '/expiresAt move maxLifetime',
          '/permissions/2 move kinds',
        ]);
        expect(faultsOf(await edit(id, { allowedIps: ['0.0.0.0/0'] }))).toEqual([
          '/allowedIps/0 trade needsAddressList',
        ]);
        done(await edit(id, { allowedIps: ['192.0.2.7'] }));
        expect(faultsOf(await edit(id, { allowedIps: null }))).toEqual([
          '/allowedIps trade needsAddressList',
        ]);
      });

      it('sets another expiry only within the policy, even if it is nearer than before', async () => {
        await open();
        const { id } = await issue(bench, { expiresAt: T0 + 90 * DAY });
        await restart({ move: 'maxLifetime: 30d' });
        expect(faultsOf(await edit(id, { expiresAt: T0 + 30 * DAY + 1 }))).toEqual([
          '/expiresAt move maxLifetime',
        ]);
        done(await edit(id, { expiresAt: T0 + 30 * DAY }));
      });
    });

    describe('the list of violating keys', () => {
      const scan = async (limit: number) => {
        const found: string[] = [];
        for (let afterId: string | undefined = ''; afterId !== undefined; ) {
          const page: Awaited<ReturnType<Bench['engine']['keys']['violations']>> = await keys().violations({
            afterId,
            limit,
          });
          expect(page.data.length).toBeLessThanOrEqual(limit);
          found.push(...page.data.map(({ id }) => id));
          afterId = page.nextAfterId;
        }
        return found;
      };

      it('has what the manifest of today would not let be made, and why', async () => {
        await open();
        const fine = await issue(bench, { permissions: ['read'] });
        const odd = await issue(bench, { label: 'odd', expiresAt: T0 + 90 * DAY });
        const expired = await issue(bench, { expiresAt: T0 + 1 });
        const revoked = await issue(bench);
        const disabled = await issue(bench);
        done(await keys().revoke(revoked.id, 'leaked', SERVICE));
        done(await keys().changeStanding(disabled.id, 'disable', 'holidays', SERVICE));
        bench.nowMs = T0 + 1;
        expect(await scan(10)).toEqual([]);
        await restart({ move: 'maxLifetime: 30d' });
        const { data, nextAfterId } = await keys().violations({ afterId: '', limit: 10 });
        expect(nextAfterId).toBeUndefined();
        expect(data.map(({ id }) => id).sort()).toEqual([odd.id, disabled.id].sort());
        expect(data.map(({ id }) => id)).not.toContain(fine.id);
        expect(data.map(({ id }) => id)).not.toContain(expired.id);
        expect(data.find(({ id }) => id === odd.id)).toEqual({
          id: odd.id,
          accountId: 'acct_1',
          label: 'odd',
          status: 'active',
          faults: [
            {
              pointer: '/expiresAt',
              permission: 'move',
              policy: 'maxLifetime',
              message: expect.stringContaining('is too late: move demands an expiry within 30d'),
            },
          ],
        });
        // What was too far away comes nearer by itself.
        bench.nowMs = T0 + 60 * DAY;
        expect(await scan(10)).toEqual([disabled.id]);
      });

      it('has keys with permissions that the manifest does not know any more', async () => {
        await open();
        const { id } = await issue(bench);
        await bench.restart({
          manifest: manifestOf('version: 1\npermissions: { read: { risk: low } }\nroutes: []\n'),
        });
        const { data } = await keys().violations({ afterId: '', limit: 10 });
        expect(data.map((key) => [key.id, key.faults.map(({ pointer }) => pointer)])).toEqual([
          [id, ['/permissions/1', '/permissions/2']],
        ]);
      });

      it('goes on where the page before ended, and misses none', async () => {
        await open();
        const ids: string[] = [];
        for (let i = 0; i < 230; i++) {
          const { id } = await issue(bench, {
            kind: 'bearer',
            passphrase: undefined,
            permissions: i % 2 === 0 ? ['move'] : [],
          });
          if (i % 2 === 0) ids.push(id);
        }
        await restart({ move: 'needsAddressList: true' });
        expect(await scan(20)).toEqual(ids.sort());
        expect(await scan(115)).toEqual(ids);
      });
    });
  });
}
