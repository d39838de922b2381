import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPace } from '../src/pace.ts';
import { readRateLimit, readRetryAfter } from '../src/rate-limit.ts';

const NEVER = new AbortController().signal;

describe('RateLimit', () => {
  it.each<[string | null, unknown[]]>([
    ['"burst";r=50;t=30', [['burst', 50, 30]]],
    ['"burst";t=30;r=50', [['burst', 50, 30]]],
    [
      '"a, b";r=1;t=2, day;r=3;pk=:cHA=:;t=4',
      [
        ['a, b', 1, 2],
        ['day', 3, 4],
      ],
    ],
    ['"burst" ; r=0 ; t=1', [['burst', 0, 1]]],
    ['"burst";r=50', []],
    ['"burst";r=-1;t=30', []],
    ['"burst";r=1.5;t=30', []],
    ['"burst', []],
    ['100', []],
    ['', []],
    [null, []],
  ])('%j', (value, quotas) => {
    const read = readRateLimit(value);
    expect(read.map(({ policy, remaining, resetSeconds }) => [policy, remaining, resetSeconds])).toEqual(
      quotas,
    );
  });

  it('never throws, and takes no time, on any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500, unit: fc.constantFrom(...'"\\;,=rt 0195*:ab') }), (text) => {
        for (const { remaining, resetSeconds } of readRateLimit(text)) {
          expect(remaining).toBeGreaterThanOrEqual(0);
          expect(resetSeconds).toBeGreaterThanOrEqual(0);
        }
      }),
    );
    expect(readRateLimit(`${'"'.repeat(16_001)},${','.repeat(16_000)}`)).toEqual([]);
  });
});

it.each<[string | null, number | undefined]>([
  ['120', 120_000],
  ['0', 0],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
  ['Sun, 06 Nov 1994 08:40:37 GMT', 0],
  ['-5', undefined],
  ['soon', undefined],
  ['99999999999999', undefined],
  [null, undefined],
])('Retry-After %j', (value, ms) => {
  expect(readRetryAfter(value, 784_111_740_000)).toBe(ms);
});

describe('the pace', () => {
  it('holds back what would be over the rest, those under way included, until the policy begins anew', async () => {
    let now = 0;
    const pace = createPace(() => now);
    await pace.take(NEVER, 60_000);
    pace.learn([{ policy: 'burst', remaining: 2, resetSeconds: 10 }]);
    expect(pace.delayMs()).toBe(0);
    await pace.take(NEVER, 60_000);
    expect(pace.delayMs()).toBe(10_000);
    pace.done();
    expect(pace.delayMs()).toBe(0);
    pace.done();
    pace.learn([{ policy: 'burst', remaining: 0, resetSeconds: 10 }]);
    now = 9_999;
    expect(pace.delayMs()).toBe(1);
    now = 10_000;
    expect(pace.delayMs()).toBe(0);
  });

  it('remembers few policies, and none for longer than a day', () => {
    const pace = createPace(() => 0);
    pace.learn(Array.from({ length: 1000 }, (_, i) => ({ policy: `p${i}`, remaining: 5, resetSeconds: 9 })));
    pace.learn([{ policy: 'another', remaining: 0, resetSeconds: 9 }]);
    expect(pace.delayMs()).toBe(0);
    pace.learn([{ policy: 'p1', remaining: 0, resetSeconds: 1e15 }]);
    expect(pace.delayMs()).toBe(86_400_000);
    pace.holdBack(Number.MAX_VALUE);
    expect(pace.delayMs()).toBe(86_400_000);
  });

  it('gives up a wait that others have made longer than wanted', async () => {
    let now = 0;
    const pace = createPace(() => now);
    pace.holdBack(1_000);
    const waiting = pace.take(NEVER, 1_500);
    now = 1_000;
    pace.holdBack(900);
    expect(await waiting).toBe(900);
    now = 1_900;
    expect(await pace.take(NEVER, 0)).toBeUndefined();
    // The one that goes alone does not come back.
    const behind = pace.take(NEVER, 100);
    now = 2_001;
    expect(await behind).toBe(0);
  });

  it('ends a wait with the reason of its signal', async () => {
    const pace = createPace();
    pace.holdBack(60_000);
    const controller = new AbortController();
    const waiting = pace.take(controller.signal, 60_000);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(pace.take(controller.signal, 60_000)).rejects.toThrow('enough');
  });
});
