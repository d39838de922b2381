/** What may be there at once: a promise for each would cost more than the look-up. */
export type MaybePromise<T> = T | Promise<T>;
