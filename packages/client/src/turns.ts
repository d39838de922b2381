import { unlessAborted } from './unless-aborted.ts';

/**
 * Lets one at a time, in the order in which they came. Who is aborted while others have their turn rejects at once with
 * the signal's reason, and has none.
 */
export type Turns = <T>(task: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (task, signal) => {
    const mine = last.then(() => {
      signal?.throwIfAborted();
      return task();
    });
    last = mine.catch(() => undefined);
    return signal === undefined ? mine : unlessAborted(mine, signal);
  };
}
