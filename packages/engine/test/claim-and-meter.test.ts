import { createMemoryClaimAndMeter } from '@countersign/engine';
import { expect, it } from 'vitest';
import { type ClaimAndMeterAdapter, claimAndMeterContract } from './claim-and-meter.contract.ts';
import { T0 } from './records.ts';
import { takenAndGivenBackContract } from './taken-and-given-back.contract.ts';

const ADAPTERS: readonly ClaimAndMeterAdapter[] = [
  { name: 'memory', hasCapacity: true, open: async (options) => createMemoryClaimAndMeter(options) },
];

for (const adapter of ADAPTERS) {
  claimAndMeterContract(adapter);
  takenAndGivenBackContract(adapter);
}

it('claim and meter in memory: a request that is refused leaves no counters behind', () => {
  const port = createMemoryClaimAndMeter();
  const spends = [{ key: 'amount', limit: 10n, windowMs: 1_000 }];
  const ask = (from: number, more: object = {}) =>
    port.claimAndMeter(
      {
        nonceExpiresAt: T0,
        meters: ['own', `from ${from}`].map((key) => ({ key, quota: 1, windowMs: 1_000 })),
        cost: 1,
        ...more,
      },
      T0,
    );
  expect(ask(0)).toMatchObject({ ok: true });
  expect(port.windows.size).toBe(2);
  for (let from = 1; from <= 100; from++) {
    expect(ask(from)).toMatchObject({
      reason: 'rate_limited',
      limit: 0,
      remaining: [
        { remaining: 0, resetMs: 1_000, nextMs: 1_000 },
        { remaining: 1, resetMs: 0, nextMs: 0 },
      ],
    });
    expect(ask(from, { meters: [], spends, amount: 11n })).toMatchObject({
      reason: 'amount_exceeded',
      retryAfterMs: 1_000,
    });
    const over = [{ key: `cost ${from}`, quota: 1, windowMs: 1_000 }];
    expect(ask(from, { meters: over, cost: 2 })).toMatchObject({
      reason: 'rate_limited',
      retryAfterMs: 1_000,
    });
  }
  expect(port.windows.size).toBe(2);
});
