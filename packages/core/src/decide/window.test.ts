import { describe, expect, it } from 'vitest';
import { denialOf, NOW } from '../../test/given.ts';
import { bearer } from '../dialects/bearer.ts';
import { bitget } from '../dialects/bitget.ts';
import type { Claim, Dialect } from '../dialects/dialect.ts';
import { okx } from '../dialects/okx.ts';
import { checkWindow, endOfWindow } from './window.ts';

function claim(over: Partial<Claim>): Claim {
  return { ok: true, keyId: 'key-1', signature: '', prehash: [], ...over };
}

const uneven: Dialect = { ...bitget, window: { pastMs: 5000, futureMs: 1000 } };
const seconds: Dialect = { ...bitget, timestampUnit: 'seconds' };

describe('checkWindow', () => {
  it.each([
    [-5001, false],
    [-5000, true],
    [0, true],
    [1000, true],
    [1001, false],
  ])('a timestamp %i ms from now is fresh: %s', (delta, isFresh) => {
    const late = checkWindow(claim({ timestampMs: NOW + delta }), uneven, NOW);
    if (isFresh) {
      expect(late).toBeUndefined();
    } else {
      expect(denialOf(late)).toMatchObject({
        code: 'timestamp_out_of_window',
        part: 'timestamp',
        clockDeltaMs: delta,
      });
    }
  });

  it('says the server time and the difference', () => {
    const { detail: behind } = denialOf(checkWindow(claim({ timestampMs: NOW - 40_000 }), bitget, NOW));
    expect(behind).toBe(`The timestamp is 40000 ms behind the server's time ${NOW} (ms since 1970).`);
    const { detail: ahead } = denialOf(checkWindow(claim({ timestampMs: NOW + 30_001 }), bitget, NOW));
    expect(ahead).toBe(`The timestamp is 30001 ms ahead of the server's time ${NOW} (ms since 1970).`);
  });

  it('lets pass what has no timestamp, or a dialect without a window', () => {
    expect(checkWindow(claim({}), bitget, NOW)).toBeUndefined();
    expect(checkWindow(claim({ timestampMs: 1 }), bearer, NOW)).toBeUndefined();
  });

  it.each([
    [1, false],
    [0, true],
    [-1, true],
  ])('refuses a request %i ms after the end that it set itself', (after, isFresh) => {
    const late = checkWindow(claim({ timestampMs: NOW - 10, expiresMs: NOW - after }), bitget, NOW);
    expect(late === undefined).toBe(isFresh);
    if (late !== undefined) {
      expect(late).toMatchObject({ code: 'timestamp_out_of_window', clockDeltaMs: -10 });
      expect(late.detail).toBe('The request declared itself void 1 ms ago.');
    }
  });

  it.each([
    [-1, false],
    [0, true],
    [6000, true],
    [6001, false],
  ])('takes an end %i ms from now without a timestamp: %s', (ahead, isFresh) => {
    const late = checkWindow(claim({ expiresMs: NOW + ahead }), uneven, NOW);
    expect(late === undefined).toBe(isFresh);
    if (late === undefined) return;
    expect(late).toMatchObject({
      code: 'timestamp_out_of_window',
      part: 'timestamp',
      clockDeltaMs: ahead,
      detail:
        ahead < 0
          ? 'The request declared itself void 1 ms ago.'
          : 'The request is to be void 6001 ms from now, which is too far ahead.',
    });
  });

  it.each([
    [-2001, false],
    [-2000, true],
    [10, true],
    [11, false],
  ])('takes the window of the claim before that of the dialect: %i ms is fresh: %s', (delta, isFresh) => {
    const own = claim({ timestampMs: NOW + delta, window: { pastMs: 2000, futureMs: 10 } });
    expect(checkWindow(own, uneven, NOW) === undefined).toBe(isFresh);
    // Also where the dialect has none.
    expect(checkWindow(own, bearer, NOW) === undefined).toBe(isFresh);
  });

  it.each([
    [-5000.001, false],
    [-5000, true],
    [-4999.5, true],
    [1000, true],
    [1000.001, false],
  ])('compares fractions of a ms, and tells whole ones: %d is fresh: %s', (delta, isFresh) => {
    // Seconds near the tests' clock leave no thousandths of a ms, so this one is near zero.
    const late = checkWindow(claim({ timestampMs: 10_000 + delta }), uneven, 10_000);
    expect(late === undefined).toBe(isFresh);
    if (late === undefined) return;
    expect(late.clockDeltaMs).toBe(Math.round(delta));
    expect(late.detail).toContain(` ${Math.abs(Math.round(delta))} ms `);
  });

  it('tells a whole number of ms for an end with a fraction', () => {
    const late = checkWindow(claim({ timestampMs: NOW, expiresMs: NOW - 0.5 }), uneven, NOW);
    expect(denialOf(late).detail).toBe('The request declared itself void 1 ms ago.');
  });

  it('does not let an end of its own make an old request fresh', () => {
    const late = checkWindow(claim({ timestampMs: NOW - 30_001, expiresMs: NOW + 60_000 }), bitget, NOW);
    expect(denialOf(late).code).toBe('timestamp_out_of_window');
  });

  describe('names the unit when another one would have fitted', () => {
    const hint = (timestampMs: number, dialect: Dialect) =>
      / It looks like (.*)$/.exec(denialOf(checkWindow(claim({ timestampMs }), dialect, NOW)).detail)?.[1];

    it.each([
      ['seconds', Math.floor(NOW / 1000)],
      ['microseconds', NOW * 1000],
      ['nanoseconds', NOW * 1_000_000],
    ])('%s where ms are wanted', (unit, timestamp) => {
      expect(hint(timestamp, bitget)).toBe(`${unit}; this dialect wants ms.`);
    });

    it.each([
      ['milliseconds', NOW],
      ['microseconds', NOW * 1000],
    ])('%s where seconds are wanted', (unit, timestamp) => {
      expect(hint(timestamp * 1000, seconds)).toBe(`${unit}; this dialect wants seconds.`);
    });

    it('an ISO instant made of seconds', () => {
      expect(hint(Math.floor(NOW / 1000), okx)).toBe('seconds; this dialect wants ISO 8601.');
    });

    it.each([0, 1, NOW - 31_000, NOW + 31_000, NOW - 86_400_000, NOW * 10, 1_000_000_000])(
      'but not for %i, which fits no unit',
      (timestamp) => {
        expect(hint(timestamp, bitget)).toBeUndefined();
      },
    );

    it('up to a day away', () => {
      expect(hint((NOW - 86_400_000) / 1000, bitget)).toMatch(/^seconds/);
      expect(hint((NOW - 86_401_000) / 1000, bitget)).toBeUndefined();
    });
  });
});

