import type { Window } from '@countersign/core';

/** So many signatures are remembered; what is older than these is in the past by then. */
const MAX_REMEMBERED = 1000;
/** Never further ahead than this, nor than half of what the dialect takes. */
const MAX_AHEAD_MS = 5000;
const SECOND_MS = 1000;

/** Something that was signed for a time. */
export interface Signed {
  readonly signature: string;
}

/** Signs for a time, so that the signature is one that was not used before. */
export type SignUnused = <T extends Signed>(nowMs: number, sign: (atMs: number) => T) => T;

/**
 * Makes what keeps two requests from being signed alike: the second one would be refused as a replay. It happens where
 * the time is all that differs, and two orders are equal within a tick of the dialect's clock, which is a second in some:
 * or one order is tried twice. The later one is signed for the next tick, as far as that may be ahead.
 *
 * Beyond that it gives what is there: the service then refuses it, and nothing happens twice.
 */
export function createSignUnused(window: Window | undefined): SignUnused {
  const maxAheadMs = Math.min(MAX_AHEAD_MS, (window?.futureMs ?? MAX_AHEAD_MS) / 2);
  const used = new Set<string>();
  return (nowMs, sign) => {
    let made = sign(nowMs);
    let tickMs = 1;
    for (let aheadMs = 1; used.has(made.signature) && aheadMs <= maxAheadMs; aheadMs += tickMs) {
      const next = sign(nowMs + aheadMs);
      if (next.signature === made.signature) {
        // Its clock does not know ms.
        if (tickMs === SECOND_MS) break;
        tickMs = SECOND_MS;
      }
      made = next;
    }
    used.add(made.signature);
    for (const oldest of used) {
      if (used.size <= MAX_REMEMBERED) break;
      used.delete(oldest);
    }
    return made;
  };
}
