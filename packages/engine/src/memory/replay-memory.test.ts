import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint } from '../credentials/fingerprint.ts';
import { ReplayMemory } from './replay-memory.ts';

const T0 = 1_800_000_000_000;
const nonce = (n: number) => fingerprint(`nonce ${n}`, 7);

function claim(memory: ReplayMemory, n: number, expiresAt: number, nowMs: number) {
  const state = memory.state(nonce(n), expiresAt, nowMs);
  if (state === 'fresh') memory.claim(nonce(n), expiresAt);
  return state;
}

describe('replay memory', () => {
  it('says fresh once, then replayed up to the ms of expiry', () => {
    const memory = new ReplayMemory(10);
    const expiresAt = T0 + 30_000;
    expect(claim(memory, 1, expiresAt, T0)).toBe('fresh');
    for (const at of [T0, T0 + 1, expiresAt - 1, expiresAt])
      expect(claim(memory, 1, expiresAt, at)).toBe('replayed');
    expect(claim(memory, 2, expiresAt, T0)).toBe('fresh');
  });

  it('never says fresh twice of one nonce, however the clock goes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            n: fc.nat(30),
            ahead: fc.integer({ min: -5_000, max: 60_000 }),
            step: fc.integer({ min: -20_000, max: 20_000 }),
          }),
          {
            maxLength: 200,
            size: 'max',
          },
        ),
        (steps) => {
          const memory = new ReplayMemory(1000);
          const expiries = new Map<number, number>();
          const used = new Set<number>();
          let now = T0;
          for (const { n, ahead, step } of steps) {
            now += step;
            if (!expiries.has(n)) expiries.set(n, now + ahead);
            const state = claim(memory, n, expiries.get(n) as number, now);
            if (state !== 'fresh') continue;
            expect(used.has(n)).toBe(false);
            used.add(n);
          }
        },
      ),
    );
  });

  it('says full at its capacity, and forgets nothing to make room', () => {
    const memory = new ReplayMemory(3);
    for (const n of [1, 2, 3]) expect(claim(memory, n, T0 + 30_000, T0)).toBe('fresh');
    expect(claim(memory, 4, T0 + 30_000, T0)).toBe('full');
    for (const n of [1, 2, 3]) expect(claim(memory, n, T0 + 30_000, T0 + 30_000)).toBe('replayed');
    expect(claim(memory, 4, T0 + 30_000, T0 + 30_000)).toBe('full');
    expect(memory.size).toBe(3);
    // Once the first three have expired, there is room again.
    expect(claim(memory, 5, T0 + 90_000, T0 + 34_000)).toBe('fresh');
    expect(memory.size).toBe(1);
  });

  it('forgets what has expired, and its memory with it', () => {
    const memory = new ReplayMemory(1_000_000);
    for (let n = 0; n < 5_000; n++) claim(memory, n, T0 + 30_000 + (n % 30_000), T0);
    expect(memory.size).toBe(5_000);
    memory.state(nonce(0), T0 + 120_000, T0 + 62_000);
    expect(memory.size).toBe(0);
    expect(memory.bytes).toBe(0);
  });

  it('does not reopen what it has forgotten when the clock is set back', () => {
    const memory = new ReplayMemory(100);
    claim(memory, 1, T0 + 30_000, T0);
    expect(claim(memory, 2, T0 + 90_000, T0 + 60_000)).toBe('fresh');
    expect(memory.size).toBe(1);
    expect(claim(memory, 1, T0 + 30_000, T0 + 1_000)).toBe('expired');
    expect(claim(memory, 2, T0 + 90_000, T0 + 1_000)).toBe('replayed');
  });

  it('takes at most 24 bytes for each of 100,000 and more nonces of one window', () => {
    for (const count of [100_000, 250_000, 390_000]) {
      const memory = new ReplayMemory(1_000_000);
      // Spread over the minute in which requests of a dialect with 30 s either way expire.
      for (let n = 0; n < count; n++) memory.claim(nonce(n), T0 + Math.floor((n * 60_000) / count));
      expect(memory.size).toBe(count);
      expect(memory.bytes / memory.size).toBeLessThanOrEqual(24);
    }
  });
});