describe('endOfWindow', () => {
  it('is the last ms at which the claim could pass', () => {
    const request = claim({ timestampMs: NOW + 500 });
    const end = endOfWindow(request, uneven, NOW);
    expect(end).toBe(NOW + 5500);
    expect(checkWindow(request, uneven, end)).toBeUndefined();
    expect(denialOf(checkWindow(request, uneven, end + 1)).code).toBe('timestamp_out_of_window');
  });

  it.each<[string, Partial<Claim>, number]>([
    ['the end of its own, where that is sooner', { timestampMs: NOW, expiresMs: NOW + 7 }, NOW + 7],
    ['not the end of its own, where that is later', { timestampMs: NOW, expiresMs: NOW + 9000 }, NOW + 5000],
    ['the end alone, without a timestamp', { expiresMs: NOW + 7 }, NOW + 7],
    ["the claim's own window", { timestampMs: NOW, window: { pastMs: 3, futureMs: 0 } }, NOW + 3],
    ['the next whole ms after a fraction', { timestampMs: NOW + 0.25 }, NOW + 5001],
    ['the window from now, with neither', {}, NOW + 5000],
  ])('is %s', (_, over, end) => expect(endOfWindow(claim(over), uneven, NOW)).toBe(end));

  it('is now where the dialect has no timestamp', () =>
    expect(endOfWindow(claim({}), bearer, NOW)).toBe(NOW));
});
