import { OPERATOR_ACCOUNT } from '@countersign/core';
import type { Allowed, ChangeNotice, Store } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  askAs,
  type Bench,
  benchOn,
  done,
  type IssuedKey,
  issue,
  manifestOf,
  refusalOf,
  SERVICE,
  said,
} from './engine-setup.ts';
import { codeOf, wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bearerRequest, bitgetRequest, withHeader } from './wire.ts';

const manifest = {
  ...manifestOf(),
  rateLimits: [
    { name: 'orders', quota: 10, windowSeconds: 1, per: ['account' as const] },
    { name: 'network', quota: 1_000_000, windowSeconds: 1, per: ['address' as const] },
  ],
};

describe.each(STORES)('accounts on $name', (adapter) => {
  let bench: Bench;
  /** What the next commit rejects with, or does first. */
  let beforeCommit: ((store: Store) => Promise<void>) | undefined;
  beforeEach(async () => {
    beforeCommit = undefined;
    bench = await benchOn(adapter, { manifest }, (store) => ({
      ...store,
      async commit(change) {
        const before = beforeCommit;
        beforeCommit = undefined;
        await before?.(store);
        return store.commit(change);
      },
    }));
  });
  afterEach(() => bench.close());

  const accounts = () => bench.engine.accounts;
  const order = async (key: IssuedKey) =>
    said(await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs++ })));
  const deeds = async () =>
    (await wholeLog(bench.store))
      .filter(({ type }) => type.startsWith('account.') || type.startsWith('service.'))
      .map(({ at: _, ...entry }) => entry);

  it('that are frozen are refused as account_frozen, and only they, until they are unfrozen', async () => {
    const [key, other] = [await issue(bench), await issue(bench, { accountId: 'acct_2' })];
    expect(await order(key)).toBe('allowed');
    const { account } = done(await accounts().freeze('acct_1', 'odd', { actor: 'op', requestId: 'req_9' }));
    expect(account).toMatchObject({
      isFrozen: true,
      reason: 'odd',
      frozenAt: new Date(bench.nowMs).toISOString(),
      hasKeys: true,
    });
    expect([await order(key), await order(other)]).toEqual(['account_frozen', 'allowed']);
    await bench.restart();
    expect([await order(key), await order(other)]).toEqual(['account_frozen', 'allowed']);
    expect(await accounts().freezes()).toMatchObject({
      frozenAccounts: [{ accountId: 'acct_1', reason: 'odd' }],
      frozenAccountCount: 1,
    });
    done(await accounts().unfreeze('acct_1', 'explained', SERVICE));
    expect(await order(key)).toBe('allowed');
    expect(await deeds()).toEqual([
      {
        type: 'account.frozen',
        accountId: 'acct_1',
        actor: 'op',
        requestId: 'req_9',
        data: { reason: 'odd' },
      },
      { type: 'account.unfrozen', accountId: 'acct_1', actor: 'service', data: { reason: 'explained' } },
    ]);
  });

  it('are told to be frozen only to who proved to be one of them', async () => {
    const key = await issue(bench);
    done(await accounts().freeze('acct_1', 'odd', SERVICE));
    const request = bitgetRequest(key, { nowMs: bench.nowMs });
    const guesses = [
      withHeader(request, 'ACCESS-SIGN', 'AAAA'),
      withHeader(request, 'ACCESS-PASSPHRASE', 'another1'),
      withHeader(request, 'ACCESS-KEY', 'unknown'),
    ];
    const codes = [];
    for (const guess of guesses) codes.push(said(await bench.engine.verify(guess)));
    expect(codes).toEqual(['signature_mismatch', 'passphrase_mismatch', 'credential_unknown']);
    const by = { actor: 'op' };
    expect(await bench.engine.explain(request, {}, undefined, by)).toMatchObject({ code: 'account_frozen' });
  });

  it('of operators are never frozen, nor is what they need for undoing it', async () => {
    const operator = await issue(bench, {
      accountId: OPERATOR_ACCOUNT,
      kind: 'bearer',
      passphrase: undefined,
      permissions: ['keys.write'],
    });
    expect(refusalOf(await accounts().freeze(OPERATOR_ACCOUNT, 'x', SERVICE))).toBe('permission_denied');
    expect(refusalOf(await accounts().unfreeze(OPERATOR_ACCOUNT, 'x', SERVICE))).toBe('permission_denied');
    await accounts().freezeEnvironment(undefined, 'a leak', SERVICE);
    const request = bearerRequest(operator.secret);
    expect(said(await bench.engine.verify(request, askAs('operators', 'keys.write')))).toBe('allowed');
  });

  it('of an environment are frozen with it, and what is frozen already keeps its reason', async () => {
    const key = await issue(bench);
    const test = await issue(bench, { environment: 'test' });
    const one = await accounts().freezeEnvironment('test', 'first', SERVICE);
    expect(one).toMatchObject({
      changed: ['test'],
      environments: [{ isFrozen: false }, { reason: 'first' }],
    });
    expect([await order(key), await order(test)]).toEqual(['allowed', 'account_frozen']);
    const all = await accounts().freezeEnvironment(undefined, 'second', SERVICE);
    expect(all).toMatchObject({
      changed: ['live'],
      environments: [{ reason: 'second' }, { reason: 'first' }],
    });
    expect([await order(key), await order(test)]).toEqual(['account_frozen', 'account_frozen']);
    expect(await accounts().freezeEnvironment(undefined, 'third', SERVICE)).toMatchObject({ changed: [] });
    await bench.restart();
    expect([await order(key), await order(test)]).toEqual(['account_frozen', 'account_frozen']);
    const back = await accounts().unfreezeEnvironment(undefined, 'mended', SERVICE);
    expect(back).toMatchObject({
      changed: ['live', 'test'],
      environments: [{ isFrozen: false, reason: null, frozenAt: null }, { isFrozen: false }],
    });
    expect([await order(key), await order(test)]).toEqual(['allowed', 'allowed']);
    expect((await deeds()).map(({ type, data }) => [type, data])).toEqual([
      ['service.frozen', { environments: ['test'], reason: 'first' }],
      ['service.frozen', { environments: ['live'], reason: 'second' }],
      ['service.unfrozen', { environments: ['live', 'test'], reason: 'mended' }],
    ]);
  });

  it('that are frozen by themselves stay so when everything else goes on', async () => {
    const key = await issue(bench);
    done(await accounts().freeze('acct_1', 'odd', SERVICE));
    await accounts().freezeEnvironment(undefined, 'a leak', SERVICE);
    await accounts().unfreezeEnvironment(undefined, 'mended', SERVICE);
    expect(await order(key)).toBe('account_frozen');
  });

  it('are frozen, whatever else is changed of them at that moment', async () => {
    beforeCommit = async () => {
      done(await accounts().setQuotas('acct_1', { orders: 5 }, 0, SERVICE));
    };
    expect(done(await accounts().freeze('acct_1', 'odd', SERVICE)).account).toMatchObject({
      isFrozen: true,
      quotas: { orders: 5 },
    });
    beforeCommit = async () => {
      await accounts().freezeEnvironment('live', 'of somebody else', SERVICE);
    };
    expect(await accounts().freezeEnvironment(undefined, 'mine', SERVICE)).toMatchObject({
      changed: ['test'],
      environments: [{ reason: 'of somebody else' }, { reason: 'mine' }],
    });
  });

  it('are as they were when the store fails, and so is the log', async () => {
    const key = await issue(bench);
    beforeCommit = () => Promise.reject(new TypeError('the disk is away'));
    expect(await codeOf(() => accounts().freeze('acct_1', 'odd', SERVICE))).toBe('TypeError:undefined');
    expect(await order(key)).toBe('allowed');
    expect(await deeds()).toEqual([]);
  });

  it('end their open WebSockets when they are frozen, those of their environment too, and no others', async () => {
    const keys = [
      await issue(bench),
      await issue(bench, { environment: 'test' }),
      await issue(bench, { accountId: 'acct_2', environment: 'test' }),
    ];
    const ended: number[] = [];
    for (const [i, key] of keys.entries()) {
      const decision = await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs++ }));
      bench.engine.watch(decision as Allowed, () => ended.push(i));
      bench.engine.watch(decision as Allowed, () => ended.push(i));
    }
    await accounts().freezeEnvironment('live', 'a leak', SERVICE);
    expect(ended).toEqual([0, 0]);
    done(await accounts().freeze('acct_1', 'odd', SERVICE));
    expect(ended).toEqual([0, 0, 1, 1]);
    await accounts().unfreezeEnvironment('live', 'mended', SERVICE);
    expect(ended).toEqual([0, 0, 1, 1]);
  });

  it('end a WebSocket that was decided about before, and opens after', async () => {
    const key = await issue(bench);
    const decision = await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs++ }));
    done(await accounts().freeze('acct_1', 'odd', SERVICE));
    await new Promise<void>((end) => bench.engine.watch(decision as Allowed, end));
  });

  it('are stopped while the log has more to write than it can', async () => {
    const key = await issue(bench);
    const slow: ChangeNotice[] = [];
    bench.store.subscribe((notice) => slow.push(notice));
    const decisions = Array.from({ length: 2_000 }, () => order(key));
    const frozen = await accounts().freezeEnvironment(undefined, 'a leak', SERVICE);
    expect(frozen.changed).toEqual(['live', 'test']);
    expect(slow).toHaveLength(1);
    expect(await order(key)).toBe('account_frozen');
    expect(new Set(await Promise.all(decisions)).has('unavailable')).toBe(false);
  });

  it('of which nothing is known are shown as such, and can be frozen before they have keys', async () => {
    expect(await accounts().get('acct_new')).toEqual({
      accountId: 'acct_new',
      isFrozen: false,
      reason: null,
      frozenAt: null,
      quotas: {},
      hasKeys: false,
      revision: 0,
    });
    done(await accounts().freeze('acct_new', 'known thief', SERVICE));
    expect(await order(await issue(bench, { accountId: 'acct_new' }))).toBe('account_frozen');
  });

  describe('have quotas', () => {
    it('that are stored, and replaced as a whole, by who saw the last revision', async () => {
      const first = done(await accounts().setQuotas('acct_1', { orders: 5 }, 0, SERVICE)).account;
      expect(first).toMatchObject({ quotas: { orders: 5 }, isFrozen: false });
      for (const revision of [0, first.revision - 1, first.revision + 1]) {
        expect(refusalOf(await accounts().setQuotas('acct_1', {}, revision, SERVICE))).toBe(
          'revision_mismatch',
        );
      }
      await bench.restart();
      expect((await accounts().get('acct_1')).quotas).toEqual({ orders: 5 });
      done(await accounts().setQuotas('acct_1', {}, first.revision, SERVICE));
      expect((await accounts().get('acct_1')).quotas).toEqual({});
      expect((await deeds()).map(({ data }) => data)).toEqual([{ quotas: { orders: 5 } }, { quotas: {} }]);
    });

    it('that hold for the next request after a change, keep what was used, and are of this account alone', async () => {
      const [one, two, other] = [
        await issue(bench),
        await issue(bench),
        await issue(bench, { accountId: 'acct_2' }),
      ];
      const set = async (quotas: Record<string, number>) => {
        const { revision } = await accounts().get('acct_1');
        done(await accounts().setQuotas('acct_1', quotas, revision, SERVICE));
      };
      const next = async (key: IssuedKey) => {
        const decision = await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs++ }));
        const { quota, remaining } = decision.allowed ? (decision.rateLimits[0] ?? {}) : {};
        return `${said(decision)} ${quota} ${remaining}`;
      };
      expect(await next(one)).toBe('allowed 10 9');
      await set({ orders: 3 });
      expect(await next(one)).toBe('allowed 3 1');
      expect(await next(two)).toBe('allowed 3 0');
      expect(await order(one)).toBe('rate_limited');
      expect(await next(other)).toBe('allowed 10 9');
      await set({ orders: 4 });
      expect(await next(two)).toBe('allowed 4 0');
      expect(await order(two)).toBe('rate_limited');
      await set({ orders: 2 });
      expect(await order(one)).toBe('rate_limited');
      await set({});
      expect(await next(one)).toBe('allowed 10 5');
      await set({ orders: 6 });
      await bench.restart();
      expect(await next(one)).toBe('allowed 6 0');
      expect(await order(two)).toBe('rate_limited');
    });

    it.each([
      [{ order: 5 }, '/quotas/order', 'no rate limit of this name'],
      [{ network: 5 }, '/quotas/network', 'would have no effect'],
      [{ orders: 0 }, '/quotas/orders', 'a whole number'],
      [{ orders: 1.5 }, '/quotas/orders', 'a whole number'],
      [{ orders: Number.NaN }, '/quotas/orders', 'a whole number'],
      [{ orders: 1_000_000_001 }, '/quotas/orders', 'a whole number'],
      [{ 'a/b~': 5 }, '/quotas/a~1b~0', 'no rate limit'],
    ])('but not %j', async (quotas, pointer, message) => {
      const refusal = await accounts().setQuotas('acct_1', quotas, 0, SERVICE);
      expect(refusal).toMatchObject({
        code: 'invalid_body',
        errors: [{ pointer, message: expect.stringContaining(message) }],
      });
      expect((await accounts().get('acct_1')).revision).toBe(0);
    });

    it('up to the highest and down to the lowest', async () => {
      const { account } = done(await accounts().setQuotas('acct_1', { orders: 1 }, 0, SERVICE));
      done(await accounts().setQuotas('acct_1', { orders: 1_000_000_000 }, account.revision, SERVICE));
    });

    it('for operators only from one who may manage operators', async () => {
      const by = { actor: 'op', permissions: ['keys.write'] };
      expect(refusalOf(await accounts().setQuotas(OPERATOR_ACCOUNT, {}, 0, by))).toBe('permission_denied');
    });
  });
});
