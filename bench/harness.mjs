import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One side of a comparison. `prepare` makes the inputs of one block outside the timed part; `run` does the work
 * and must throw when any single operation did not succeed; `settle` waits for work that was put off (a log that
 * is written in groups), and what it costs this thread counts.
 *
 * @typedef {object} Side
 * @property {(count: number) => unknown} prepare
 * @property {(block: any) => unknown} run
 * @property {() => Promise<void>} [settle]
 */

/**
 * Measures two sides in turn (A B, B A, A B, …), because the machine is noisy: a ratio is taken of each round, and
 * the median of the ratios is the result.
 *
 * @param {{ ours: Side, peer: Side, rounds: number, ourCount: number, peerCount: number, warmups?: number }} options
 */
export async function compare({ ours, peer, rounds, ourCount, peerCount, warmups = 3 }) {
  const ourRates = [];
  const peerRates = [];
  const ratios = [];
  for (let round = -warmups; round < rounds; round++) {
    let ourRate;
    let peerRate;
    if (round % 2 === 0) {
      ourRate = await measure(ours, ourCount);
      peerRate = await measure(peer, peerCount);
    } else {
      peerRate = await measure(peer, peerCount);
      ourRate = await measure(ours, ourCount);
    }
    if (round < 0) continue;
    ourRates.push(ourRate);
    peerRates.push(peerRate);
    ratios.push(ourRate / peerRate);
  }
  return { ours: median(ourRates), peer: median(peerRates), ratio: median(ratios), ratios };
}

/**
 * Runs one block and returns operations a second of this thread. Time in which the event loop sleeps is not
 * counted, so a group commit's timer costs nothing, and writing the group costs what it costs.
 *
 * @param {Side} side
 * @param {number} count
 */
export async function measure(side, count) {
  const block = await side.prepare(count);
  globalThis.gc?.();
  await sleep(1);
  const idle = performance.eventLoopUtilization().idle;
  const start = performance.now();
  await side.run(block);
  await side.settle?.();
  const slept = performance.eventLoopUtilization().idle - idle;
  return count / ((performance.now() - start - slept) / 1000);
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Bytes that this process holds, after a full collection. */
export function heldBytes() {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external; // `arrayBuffers` is a part of `external`.
}
