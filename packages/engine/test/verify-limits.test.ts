import { createMemoryClaimAndMeter } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, done, issue, SERVICE, said } from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bearerRequest, bitgetRequest, type ClientKey, okxRequest, withHeader } from './wire.ts';

for (const adapter of STORES) {
  describe(`limits, over ${adapter.name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await benchOn(adapter, { failureBudget: { failures: 3, windowSeconds: 60 } });
    });
    afterEach(() => bench.close());
    const verify = (...args: Parameters<Bench['engine']['verify']>) => bench.engine.verify(...args);
    let n = 0;
    const order = (key: ClientKey, more: object = {}) =>
      verify(bitgetRequest(key, { nowMs: bench.nowMs, body: `{"n":${n++}}`, ...more }));

    it('let a quota through, then rate_limited with the time to wait, then the quota again', async () => {
      const key = await issue(bench, { rateLimits: [{ name: 'orders', quota: 2, windowSeconds: 10 }] });
      expect(await order(key)).toMatchObject({
        allowed: true,
        rateLimits: [{ name: 'orders', quota: 2, remaining: 1, resetSeconds: 10 }],
      });
      bench.nowMs += 4_000;
      expect(await order(key)).toMatchObject({ rateLimits: [{ remaining: 0, resetSeconds: 10 }] });
      const refused = await order(key);
      expect(refused).toMatchObject({ code: 'rate_limited', status: 429, retryAfterSeconds: 6 });
      if (!refused.allowed) expect(refused.response.headers['retry-after']).toBe('6');
      bench.nowMs = T0 + 9_990;
      expect(said(await order(key))).toBe('rate_limited');
      bench.nowMs = T0 + 10_002;
      expect(said(await order(key))).toBe('allowed');
      expect(said(await order(key))).toBe('rate_limited');
    });

    it('count what a route weighs, and what the caller says that it costs', async () => {
      const key = await issue(bench, { rateLimits: [{ name: 'weight', quota: 9, windowSeconds: 60 }] });
      expect(await order(key, { target: '/heavy' })).toMatchObject({ rateLimits: [{ remaining: 5 }] });
      expect(await order(key, { target: '/heavy' })).toMatchObject({ rateLimits: [{ remaining: 1 }] });
      expect(said(await order(key, { target: '/heavy' }))).toBe('rate_limited');
      expect(await order(key)).toMatchObject({ rateLimits: [{ remaining: 0 }] });
      const other = await issue(bench, { rateLimits: [{ name: 'weight', quota: 9, windowSeconds: 60 }] });
      const decision = await verify(bitgetRequest(other, { nowMs: T0 }), { permission: 'trade', cost: 7 });
      expect(decision).toMatchObject({ rateLimits: [{ remaining: 2 }] });
    });

    it('are all or nothing where a key has several', async () => {
      const key = await issue(bench, {
        rateLimits: [
          { name: 'second', quota: 2, windowSeconds: 1 },
          { name: 'minute', quota: 3, windowSeconds: 60 },
        ],
      });
      await order(key);
      await order(key);
      for (let i = 0; i < 20; i++) expect(said(await order(key))).toBe('rate_limited');
      bench.nowMs += 1_000;
      // The refused ones used nothing up: one is left of the minute.
      expect(await order(key)).toMatchObject({ rateLimits: [{ remaining: 1 }, { remaining: 0 }] });
      expect(await order(key)).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 59 });
      bench.nowMs += 1_000;
      expect(said(await order(key))).toBe('rate_limited');
    });

    it('do not burn the nonce of what they refuse, and a replay uses nothing up', async () => {
      const key = await issue(bench, { rateLimits: [{ name: 'orders', quota: 2, windowSeconds: 1 }] });
      const request = okxRequest(key, { nowMs: T0 });
      expect(said(await verify(request))).toBe('allowed');
      for (let i = 0; i < 5; i++) expect(said(await verify(request))).toBe('replayed');
      expect(await order(key)).toMatchObject({ rateLimits: [{ remaining: 0 }] });
      const waiting = bitgetRequest(key, { nowMs: T0 });
      expect(said(await verify(waiting))).toBe('rate_limited');
      bench.nowMs += 1_000;
      expect(said(await verify(waiting))).toBe('allowed');
    });

    it('are not used up by a stranger, nor is a nonce', async () => {
      const key = await issue(bench, {
        rateLimits: [{ name: 'orders', quota: 1, windowSeconds: 60 }],
        allowedIps: ['192.0.2.0/24'],
      });
      const request = bitgetRequest(key, { nowMs: T0 });
      const stranger = '198.51.100.1';
      await verify({ ...withHeader(request, 'ACCESS-SIGN', 'AAAA'), ip: stranger });
      expect(said(await verify({ ...request, ip: stranger }))).toBe('ip_not_allowed');
      expect(said(await verify(request))).toBe('allowed');
    });

    it('hold for bearer tokens and read-only requests too', async () => {
      const rateLimits = [{ name: 'reads', quota: 2, windowSeconds: 60 }];
      const key = await issue(bench, { kind: 'bearer', passphrase: undefined, rateLimits });
      const answers = [];
      for (let i = 0; i < 3; i++) answers.push(said(await verify(bearerRequest(key.secret))));
      expect(answers).toEqual(['allowed', 'allowed', 'rate_limited']);
    });

    it('stay used up when a key is edited, and follow the new quota', async () => {
      const limit = (quota: number) => [{ name: 'orders', quota, windowSeconds: 60 }];
      const key = await issue(bench, { rateLimits: limit(2) });
      await order(key);
      await order(key);
      expect(said(await order(key))).toBe('rate_limited');
      done(await bench.engine.keys.edit(key.id, { rateLimits: limit(3) }, key.view.revision, SERVICE));
      expect(await order(key)).toMatchObject({ rateLimits: [{ quota: 3, remaining: 0 }] });
    });

    describe('of failures', () => {
      const guess = (ip: string) => verify(bearerRequest('invented', { ip }));

      it('stop a network that guesses: too_many_failures, until it has waited', async () => {
        const key = await issue(bench);
        const ip = '198.51.100.1';
        for (let i = 0; i < 3; i++) expect(said(await guess(ip))).toBe('credential_unknown');
        expect(await guess(ip)).toMatchObject({
          code: 'too_many_failures',
          retryAfterSeconds: 20,
          status: 429,
        });
        expect(said(await order(key, { ip }))).toBe('too_many_failures');
        expect(said(await order(key, { ip: '198.51.100.2' }))).toBe('allowed');
        bench.nowMs += 20_000;
        expect(said(await guess(ip))).toBe('credential_unknown');
        expect(await order(key, { ip })).toMatchObject({
          code: 'too_many_failures',
          retryAfterSeconds: 40,
        });
        bench.nowMs += 40_000;
        expect(said(await order(key, { ip }))).toBe('allowed');
      });

      it('take all addresses of an IPv6 /64 for one, and a mapped address for its IPv4', async () => {
        for (const ip of ['2001:db8::1', '2001:db8::2:3', '2001:db8:0:0:ffff::']) await guess(ip);
        expect(said(await guess('2001:db8::ffff'))).toBe('too_many_failures');
        expect(said(await guess('2001:db8:0:1::1'))).toBe('credential_unknown');
        for (const ip of ['192.0.2.50', '::ffff:192.0.2.50', '192.0.2.50']) await guess(ip);
        expect(said(await guess('::ffff:192.0.2.50'))).toBe('too_many_failures');
      });

      it('count wrong secrets and passphrases, and not what a customer may do by mistake', async () => {
        const key = await issue(bench, { permissions: ['read'] });
        const ip = '198.51.100.9';
        const others = '198.51.100.10';
        const mistakes = [
          { target: '/nowhere' },
          { target: '/orders' },
          { nowMs: T0 - 90_000 },
          { method: 'GET', target: '/balance' },
        ];
        for (let i = 0; i < 5; i++) for (const sent of mistakes) await order(key, { ...sent, ip });
        expect(said(await order(key, { method: 'GET', target: '/balance', body: '', ip }))).toBe('allowed');
        for (const wrong of [{ secret: 'wrong' }, { passphrase: 'wrong' }, { id: 'wrong' }]) {
          expect(said(await order({ ...key, ...wrong }, { ip: others }))).toMatch(/mismatch|unknown/);
        }
        expect(said(await order(key, { ip: others }))).toBe('too_many_failures');
      });
    });

    it('of the replay memory: unavailable when it is full, and nothing is forgotten for it', async () => {
      await bench.restart({ claimAndMeter: createMemoryClaimAndMeter({ maxNonces: 1 }) });
      const key = await issue(bench);
      const request = bitgetRequest(key, { nowMs: T0 });
      expect(said(await verify(request))).toBe('allowed');
      expect(await order(key)).toMatchObject({ code: 'unavailable', status: 503, retryAfterSeconds: 1 });
      expect(said(await verify(request))).toBe('replayed');
      expect(said(await order(key, { method: 'GET', target: '/balance', body: '' }))).toBe('allowed');
    });
  });
}
