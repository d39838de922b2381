import type { Decision } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askAs, type Bench, benchOn, issue, manifestOf, said } from './engine-setup.ts';
import { STORES } from './store-adapters.ts';
import { bearerRequest, bitgetRequest, type ClientKey, type Sent } from './wire.ts';

const HEAD = `version: 1
permissions:
  read: { risk: low }
  trade: { risk: high }
  move: { risk: critical }
routes:
  - { route: GET /balance, permission: read }
  - { route: GET /orders/:id, permission: read }
  - { route: POST /orders, permission: trade }
`;

for (const adapter of STORES) {
  describe(`limits of the operator, over ${adapter.name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await benchOn(adapter);
    });
    afterEach(() => bench.close());
    let n = 0;
    const order = (key: ClientKey, more: Partial<Sent> = {}) =>
      bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs, body: `{"n":${n++}}`, ...more }));
    const read = (key: ClientKey, target: string, more: Partial<Sent> = {}) =>
      order(key, { method: 'GET', target, body: '', nowMs: bench.nowMs + n++, ...more });
    const limit = (rules: string, routes = '') =>
      bench.restart({ manifest: manifestOf(`${HEAD}${routes}rateLimits:\n${rules}`) });
    /** Asked one after the other. */
    const words = async (...asks: (() => Promise<Decision>)[]) => {
      const all: string[] = [];
      for (const ask of asks) all.push(said(await ask()));
      return all;
    };

    it('count all keys of an account together, in both environments, and other accounts apart', async () => {
      await limit('  - { name: a, per: account, quota: 2, windowSeconds: 60 }\n');
      const [one, two, other] = [
        await issue(bench),
        await issue(bench, { environment: 'test' }),
        await issue(bench, { accountId: 'acct_2' }),
      ];
      expect(
        await words(
          () => order(one),
          () => order(two),
          () => order(one),
          () => order(two),
        ),
      ).toEqual(['allowed', 'allowed', 'rate_limited', 'rate_limited']);
      expect(await order(other)).toMatchObject({
        rateLimits: [{ name: 'a', quota: 2, windowSeconds: 60, remaining: 1, resetSeconds: 60 }],
      });
    });

    it('count by several dimensions at once', async () => {
      await limit('  - { name: a, per: [account, environment], quota: 1, windowSeconds: 60 }\n');
      const [one, two] = [await issue(bench), await issue(bench, { environment: 'test' })];
      expect(
        await words(
          () => order(one),
          () => order(two),
          () => order(one),
          () => order(two),
        ),
      ).toEqual(['allowed', 'allowed', 'rate_limited', 'rate_limited']);
    });

    it('count by route, however its parameters are filled, and by permission', async () => {
      await limit(
        '  - { name: r, per: [credential, route], quota: 2, windowSeconds: 60, permissions: [read] }\n' +
          '  - { name: p, per: [credential, permission], quota: 3, windowSeconds: 60, permissions: [read] }\n',
      );
      const key = await issue(bench);
      expect(said(await read(key, '/orders/1'))).toBe('allowed');
      expect(said(await read(key, '/orders/2'))).toBe('allowed');
      expect(await read(key, '/orders/3')).toMatchObject({ detail: expect.stringContaining('"r" of 2') });
      expect(await read(key, '/balance')).toMatchObject({
        rateLimits: [
          { name: 'r', remaining: 1 },
          { name: 'p', remaining: 0 },
        ],
      });
      expect(await read(key, '/balance')).toMatchObject({ detail: expect.stringContaining('"p" of 3') });
      expect(await order(key)).toMatchObject({ allowed: true, rateLimits: [] });
    });

    it('count by address, an IPv6 /64 as one, and a mapped address as its IPv4', async () => {
      await limit('  - { name: ip, per: address, quota: 1, windowSeconds: 60 }\n');
      const [one, two] = [await issue(bench), await issue(bench, { accountId: 'acct_2' })];
      expect(said(await order(one, { ip: '2001:db8::1' }))).toBe('allowed');
      expect(said(await order(two, { ip: '2001:db8::2:3' }))).toBe('rate_limited');
      expect(said(await order(two, { ip: '2001:db8:0:1::1' }))).toBe('allowed');
      expect(said(await order(two, { ip: '192.0.2.1' }))).toBe('allowed');
      expect(said(await order(one, { ip: '::ffff:192.0.2.1' }))).toBe('rate_limited');
      const nowhere = { ...bitgetRequest(one, { nowMs: bench.nowMs, body: '{}' }), ip: undefined };
      expect(said(await bench.engine.verify(nowhere))).toBe('allowed');
      const again = { ...bitgetRequest(two, { nowMs: bench.nowMs, body: '{}' }), ip: undefined };
      expect(said(await bench.engine.verify(again))).toBe('rate_limited');
    });

    it('count weights, and hold in the environments that they name', async () => {
      await limit(
        '  - { name: w, per: account, quota: 5, windowSeconds: 60, environments: [test] }\n',
        '  - { route: POST /heavy, permission: trade, weight: 4 }\n',
      );
      const [live, test] = [await issue(bench), await issue(bench, { environment: 'test' })];
      expect(await order(live, { target: '/heavy' })).toMatchObject({ rateLimits: [] });
      expect(await order(test, { target: '/heavy' })).toMatchObject({ rateLimits: [{ remaining: 1 }] });
      expect(said(await order(test, { target: '/heavy' }))).toBe('rate_limited');
      expect(said(await order(test))).toBe('allowed');
    });

    it('stand behind those of the key, and a refusal takes from none of them', async () => {
      await limit('  - { name: a, per: account, quota: 3, windowSeconds: 60 }\n');
      const rateLimits = [{ name: 'own', quota: 1, windowSeconds: 1 }];
      const key = await issue(bench, { rateLimits });
      expect(await order(key)).toMatchObject({
        rateLimits: [
          { name: 'own', remaining: 0 },
          { name: 'a', remaining: 2 },
        ],
      });
      for (let i = 0; i < 5; i++) {
        expect(await order(key)).toMatchObject({
          code: 'rate_limited',
          detail: expect.stringContaining('"own"'),
        });
      }
      bench.nowMs += 1_000;
      expect(await order(key)).toMatchObject({
        rateLimits: [
          { name: 'own', remaining: 0 },
          { name: 'a', remaining: 1 },
        ],
      });
    });

    it('are given back and known after a restart like those of the key', async () => {
      const rules = '  - { name: a, per: [account, address], quota: 2, windowSeconds: 60 }\n';
      await limit(rules);
      const key = await issue(bench);
      const first = await order(key);
      await order(key);
      await limit(rules);
      expect(said(await order(key))).toBe('rate_limited');
      await bench.engine.releaseUsage(first.requestId, { actor: 'op' });
      expect(
        await words(
          () => order(key),
          () => order(key),
        ),
      ).toEqual(['allowed', 'rate_limited']);
    });

    it('do not hold for operators, who ask for everybody', async () => {
      await limit('  - { name: a, per: [account], quota: 1, windowSeconds: 60 }\n');
      const operator = await issue(bench, {
        accountId: 'operator',
        kind: 'bearer',
        passphrase: undefined,
        permissions: ['verify'],
      });
      for (let i = 0; i < 3; i++) {
        const decision = await bench.engine.verify(
          bearerRequest(operator.secret),
          askAs('operators', 'verify'),
        );
        expect(decision).toMatchObject({ allowed: true, rateLimits: [] });
      }
    });

    it('hold where the caller names the permission, together for all that name no route', async () => {
      await limit('  - { name: r, per: [route], quota: 1, windowSeconds: 60, permissions: [trade] }\n');
      const key = await issue(bench);
      const ask = (permission: string) =>
        bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs, body: `{"n":${n++}}` }), { permission });
      expect(
        await words(
          () => ask('trade'),
          () => ask('read'),
          () => ask('trade'),
        ),
      ).toEqual(['allowed', 'allowed', 'rate_limited']);
      expect(said(await order(key))).toBe('allowed');
    });

    it('let no more than the quota through of many requests at once', async () => {
      await limit(
        '  - { name: a, per: account, quota: 11, windowSeconds: 60 }\n' +
          '  - { name: e, per: environment, quota: 17, windowSeconds: 3600 }\n',
      );
      const keys = await Promise.all([
        issue(bench),
        issue(bench),
        issue(bench, { accountId: 'acct_2' }),
        issue(bench, { accountId: 'acct_2' }),
      ]);
      const sent = await Promise.all(
        Array.from({ length: 80 }, async (_, i) => ({ i, decision: await order(keys[i % 4]!) })),
      );
      const allowed = sent.filter(({ decision }) => decision.allowed);
      expect(allowed).toHaveLength(17);
      for (const account of [0, 1]) {
        const ofAccount = allowed.filter(({ i }) => Math.floor((i % 4) / 2) === account);
        expect(ofAccount.length).toBeLessThanOrEqual(11);
      }
    });
  });
}
