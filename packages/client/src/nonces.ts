import { randomBytes } from 'node:crypto';
import type { Dialect } from '@countersign/core';

/** Makes the nonce of a request, at the time that is to be its own. */
export type NonceSource = (keyId: string, nowMs: number) => string;

/** The highest nonce of each dialect and key, of all clients in this process. */
const highest = new Map<string, bigint>();

/**
 * Makes nonces as a dialect wants them: a number that rises, where it has that rule, else 128 random bits in hex.
 *
 * A rising nonce is the time in ms, as most clients of these exchanges have it, or one more than the last: it rises over
 * restarts, when the clock is set back while the program runs, and over all clients of a process. It does not rise over
 * two programs with one key: give each a key of its own.
 */
export function noncesFor({ name, replay }: Dialect): NonceSource {
  if (replay.kind !== 'rising') return () => randomBytes(16).toString('hex');
  return (keyId, nowMs) => {
    const owner = `${name} ${keyId}`;
    const now = BigInt(Math.trunc(nowMs));
    const last = highest.get(owner);
    const next = last === undefined || now > last ? now : last + 1n;
    highest.set(owner, next);
    return String(next);
  };
}
