import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bench, benchOn, issue, said } from './engine-setup.ts';
import { STORES } from './store-adapters.ts';
import { bearerRequest, bitgetRequest, withHeader } from './wire.ts';

const HOME = '192.0.2.7';

/** What strangers send with a stolen secret, with the id alone, or with nothing; and how much time goes by. */
const attacks = fc.array(
  fc.record({
    what: fc.constantFrom('passphrase', 'signature', 'id', 'nothing'),
    from: fc.integer({ min: 0, max: 40 }),
    times: fc.integer({ min: 1, max: 12 }),
    laterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5_000 }), fc.constant(3_600_000)),
    restarts: fc.boolean(),
  }),
  { maxLength: 25 },
);

describe('an owner whose network succeeded before', () => {
  it('is never refused because of strangers, who never guess more passphrases than their budget', async () => {
    const [memory] = STORES;
    if (memory === undefined) throw new Error('there is no store');
    await fc.assert(
      fc.asyncProperty(attacks, async (attack) => {
        const bench: Bench = await benchOn(memory);
        try {
          const key = await issue(bench);
          let n = 0;
          const request = (more: object, ip: string) =>
            bitgetRequest({ ...key, ...more }, { nowMs: bench.nowMs + (n++ % 999), ip });
          expect(said(await bench.engine.verify(request({}, HOME)))).toBe('allowed');
          const startMs = bench.nowMs;
          let guesses = 0;
          for (const { what, from, times, laterMs, restarts } of attack) {
            const ip = `198.51.100.${from}`;
            for (let i = 0; i < times; i++) {
              const sent =
                what === 'passphrase'
                  ? request({ passphrase: `guess ${n}` }, ip)
                  : what === 'signature'
                    ? withHeader(request({}, ip), 'ACCESS-SIGN', 'AAAA')
                    : what === 'id'
                      ? request({ id: 'invented' }, ip)
                      : bearerRequest('nothing', { ip });
              if (said(await bench.engine.verify(sent)) === 'passphrase_mismatch') guesses++;
            }
            bench.nowMs += laterMs;
            if (restarts) await bench.restart();
            expect(said(await bench.engine.verify(request({}, HOME)))).toBe('allowed');
          }
          // 10 at once, 12 doublings of a second up to an hour, one forgiven each hour, and one wait of an hour.
          const hours = (bench.nowMs - startMs) / 3_600_000;
          expect(guesses).toBeLessThanOrEqual(10 + 12 + 1 + hours * 2);
        } finally {
          await bench.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
