import type { By, KeyInput } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  askAs,
  type Bench,
  benchOn,
  done,
  type IssuedKey,
  issue,
  keyInput,
  refusalOf,
  SERVICE,
  said,
} from './engine-setup.ts';
import { T0, wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bearerRequest, bitgetRequest } from './wire.ts';

const OPERATOR: Partial<KeyInput> = { accountId: 'operator', kind: 'bearer', passphrase: undefined };
const by = (...permissions: string[]): By => ({ actor: 'ck_operator', permissions });

for (const adapter of STORES) {
  describe(`operators and customers, over ${adapter.name}`, () => {
    let bench: Bench;
    let operator: IssuedKey;
    let customer: IssuedKey;
    beforeEach(async () => {
      bench = await benchOn(adapter);
      operator = await issue(bench, { ...OPERATOR, permissions: ['keys.read', 'verify'] });
      customer = await issue(bench);
    });
    afterEach(() => bench.close());
    const keys = () => bench.engine.keys;

    it("have a door each, and neither opens the other's", async () => {
      const atOperators = async (request: Parameters<Bench['engine']['verify']>[0], permission: string) =>
        said(await bench.engine.verify(request, askAs('operators', permission)));
      expect(await atOperators(bearerRequest(operator.secret), 'keys.read')).toBe('allowed');
      expect(await atOperators(bearerRequest(operator.secret), 'keys.write')).toBe('permission_denied');
      expect(await atOperators(bitgetRequest(customer, { nowMs: T0 }), 'read')).toBe('permission_denied');
      expect(await atOperators(bitgetRequest(customer, { nowMs: T0 }), 'keys.read')).toBe(
        'permission_denied',
      );
      const atCustomers = async (ask: object) =>
        said(await bench.engine.verify(bearerRequest(operator.secret), ask));
      expect(await atCustomers({})).toBe('permission_denied');
      expect(await atCustomers({ permission: 'keys.read' })).toBe('permission_denied');
    });

    it('have vocabularies of their own', async () => {
      const mixed = (accountId: string, name: string) =>
        keys().issue(keyInput({ accountId, permissions: [name] }), SERVICE);
      expect(refusalOf(await mixed('operator', 'trade'))).toBe('invalid_body');
      expect(refusalOf(await mixed('acct_1', 'keys.write'))).toBe('invalid_body');
      expect(refusalOf(await mixed('operator', 'keys.write'))).toBe('done');
    });

    it("wait until it is durable where an operator's permission is critical", async () => {
      const writer = await issue(bench, { ...OPERATOR, permissions: ['keys.write'] });
      const request = bearerRequest(writer.secret);
      expect(said(await bench.engine.verify(request, askAs('operators', 'keys.write')))).toBe('allowed');
      const log = await wholeLog(bench.store);
      expect(log.at(-1)).toMatchObject({
        type: 'decision',
        data: { allowed: true, permission: 'keys.write' },
      });
    });

    describe('with keys.write alone', () => {
      const writer = by('keys.write', 'keys.revoke', 'keys.read');

      it('nobody makes an operator credential: permission_denied', async () => {
        for (const permissions of [[], ['keys.read'], ['keys.write'], ['config.write']]) {
          const input = keyInput({ ...OPERATOR, permissions });
          expect(refusalOf(await keys().issue(input, writer))).toBe('permission_denied');
          const imported = { ...input, id: 'theirs', secret: 'x'.repeat(20) };
          expect(refusalOf(await keys().importKey(imported, writer))).toBe('permission_denied');
        }
        expect(await bench.store.countCredentials()).toBe(2);
      });

      it('nobody changes one: permission_denied', async () => {
        const before = await bench.store.loadCredential(operator.id);
        const results = [
          await keys().edit(operator.id, { label: 'mine' }, operator.view.revision, writer),
          await keys().edit(operator.id, { permissions: ['keys.write'] }, operator.view.revision, writer),
          await keys().rotate(operator.id, 0, writer),
          await keys().retirePrevious(operator.id, writer),
          await keys().changeStanding(operator.id, 'disable', '', writer),
          await keys().changeStanding(operator.id, 'quarantine', '', writer),
          await keys().revoke(operator.id, '', writer),
        ];
        expect(results.map(refusalOf)).toEqual(Array(7).fill('permission_denied'));
        expect(await bench.store.loadCredential(operator.id)).toEqual(before);
      });

      it('nobody revokes one among many: they are left out', async () => {
        const createdBefore = bench.nowMs + 1;
        expect(done(await keys().revokeAll({ createdBefore }, 'all', writer)).revoked).toBe(1);
        expect(done(await keys().revokeAll({ accountId: 'operator' }, 'all', writer)).revoked).toBe(0);
        expect((await keys().get(operator.id))?.status).toBe('active');
      });

      it("a customer's key is made and changed", async () => {
        const made = done(await keys().issue(keyInput(), writer));
        expect(refusalOf(await keys().rotate(made.key.id, 0, writer))).toBe('done');
        expect(refusalOf(await keys().revoke(made.key.id, '', writer))).toBe('done');
      });
    });

    describe('with config.write too', () => {
      it('one makes credentials that can do what one can do oneself, and no more', async () => {
        const admin = by('config.write', 'keys.write', 'keys.read');
        const made = (permissions: string[]) => keys().issue(keyInput({ ...OPERATOR, permissions }), admin);
        expect(refusalOf(await made(['keys.read', 'config.write']))).toBe('done');
        expect(refusalOf(await made(['keys.read', 'audit.read']))).toBe('permission_denied');
        const edit = (permissions: string[]) =>
          keys().edit(operator.id, { permissions }, operator.view.revision, admin);
        expect(refusalOf(await edit(['keys.revoke']))).toBe('permission_denied');
        expect(refusalOf(await edit(['keys.read', 'keys.write']))).toBe('done');
      });

      it('one gets the secret of no credential that can do more: permission_denied', async () => {
        const root = await issue(bench, {
          ...OPERATOR,
          permissions: ['config.write', 'keys.write', 'keys.revoke', 'audit.read'],
        });
        const admin = by('config.write', 'keys.write');
        expect(refusalOf(await keys().rotate(root.id, 0, admin))).toBe('permission_denied');
        expect(
          said(await bench.engine.verify(bearerRequest(root.secret), askAs('operators', 'audit.read'))),
        ).toBe('allowed');
        expect(
          refusalOf(
            await keys().rotate(root.id, 0, by('config.write', 'keys.write', 'keys.revoke', 'audit.read')),
          ),
        ).toBe('done');
        expect(refusalOf(await keys().revoke(operator.id, 'left us', admin))).toBe('done');
      });
    });
  });
}
