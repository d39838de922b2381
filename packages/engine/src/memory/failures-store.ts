import type { FailureStore } from '../ports/failures.ts';

/** The part of the memory store that keeps counters of failures. */
export function createMemoryFailures(): FailureStore {
  const states = new Map<string, string>();
  return {
    failures: () => [...states].map(([name, state]) => ({ name, state })),
    saveFailures(rows) {
      for (const { name, state } of rows) {
        if (state === null) states.delete(name);
        else states.set(name, state);
      }
    },
  };
}
