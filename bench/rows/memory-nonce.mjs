import { randomBytes } from 'node:crypto';
import { createMemoryClaimAndMeter } from '../../packages/engine/dist/index.js';
import { heldBytes } from '../harness.mjs';

const WINDOW_MS = 30_000;

/** Bytes of a remembered nonce, at several loads of one window: the set grows by doubling, so the worst counts. */
export async function run({ quick }) {
  const loads = quick
    ? [100_000, 400_000]
    : [100_000, 250_000, 400_000, 750_000, 1_000_000, 1_500_000, 2_000_000];
  fill(10_000);
  const figures = loads.map((load) => {
    const before = heldBytes();
    const memory = fill(load);
    const bytes = (heldBytes() - before) / load;
    if (memory.nonces.size < load * 0.999) throw new Error('nonces are missing');
    return { load, bytes };
  });
  const worst = figures.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  return [
    {
      row: `a remembered nonce, worst of ${loads.length} loads (${worst.load.toLocaleString('en')} in 30 s)`,
      ours: worst.bytes,
      unit: 'bytes',
      budget: { atMost: 24 },
    },
  ];
}

/** Claims nonces that arrive evenly over one window. */
function fill(count) {
  const memory = createMemoryClaimAndMeter();
  const start = Date.now();
  for (let i = 0; i < count; i++) {
    const random = randomBytes(8);
    const nonce = { high: random.readUInt32LE(0), low: random.readUInt32LE(4) };
    const nonceExpiresAt = start + WINDOW_MS + Math.floor((i / count) * WINDOW_MS);
    const answer = memory.claimAndMeter({ nonce, nonceExpiresAt, meters: [], cost: 1 }, start);
    if (!answer.ok && answer.reason === 'full') throw new Error('full');
  }
  return memory;
}
