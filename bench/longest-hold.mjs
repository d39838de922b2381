import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/**
 * Does some work, and measures how long it took and for how long at most it kept the main thread from anything else:
 * what a decision that came at the worst moment had to wait. Other work on the machine counts as well.
 */
export async function measured(work) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await new Promise((resolve) => setTimeout(resolve, 50)); // What was before is no longer measured.
  delay.enable();
  const start = performance.now();
  const result = await work();
  const ms = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  return { result, ms, longestMs: delay.max / 1e6 };
}
