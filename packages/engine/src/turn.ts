/** Lets everything that waits have its turn: for work on many things, which must not hold up decisions. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
