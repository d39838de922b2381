/** What is known at once, or later. */
export type MaybePromise<T> = T | Promise<T>;
