import { describe, expect, it } from 'vitest';
import type { RateLimitState } from './dialect.ts';
import { DIALECTS, dialectNamed } from './registry.ts';

const T0 = 1_800_000_000_000;

const state = (more: Partial<RateLimitState>): RateLimitState => ({
  name: 'requests',
  quota: 100,
  windowSeconds: 60,
  remaining: 40,
  resetSeconds: 60,
  nextSeconds: 7,
  ...more,
});

const headers = (dialect: string, ...limits: RateLimitState[]) =>
  dialectNamed(dialect)?.rateLimitHeaders?.(limits, T0);

describe('headers of rate limits, as the exchanges send them', () => {
  it.each([
    [1, '1s'],
    [10, '10s'],
    [60, '1m'],
    [90, '90s'],
    [300, '5m'],
    [3_600, '1h'],
    [86_400, '1d'],
    [2_592_000, '30d'],
  ])('binance: what is used of %d seconds, as %s', (windowSeconds, interval) => {
    expect(headers('binance', state({ windowSeconds }))).toEqual({ [`x-mbx-used-weight-${interval}`]: '60' });
  });

  it('binance: orders apart from weight, and the highest of several for one window', () => {
    expect(
      headers(
        'binance',
        state({}),
        state({ name: 'account', remaining: 10 }),
        state({ name: 'other', remaining: 99 }),
        state({ name: 'newOrders', windowSeconds: 10, quota: 50, remaining: 47 }),
      ),
    ).toEqual({ 'x-mbx-used-weight-1m': '90', 'x-mbx-order-count-10s': '3' });
  });

  it('bybit: the tightest limit, and when it opens: now, unless it is used up', () => {
    expect(headers('bybit', state({}), state({ quota: 10, remaining: 3 }))).toEqual({
      'x-bapi-limit': '10',
      'x-bapi-limit-status': '3',
      'x-bapi-limit-reset-timestamp': String(T0),
    });
    expect(headers('bybit', state({}), state({ quota: 10, remaining: 0 }))).toEqual({
      'x-bapi-limit': '10',
      'x-bapi-limit-status': '0',
      'x-bapi-limit-reset-timestamp': String(T0 + 7_000),
    });
  });

  it('gate, kucoin, bitget and htx: the same under names of their own', () => {
    const used = state({ remaining: 0 });
    expect(headers('gate', used)).toEqual({
      'x-gate-ratelimit-limit': '100',
      'x-gate-ratelimit-requests-remain': '0',
      'x-gate-ratelimit-reset-timestamp': '1800000007',
    });
    expect(headers('kucoin', used)).toEqual({
      'gw-ratelimit-limit': '100',
      'gw-ratelimit-remaining': '0',
      'gw-ratelimit-reset': '7000',
    });
    expect(headers('kucoin', state({}))).toMatchObject({ 'gw-ratelimit-reset': '60000' });
    expect(headers('bitget', used)).toEqual({ 'x-mbx-used-remain-limit': '0' });
    expect(headers('htx', used)).toEqual({
      'x-hb-ratelimit-requests-remain': '0',
      'x-hb-ratelimit-requests-expire': String(T0 + 7_000),
    });
  });

  it('take a quota of zero for one that is used up', () => {
    expect(headers('bybit', state({}), state({ quota: 0, remaining: 0 }))).toMatchObject({
      'x-bapi-limit': '0',
    });
  });

  it('have names in lower case, and none that carries a proof', () => {
    const proofs = new Set(DIALECTS.flatMap(({ securityHeaders }) => securityHeaders));
    for (const { rateLimitHeaders } of DIALECTS) {
      for (const [name, value] of Object.entries(rateLimitHeaders?.([state({})], T0) ?? {})) {
        expect(name).toMatch(/^[a-z0-9-]+$/);
        expect(proofs.has(name)).toBe(false);
        expect(value).toMatch(/^\d+$/);
      }
    }
  });
});
