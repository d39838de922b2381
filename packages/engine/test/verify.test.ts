import type { WireRequest } from '@countersign/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Bench,
  benchOn,
  clientKey,
  done,
  type IssuedKey,
  issue,
  keyInput,
  SERVICE,
  said,
} from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bearerRequest, bitgetRequest, okxRequest, withHeader } from './wire.ts';

for (const adapter of STORES) {
  describe(`a request, over ${adapter.name}`, () => {
    let bench: Bench;
    let key: IssuedKey;
    beforeEach(async () => {
      bench = await benchOn(adapter);
      key = await issue(bench);
    });
    afterEach(() => bench.close());
    const verify = (...args: Parameters<Bench['engine']['verify']>) => bench.engine.verify(...args);

    it('of a key just issued is allowed, in each dialect that fits', async () => {
      expect(await verify(bitgetRequest(key, { nowMs: T0 }))).toMatchObject({
        allowed: true,
        credential: {
          id: key.id,
          accountId: 'acct_1',
          environment: 'live',
          permissions: ['read', 'trade', 'move'],
        },
        permission: 'trade',
        dialect: 'bitget',
        matched: 'wire',
        secretVersion: 1,
        rateLimits: [],
        requestId: expect.stringMatching(/^req_/),
      });
      expect(await verify(okxRequest(key, { nowMs: T0 }))).toMatchObject({ allowed: true, dialect: 'okx' });
      const token = await issue(bench, { kind: 'bearer', passphrase: undefined });
      expect(await verify(bearerRequest(token.secret))).toMatchObject({
        allowed: true,
        dialect: 'bearer',
        permission: 'read',
      });
    });

    it.each(['bitget first', 'kucoin first'])(
      'is claimed once by dialects that sign alike: %s',
      async (order) => {
        const asBitget = bitgetRequest(key, { nowMs: T0 });
        const headers = asBitget.headers.map((text) => text.replace(/^ACCESS-/, 'KC-API-'));
        const both = [asBitget, { ...asBitget, headers }];
        const [first, second] = (order === 'bitget first' ? both : both.reverse()) as [
          WireRequest,
          WireRequest,
        ];
        expect(said(await verify(first))).toBe('allowed');
        expect(said(await verify(second))).toBe('replayed');
        // The window of bitget is longer.
        bench.nowMs = T0 + 20_000;
        expect(said(await verify(asBitget))).toBe('replayed');
      },
    );

    it('is claimed once where it changes something, in either dialect', async () => {
      for (const request of [bitgetRequest(key, { nowMs: T0 }), okxRequest(key, { nowMs: T0 })]) {
        expect(said(await verify(request))).toBe('allowed');
        const again = await verify(request);
        expect(said(again)).toBe('replayed');
        expect(again).toMatchObject({ credentialId: key.id, status: 401 });
      }
      const read = bitgetRequest(key, { method: 'GET', target: '/balance', nowMs: T0 });
      expect([said(await verify(read)), said(await verify(read))]).toEqual(['allowed', 'allowed']);
    });

    it('stays claimed to the end of its window, and is too late after it', async () => {
      const request = bitgetRequest(key, { nowMs: T0 + 30_000 });
      expect(said(await verify(request))).toBe('allowed');
      bench.nowMs = T0 + 60_000;
      expect(said(await verify(request))).toBe('replayed');
      bench.nowMs = T0 + 60_001;
      expect(said(await verify(request))).toBe('timestamp_out_of_window');
    });

    it('stays claimed over a restart', async () => {
      const [post, late] = [bitgetRequest(key, { nowMs: T0 }), okxRequest(key, { nowMs: T0 + 20_000 })];
      expect([said(await verify(post)), said(await verify(late))]).toEqual(['allowed', 'allowed']);
      bench.nowMs = T0 + 30_000;
      await bench.restart();
      expect([said(await verify(post)), said(await verify(late))]).toEqual(['replayed', 'replayed']);
      bench.nowMs = T0 + 50_000;
      await bench.restart();
      expect(said(await verify(late))).toBe('replayed');
      expect(said(await verify(bitgetRequest(key, { nowMs: T0 + 50_000 })))).toBe('allowed');
    });

    it("is decided upon with the server's clock in the answer", async () => {
      const decision = await verify(bitgetRequest(key, { nowMs: T0 - 30_001 }));
      expect(decision).toMatchObject({ code: 'timestamp_out_of_window', clockDeltaMs: -30_001 });
      expect(said(await verify(bitgetRequest(key, { nowMs: T0 - 30_000 })))).toBe('allowed');
      expect(said(await verify(bitgetRequest(key, { nowMs: T0 + 30_000, body: '{"n":2}' })))).toBe('allowed');
      expect(said(await verify(bitgetRequest(key, { nowMs: T0 + 30_001 })))).toBe('timestamp_out_of_window');
    });

    it('is answered as the exchange of its dialect would', async () => {
      const denied = await verify(withHeader(bitgetRequest(key, { nowMs: T0 }), 'ACCESS-SIGN', 'AAAA'));
      if (denied.allowed) throw new Error('was allowed');
      expect(JSON.parse(denied.response.body)).toMatchObject({ code: '40009', requestTime: T0 });
      const other = await verify(withHeader(okxRequest(key, { nowMs: T0 }), 'OK-ACCESS-SIGN', 'AAAA'));
      if (other.allowed) throw new Error('was allowed');
      expect(JSON.parse(other.response.body)).toMatchObject({ code: '50113' });
    });

    it('is refused with any part of it changed: signature_mismatch', async () => {
      const request = bitgetRequest(key, { nowMs: T0, target: '/orders?a=1' });
      for (const changed of [
        { ...request, method: 'PUT' },
        { ...request, target: '/orders?a=2' },
        { ...request, target: '/heavy?a=1' },
        { ...request, body: Buffer.from('{"symbol":"ETHUSDT"}') },
        { ...request, body: Buffer.alloc(0) },
        withHeader(request, 'ACCESS-TIMESTAMP', String(T0 + 1)),
      ]) {
        expect(said(await verify(changed))).toBe('signature_mismatch');
      }
      expect(said(await verify(request))).toBe('allowed');
    });

    it('on a public route needs no credential, and is not authenticated', async () => {
      const request = { method: 'GET', target: '/market/books?limit=5', headers: [], body: Buffer.alloc(0) };
      expect(await verify(request)).toMatchObject({
        allowed: true,
        credential: null,
        permission: null,
        dialect: null,
      });
      expect(await verify(bearerRequest('whatever', { target: '/market/x' }))).toMatchObject({
        credential: null,
      });
      expect(said(await verify({ ...request, target: '/market/../balance' }))).toBe('credential_missing');
    });

    it('is told to the one who counts decisions', async () => {
      const seen: string[] = [];
      await bench.restart({ onDecision: (decision) => seen.push(said(decision)) });
      await verify(bitgetRequest(key, { nowMs: T0 }));
      await verify(bearerRequest('invented'));
      expect(seen).toEqual(['allowed', 'credential_unknown']);
    });

    it('leaves one entry in the log, without query, body or signature', async () => {
      const request = bitgetRequest(key, { nowMs: T0, target: '/orders?private=1' });
      const { requestId } = await verify(request);
      await bench.restart();
      const [entry] = await bench.store.readLog({ after: 0, limit: 10, type: 'decision' });
      expect(JSON.parse(entry?.bytes ?? '')).toMatchObject({
        at: T0,
        type: 'decision',
        credentialId: key.id,
        accountId: 'acct_1',
        requestId,
        nonce: { fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/), expiresAt: T0 + 30_000 },
        data: {
          allowed: true,
          permission: 'trade',
          dialect: 'bitget',
          method: 'POST',
          path: '/orders',
          ip: '192.0.2.7',
        },
      });
      expect(entry?.bytes).not.toMatch(/private|BTCUSDT/);
      expect(entry?.bytes).not.toContain(request.headers[3]);
    });

    it('shows in the key when and from where it was last used', async () => {
      bench.nowMs = T0 + 5;
      await verify(bitgetRequest(key, { nowMs: T0, ip: '2001:db8::1' }));
      expect(await bench.engine.keys.get(key.id)).toMatchObject({
        lastUsedAt: new Date(T0 + 5).toISOString(),
        lastUsedIp: '2001:db8::1',
        secretVersions: [{ version: 1, lastUsedAt: new Date(T0 + 5).toISOString() }],
      });
      await verify(withHeader(bitgetRequest(key, { nowMs: T0 + 9 }), 'ACCESS-SIGN', 'AAAA'));
      expect((await bench.engine.keys.get(key.id))?.lastUsedAt).toBe(new Date(T0 + 5).toISOString());
    });
  });

  describe(`a key of another system, over ${adapter.name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await benchOn(adapter);
    });
    afterEach(() => bench.close());
    const verify = (...args: Parameters<Bench['engine']['verify']>) => bench.engine.verify(...args);

    it('goes on working with its id and secret, and after a rotation with the new secret', async () => {
      const imported = {
        id: 'bg_5f1e.old/key',
        secret: 'their own secret of any form',
        passphrase: 'passphrase1',
      };
      const result = await bench.engine.keys.importKey({ ...keyInput(), ...imported }, SERVICE);
      expect(done(result).key.id).toBe(imported.id);
      expect(done(result).secret).toBeUndefined();
      expect(said(await verify(bitgetRequest(imported, { nowMs: T0 })))).toBe('allowed');
      await bench.restart();
      expect(said(await verify(okxRequest(imported, { nowMs: T0 })))).toBe('allowed');
      const rotated = clientKey(await bench.engine.keys.rotate(imported.id, 0, SERVICE), 'passphrase1');
      expect(await verify(bitgetRequest(rotated, { nowMs: T0 }))).toMatchObject({
        allowed: true,
        secretVersion: 2,
      });
      expect(said(await verify(bitgetRequest(imported, { nowMs: T0, target: '/heavy' })))).toBe(
        'signature_mismatch',
      );
    });

    it('may be a bearer token of any form, and after a rotation one of ours', async () => {
      const token = 'sk_their-token.0123456789~';
      const input = { ...keyInput({ kind: 'bearer', passphrase: undefined }), id: 'user 7', secret: token };
      done(await bench.engine.keys.importKey(input, SERVICE));
      expect(await verify(bearerRequest(token))).toMatchObject({
        allowed: true,
        credential: { id: 'user 7' },
      });
      const first = clientKey(await bench.engine.keys.rotate('user 7', 60, SERVICE));
      expect(first.secret).toMatch(/^cb_live_/);
      expect(await verify(bearerRequest(first.secret))).toMatchObject({ allowed: true, secretVersion: 2 });
      expect(await verify(bearerRequest(token))).toMatchObject({ allowed: true, secretVersion: 1 });
      await bench.restart();
      const second = clientKey(await bench.engine.keys.rotate('user 7', 0, SERVICE));
      expect(await verify(bearerRequest(second.secret))).toMatchObject({ allowed: true, secretVersion: 3 });
      for (const old of [token, first.secret])
        expect(said(await verify(bearerRequest(old)))).toBe('signature_mismatch');
    });

    it('is not found by what only looks like its name', async () => {
      done(await bench.engine.keys.importKey({ ...keyInput(), id: 'abc', secret: 'x'.repeat(16) }, SERVICE));
      for (const id of ['ABC', 'abc ', 'ab', 'abcd', '__proto__']) {
        const request = bitgetRequest(
          { id, secret: 'x'.repeat(16), passphrase: 'passphrase1' },
          { nowMs: T0 },
        );
        expect(said(await verify(request))).toBe('credential_unknown');
      }
    });
  });
}
