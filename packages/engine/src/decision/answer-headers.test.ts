import { dialectNamed, type RateLimitState } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { answerHeaders } from './answer-headers.ts';

const T0 = 1_800_000_000_000;
const burst: RateLimitState = {
  name: 'burst',
  quota: 100,
  windowSeconds: 60,
  remaining: 50,
  resetSeconds: 30,
  nextSeconds: 4,
};

describe('headers of an answer', () => {
  it('are none where there are no limits', () => {
    expect(answerHeaders({ limits: [], dialect: dialectNamed('bybit'), nowMs: T0 })).toBeUndefined();
  });

  it('are RateLimit-Policy and RateLimit, as the draft writes them', () => {
    const day = { ...burst, name: 'day', quota: 5000, windowSeconds: 86_400, remaining: 0 };
    expect(answerHeaders({ limits: [burst], dialect: undefined, nowMs: T0 })).toEqual({
      'ratelimit-policy': '"burst";q=100;w=60',
      ratelimit: '"burst";r=50;t=30',
    });
    expect(answerHeaders({ limits: [burst, day], dialect: undefined, nowMs: T0 })).toEqual({
      'ratelimit-policy': '"burst";q=100;w=60, "day";q=5000;w=86400',
      // Of what is used up: when the first of it is free again.
      ratelimit: '"burst";r=50;t=30, "day";r=0;t=4',
    });
  });

  it('are of characters that a header can have, whatever an embedding program calls its limits', () => {
    const limits = [{ ...burst, name: 'a"b\\c\r\nd é,;' }];
    expect(answerHeaders({ limits, dialect: undefined, nowMs: T0 })).toEqual({
      'ratelimit-policy': '"a_b_c__d ___";q=100;w=60',
      ratelimit: '"a_b_c__d ___";r=50;t=30',
    });
  });

  it("are the dialect's own, too", () => {
    expect(answerHeaders({ limits: [burst], dialect: dialectNamed('bitget'), nowMs: T0 })).toMatchObject({
      'x-mbx-used-remain-limit': '50',
      ratelimit: '"burst";r=50;t=30',
    });
  });
});
