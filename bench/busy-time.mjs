import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/**
 * For how long this process's main thread was busy, in ms since some moment: the time that it had a processor.
 * On a machine that does other things as well, the wall clock would measure those. Linux tells it to the
 * nanosecond; elsewhere it is the wall clock without the time in which the event loop slept.
 *
 * What other threads do at the same time (a collector's helpers, the log's writer) is not in it, nor would it be
 * in the wall clock of a machine with a processor to spare.
 */
export function ownBusyMs() {
  // Makes the kernel bring the thread's account up to date, which it otherwise does at each tick only.
  process.cpuUsage();
  return busyMsOf(process.pid) ?? performance.now() - performance.eventLoopUtilization().idle;
}

/** The same of another process; undefined where the system does not tell. */
export function busyMsOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ', 1)[0]) / 1e6;
  } catch {
    return undefined;
  }
}
