/** What is there at once, or comes later: an adapter in this process need not make a promise for it. */
export type MaybePromise<T> = T | Promise<T>;
