import type { Credential, RateLimitRule, Requirement } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { CacheEntry } from '../credentials/credential-cache.ts';
import type { Way } from '../decision/way.ts';
import { RateLimits } from './rate-limits.ts';

const rule = (name: string, per: RateLimitRule['per'], more: Partial<RateLimitRule> = {}): RateLimitRule => ({
  name,
  per,
  quota: 10,
  windowSeconds: 60,
  ...more,
});

function entryOf(more: Partial<Credential> = {}, profile: object = {}): CacheEntry {
  const plain = { environment: 'live', rateLimits: [], permissions: ['p'], ...profile };
  return new CacheEntry({ id: 'k', accountId: 'a', profile: plain, ...more } as unknown as Credential, 0);
}

const permission = (name: string): Requirement => ({
  permission: { name, risk: 'low' },
  weight: 1,
  facts: () => ({}),
});
const wayOf = (more: Partial<Way> = {}): Way =>
  ({ requirement: permission('p'), audience: 'customers', peer: [192, 0, 2, 1], ...more }) as unknown as Way;

describe('the limits of a request', () => {
  it('cost nothing where there are none: one list for all', () => {
    const limits = new RateLimits([]);
    expect(limits.metersOf(entryOf(), wayOf())).toBe(limits.metersOf(entryOf({ id: 'other' }), wayOf()));
  });

  it('are put together once for a credential, also for several permissions that come to the same', () => {
    const limits = new RateLimits([rule('a', ['account']), rule('b', ['credential'])]);
    const entry = entryOf();
    const list = limits.metersOf(entry, wayOf());
    expect(limits.metersOf(entry, wayOf())).toBe(list);
    expect(limits.metersOf(entry, wayOf({ requirement: permission('q') }))).toBe(list);
    expect(limits.metersOf(entryOf({ id: 'other' }), wayOf())).not.toBe(list);
  });

  it('have counters that no value can make equal', () => {
    const limits = new RateLimits([
      rule('a', ['account']),
      rule('a","account', ['account']),
      rule('b', ['account', 'credential']),
      rule('c', ['credential', 'account']),
      rule('d', ['permission']),
      rule('e', ['account'], { windowSeconds: 61 }),
    ]);
    const strange = ['a', 'a","credential","k', 'a\nb', 'null', ''];
    const keys = strange.flatMap((accountId) =>
      strange.flatMap((id) => {
        const own = { rateLimits: [{ name: 'a', quota: 1, windowSeconds: 60 }] };
        const asked = wayOf({ requirement: permission(id) });
        return limits
          .metersOf(entryOf({ accountId, id }, own), asked)
          .map(({ key, name }) => `${name === 'd' ? id : `${accountId} / ${id}`} | ${key}`);
      }),
    );
    // Each counter belongs to what it counts by: as many keys as there are different things to count.
    const counters = new Set(keys.map((text) => text.slice(text.indexOf(' | '))));
    const [perAccount, perBoth, perPermission, own] = [3 * 5, 2 * 25, 5, 5];
    expect(counters.size).toBe(perAccount + perBoth + perPermission + own);
  });

  it('follow the quotas of an account as soon as they change, where they count by account or key', () => {
    const quotas = new Map<string, number>();
    const quotaOf = (accountId: string, name: string) => quotas.get(`${accountId} ${name}`);
    const limits = new RateLimits(
      [rule('a', ['account']), rule('k', ['credential', 'address']), rule('e', ['environment'])],
      quotaOf,
    );
    const entry = entryOf();
    const asked = () => limits.metersOf(entry, wayOf()).map(({ name, quota }) => `${name} ${quota}`);
    expect(asked()).toEqual(['a 10', 'e 10', 'k 10']);
    for (const name of ['a', 'k', 'e']) quotas.set(`a ${name}`, 99);
    expect(asked()).toEqual(['a 99', 'e 10', 'k 99']);
    quotas.set('a a', 0);
    expect(asked()).toEqual(['a 0', 'e 10', 'k 99']);
    quotas.clear();
    expect(asked()).toEqual(['a 10', 'e 10', 'k 10']);
    const list = limits.metersOf(entryOf(), wayOf());
    expect(list[0]?.key).toBe(limits.metersOf(entry, wayOf())[0]?.key);
  });

  it('are the own ones alone where a request was let through without a requirement', () => {
    const limits = new RateLimits([rule('a', ['account'])]);
    expect(limits.metersOf(entryOf(), wayOf({ requirement: undefined }))).toEqual([]);
  });

  it('are right for more permissions than are remembered', () => {
    const limits = new RateLimits([rule('d', ['permission'])]);
    const entry = entryOf();
    const keys = Array.from({ length: 10_100 }, (_, i) => {
      const [meter] = limits.metersOf(entry, wayOf({ requirement: permission(`p${i}`) }));
      return meter?.key;
    });
    expect(new Set(keys).size).toBe(10_100);
    expect(limits.metersOf(entry, wayOf({ requirement: permission('p0') }))[0]?.key).toBe(keys[0]);
  });
});
