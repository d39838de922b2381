import type { Allowed } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Bench,
  benchOn,
  clientKey,
  done,
  type IssuedKey,
  issue,
  manifestOf,
  SERVICE,
  said,
} from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest, type ClientKey } from './wire.ts';

const DAY_MS = 86_400_000;
const EXPIRES = T0 + 10 * DAY_MS;
const OUTLIVES_UNTIL = EXPIRES + 7 * DAY_MS;
const MANIFEST = manifestOf(`version: 1
permissions:
  trade: { risk: high }
  cancel: { risk: low, policy: { outlivesExpiry: 7d } }
  idle: { risk: low, policy: { idleExpiry: 3d } }
routes:
  - { route: POST /orders, permission: trade }
  - { route: DELETE /orders, permission: cancel }
  - { route: GET /idle, permission: idle }
`);

for (const adapter of STORES) {
  describe(`the expiry of a key, over ${adapter.name}`, () => {
    let bench: Bench;
    let key: IssuedKey;
    beforeEach(async () => {
      bench = await benchOn(adapter, { manifest: MANIFEST });
      key = await make(['trade', 'cancel'], EXPIRES);
    });
    afterEach(() => bench.close());
    let n = 0;
    const make = (permissions: string[], expiresAt?: number) => issue(bench, { permissions, expiresAt });
    const keys = () => bench.engine.keys;
    const ask = (method: string, client: ClientKey, nowMs: number, path = '/orders') => {
      bench.nowMs = nowMs;
      const target = `${path}?n=${n++}`;
      return bench.engine.verify(bitgetRequest(client, { nowMs, method, target, body: '' }));
    };
    const cancel = async (nowMs: number, client: ClientKey = key) => said(await ask('DELETE', client, nowMs));
    const trade = async (nowMs: number, client: ClientKey = key) => said(await ask('POST', client, nowMs));
    const view = async () => keys().get(key.id);

    it('lets what outlives it go on until the last ms, and nothing else from its first', async () => {
      expect([await trade(EXPIRES - 1), await cancel(EXPIRES - 1)]).toEqual(['allowed', 'allowed']);
      expect((await view())?.status).toBe('active');
      expect([await trade(EXPIRES), await cancel(EXPIRES)]).toEqual(['credential_expired', 'allowed']);
      expect((await view())?.status).toBe('expired');
      await bench.engine.upkeep.run();
      await bench.restart();
      const last = OUTLIVES_UNTIL - 1;
      expect([await trade(last), await cancel(last)]).toEqual(['credential_expired', 'allowed']);
      await bench.engine.upkeep.run();
      expect(await view()).toMatchObject({
        status: 'expired',
        expiresAt: new Date(EXPIRES).toISOString(),
        lastUsedAt: new Date(last).toISOString(),
      });
      expect(await cancel(OUTLIVES_UNTIL)).toBe('credential_expired');
    });

    it('says of each decision until when it may be lived on', async () => {
      expect(await ask('POST', key, T0)).toMatchObject({ validUntil: EXPIRES });
      expect(await ask('DELETE', key, T0)).toMatchObject({ validUntil: OUTLIVES_UNTIL });
      done(await keys().rotate(key.id, 3600, SERVICE));
      expect(await ask('DELETE', key, T0)).toMatchObject({ validUntil: T0 + 3_600_000 });
    });

    it('says so of the hours of a key, at which what lives on a decision ends', async () => {
      const windows = [{ days: ['fri' as const], from: '07:00', to: '09:00' }];
      const hours = { timeZone: 'UTC', windows };
      const bound = await issue(bench, { permissions: ['trade'], constraints: { hours } });
      const closes = T0 + 3_600_000;
      expect(await ask('POST', bound, T0)).toMatchObject({ allowed: true, validUntil: closes });
      const last = await ask('POST', bound, closes - 1);
      expect(last).toMatchObject({ allowed: true, validUntil: closes });
      await new Promise<void>((resolve) => bench.engine.watch(last as Allowed, resolve));
      expect(said(await ask('POST', bound, closes))).toBe('constraint_violated');
      bench.nowMs = T0 + 7 * DAY_MS;
      done(await keys().rotate(bound.id, 600, SERVICE));
      expect(await ask('POST', bound, bench.nowMs)).toMatchObject({ validUntil: bench.nowMs + 600_000 });
    });

    it.each(['disable', 'quarantine'] as const)('lets nothing outlive a key that is %sd', async (deed) => {
      done(await keys().changeStanding(key.id, deed, 'r', SERVICE));
      const word = deed === 'disable' ? 'credential_disabled' : 'credential_quarantined';
      expect(await cancel(EXPIRES)).toBe(word);
      const back = deed === 'disable' ? 'enable' : 'release';
      done(await keys().changeStanding(key.id, back, 'r', SERVICE));
      expect([await trade(EXPIRES + 1), await cancel(EXPIRES + 1)]).toEqual([
        'credential_expired',
        'allowed',
      ]);
    });

    it('lets nothing outlive a revoked key', async () => {
      expect(await cancel(EXPIRES)).toBe('allowed');
      done(await keys().revoke(key.id, 'r', SERVICE));
      expect(await cancel(EXPIRES + 1)).toBe('credential_revoked');
    });

    it('stays what it is when the key is rotated, and the new secret may do what outlives it', async () => {
      bench.nowMs = EXPIRES + 1;
      const next = clientKey(await keys().rotate(key.id, 60, SERVICE), key.passphrase);
      expect(next.view.status).toBe('expired');
      expect([await trade(EXPIRES + 1, next), await cancel(EXPIRES + 1, next)]).toEqual([
        'credential_expired',
        'allowed',
      ]);
      expect(await cancel(EXPIRES + 60_000)).toBe('allowed');
      expect(await cancel(EXPIRES + 60_001)).toBe('signature_mismatch');
    });

    it('is taken back by an edit that puts it off, and comes again', async () => {
      await trade(EXPIRES);
      await bench.engine.upkeep.run();
      const { revision = 0 } = (await view()) ?? {};
      done(await keys().edit(key.id, { expiresAt: EXPIRES + DAY_MS }, revision, SERVICE));
      expect((await view())?.status).toBe('active');
      expect([await trade(EXPIRES + 1), await trade(EXPIRES + DAY_MS)]).toEqual([
        'allowed',
        'credential_expired',
      ]);
    });

    it('for want of use is outlived by nothing, before upkeep wrote it down and after', async () => {
      const idle = await make(['idle', 'cancel', 'trade']);
      expect(said(await ask('GET', idle, T0 + 1, '/idle'))).toBe('allowed');
      const ends = T0 + 1 + 3 * DAY_MS;
      expect(await cancel(ends, idle)).toBe('credential_expired');
      await bench.engine.upkeep.run();
      expect(await keys().get(idle.id)).toMatchObject({ status: 'expired' });
      expect(await cancel(ends + 1, idle)).toBe('credential_expired');
      await bench.restart();
      expect(await cancel(ends + 2, idle)).toBe('credential_expired');
    });

    it('for want of use is put off by any use, also of what outlives an expiry', async () => {
      const idle = await make(['idle', 'cancel'], T0 + DAY_MS);
      for (const day of [2, 4.5, 7]) expect(await cancel(T0 + day * DAY_MS, idle)).toBe('allowed');
      await bench.restart();
      expect(await cancel(T0 + 8 * DAY_MS - 1, idle)).toBe('allowed');
      expect(await cancel(T0 + 8 * DAY_MS, idle)).toBe('credential_expired');
    });
  });
}
