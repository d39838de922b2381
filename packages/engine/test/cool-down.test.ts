import type { KeyEdit } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Bench,
  benchOn,
  clientKey,
  done,
  type IssuedKey,
  issue,
  keyInput,
  manifestOf,
  SERVICE,
  said,
} from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest, type Sent } from './wire.ts';

const DAY = 86_400_000;
const MANIFEST = manifestOf(`version: 1
permissions:
  read: { risk: low }
  trade: { risk: high }
  move: { risk: critical, policy: { coolDown: 24h } }
routes:
  - { route: GET /balance, permission: read }
  - { route: POST /orders, permission: trade, facts: { instrument: { json: /symbol } } }
  - { route: POST /withdrawals, permission: move, facts: { address: { json: /to } } }
`);

for (const adapter of STORES) {
  describe(`a cool-down, over ${adapter.name}`, () => {
    let bench: Bench;
    afterEach(() => bench.close());
    const keys = () => bench.engine.keys;
    const edit = async (id: string, change: KeyEdit) =>
      keys().edit(id, change, (await keys().get(id))?.revision ?? 0, SERVICE);
    const send = async (key: IssuedKey, sent: Omit<Sent, 'nowMs'> = {}) =>
      said(await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs, ...sent })));

    const withdraw = { target: '/withdrawals' };
    let key: IssuedKey;
    beforeEach(async () => {
      bench = await benchOn(adapter, { manifest: MANIFEST });
      key = await issue(bench, { expiresAt: T0 + 90 * DAY });
    });

    it('of a new key ends to the ms, for the permission that has it alone, over a restart', async () => {
      expect(key.view.widenedAt).toBe(new Date(T0).toISOString());
      expect(await send(key)).toBe('allowed');
      bench.nowMs = T0 + DAY - 1;
      expect(await send(key, withdraw)).toBe('constraint_violated');
      await bench.restart({ manifest: MANIFEST });
      expect(await send(key, withdraw)).toBe('constraint_violated');
      bench.nowMs = T0 + DAY;
      expect(await send(key, withdraw)).toBe('allowed');
    });

    it('is over before a new key expires, or the key is refused; not for other permissions, nor imports', async () => {
      const input = { ...keyInput(), expiresAt: T0 + DAY };
      expect(await keys().issue(input, SERVICE)).toMatchObject({
        code: 'invalid_body',
        errors: [{ pointer: '/expiresAt', permission: 'move', policy: 'coolDown' }],
      });
      done(await keys().issue({ ...input, expiresAt: T0 + DAY + 1 }, SERVICE));
      done(await keys().issue({ ...input, permissions: ['read'] }, SERVICE));
      done(await keys().importKey({ ...input, id: 'theirs', secret: 'x'.repeat(16) }, SERVICE));
    });

    it('begins anew with an edit that widens, and goes on with one that does not', async () => {
      bench.nowMs = T0 + 2 * DAY;
      const { key: labelled } = done(await edit(key.id, { label: 'x', nonceWindow: 5 }));
      const narrow = { allowedIps: ['192.0.2.0/24'], permissions: ['trade', 'move'] };
      const { key: narrowed } = done(await edit(key.id, narrow));
      expect([labelled.widenedAt, narrowed.widenedAt]).toEqual(Array(2).fill(key.view.widenedAt));
      expect(await send(key, withdraw)).toBe('allowed');
      const { key: widened } = done(await edit(key.id, { allowedIps: null }));
      expect(widened.widenedAt).toBe(new Date(bench.nowMs).toISOString());
      expect(await send(key, { ...withdraw, body: '{"n":1}' })).toBe('constraint_violated');
      expect(await send(key)).toBe('allowed');
      bench.nowMs += DAY;
      expect(await send(key, { ...withdraw, body: '{"n":2}' })).toBe('allowed');
    });

    it('is begun by no rotation, disabling, quarantine or import', async () => {
      bench.nowMs = T0 + DAY;
      const next = clientKey(await keys().rotate(key.id, 60, SERVICE), key.passphrase);
      expect(await send(next, withdraw)).toBe('allowed');
      for (const deed of ['disable', 'enable', 'quarantine', 'release'] as const) {
        done(await keys().changeStanding(key.id, deed, 'why', SERVICE));
      }
      expect(await send(next, { ...withdraw, body: '{"n":1}' })).toBe('allowed');
      const secret = 'x'.repeat(32);
      const theirs = done(await keys().importKey({ ...keyInput(), id: 'theirs', secret }, SERVICE));
      expect(theirs.key).toMatchObject({ widenedAt: null, withdrawalAddressesSince: {} });
      const imported = { id: 'theirs', secret, passphrase: 'passphrase1', view: theirs.key };
      expect(await send(imported, withdraw)).toBe('allowed');
    });

    it('of an address to withdraw to holds up no other', async () => {
      const two = await issue(bench, { constraints: { withdrawalAddresses: ['bc1one', 'bc1two'] } });
      bench.nowMs = T0 + DAY;
      const { key: view } = done(
        await edit(two.id, { constraints: { withdrawalAddresses: ['bc1two', 'bc1new'] } }),
      );
      expect(view).toMatchObject({
        widenedAt: new Date(T0).toISOString(),
        withdrawalAddressesSince: {
          bc1two: new Date(T0).toISOString(),
          bc1new: new Date(T0 + DAY).toISOString(),
        },
      });
      let n = 0;
      const to = (address: string) => send(two, { ...withdraw, body: `{"to":"${address}","n":${n++}}` });
      expect([await to('bc1two'), await to('bc1new'), await to('bc1one')]).toEqual([
        'allowed',
        'constraint_violated',
        'constraint_violated',
      ]);
      bench.nowMs = T0 + 2 * DAY - 1;
      expect(await to('bc1new')).toBe('constraint_violated');
      await bench.restart({ manifest: MANIFEST });
      bench.nowMs = T0 + 2 * DAY;
      expect(await to('bc1new')).toBe('allowed');
      // Taken off the list and put on it again, it is new again.
      done(await edit(two.id, { constraints: { withdrawalAddresses: ['bc1two'] } }));
      done(await edit(two.id, { constraints: { withdrawalAddresses: ['bc1two', 'bc1new'] } }));
      expect([await to('bc1two'), await to('bc1new')]).toEqual(['allowed', 'constraint_violated']);
    });
  });
}
