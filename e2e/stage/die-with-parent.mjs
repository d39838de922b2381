import { isMainThread } from 'node:worker_threads';

// Loaded into a service under test (node --import), and so into its threads, too. Its standard input is a pipe
// from the demo or the tests: when that breaks, they have gone, however they went, and the service goes as well.
if (isMainThread) {
  process.stdin.on('error', () => process.exit(1));
  process.stdin.on('end', () => process.exit(1));
  process.stdin.resume();
  process.stdin.unref();
}
