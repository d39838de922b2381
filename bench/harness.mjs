import { performance } from 'node:perf_hooks';
import { busyMsOf, ownBusyMs } from './busy-time.mjs';

/**
 * One side of a comparison. `prepare` makes the inputs of a round outside the timed part; `run` works through some
 * of them and must throw when any single operation did not succeed; `settle` waits for work that was put off (a
 * log that is written in groups), and what that costs this thread counts.
 *
 * @typedef {object} Side
 * @property {(count: number) => any[] | Promise<any[]>} prepare
 * @property {(inputs: any[]) => unknown} run
 * @property {() => Promise<void>} [settle]
 * @property {() => number} [busyMs] for how long the measured thread was busy; default: this one
 */

/**
 * Slices of a round, in which the two sides take turns: the machine is noisy, and its noise hits both alike. The
 * inputs of a slice are made just before it: a request that is decided about has only just arrived, and is not
 * fetched from memory that others have used since.
 */
const SLICES = 10;

/**
 * Measures two sides in turn (A B, B A, A B, …). A ratio is taken of each round, and the median of the ratios is
 * the result.
 *
 * @param {{ ours: Side, peer: Side, rounds: number, ourCount: number, peerCount: number, warmups?: number }} options
 */
export async function compare({ ours, peer, rounds, ourCount, peerCount, warmups = 3 }) {
  const ourRates = [];
  const peerRates = [];
  for (let round = -warmups; round < rounds; round++) {
    const ourShare = Math.ceil(ourCount / SLICES);
    const peerShare = Math.ceil(peerCount / SLICES);
    let ourMs = 0;
    let peerMs = 0;
    globalThis.gc?.();
    for (let i = 0; i < SLICES; i++) {
      if (i % 2 === 0) ourMs += await busyMs(ours, await ours.prepare(ourShare));
      peerMs += await busyMs(peer, await peer.prepare(peerShare));
      if (i % 2 === 1) ourMs += await busyMs(ours, await ours.prepare(ourShare));
    }
    if (round < 0) continue;
    ourRates.push(((ourShare * SLICES) / ourMs) * 1000);
    peerRates.push(((peerShare * SLICES) / peerMs) * 1000);
  }
  const ratios = ourRates.map((rate, i) => rate / peerRates[i]);
  return { ours: median(ourRates), peer: median(peerRates), ratio: median(ratios), ratios };
}

/** Runs some inputs and returns for how many ms the measured thread was busy with them. */
async function busyMs(side, inputs) {
  const clock = side.busyMs ?? ownBusyMs;
  const start = clock();
  await side.run(inputs);
  await side.settle?.();
  return clock() - start;
}

/**
 * Measures two servers in turn under the same load: requests a second in which the server's main thread is busy,
 * which is its throughput once it is saturated. Each request is made anew, before its round.
 *
 * @param {{ ours: object, peer: object, request: () => Buffer, rounds: number, count: number }} options
 */
export async function compareServers({ ours, peer, request, rounds, count }) {
  const side = ({ send, pid }) => ({
    prepare: (length) => Array.from({ length }, request),
    run: send,
    busyMs: () => busyMsOf(pid) ?? performance.now(),
  });
  return compare({ ours: side(ours), peer: side(peer), rounds, ourCount: count, peerCount: count });
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
