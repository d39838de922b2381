import { pause } from './pause.ts';
import type { RemainingQuota } from './rate-limit.ts';

/** A server may name as many policies as it likes; no more than these are remembered. */
const MAX_POLICIES = 16;
const LONGEST_MS = 86_400_000;
/** How often a request that waits looks whether its turn has come. */
const LOOK_EVERY_MS = 50;

/** Holds requests back while the server said that it would refuse them. */
export interface Pace {
  /** Ms that a request would have to wait now. */
  delayMs(): number;
  /**
   * Waits for a turn and counts the request. Where that would take longer than `maxWaitMs`, also because others were
   * refused meanwhile, it gives the ms that are left to wait, and counts nothing. Rejects when the signal is aborted.
   */
  take(signal: AbortSignal, maxWaitMs: number): Promise<number | undefined>;
  /** Told of each request's end that was taken. */
  done(): void;
  /** Learns from an answer that was no refusal for its rate. */
  learn(quotas: readonly RemainingQuota[]): void;
  /** Holds everything back for that long; then one request goes alone, and the others when it came through. */
  holdBack(ms: number): void;
}

interface Budget {
  readonly remaining: number;
  readonly endsAt: number;
}

/** @param elapsed ms of a clock that never goes back */
export function createPace(elapsed: () => number = () => performance.now()): Pace {
  const budgets = new Map<string, Budget>();
  let heldUntil = 0;
  let inFlight = 0;
  let isProbing = false;

  function delayMs(): number {
    const now = elapsed();
    let until = heldUntil;
    for (const [policy, { remaining, endsAt }] of budgets) {
      if (endsAt <= now) budgets.delete(policy);
      // Those under way may not be counted yet in what the server said.
      else if (remaining <= inFlight) until = Math.max(until, endsAt);
    }
    return Math.max(0, until - now);
  }

  return {
    delayMs,
    async take(signal, maxWaitMs) {
      const giveUpAt = elapsed() + maxWaitMs;
      while (delayMs() > 0 || (isProbing && inFlight > 0)) {
        const ms = delayMs();
        if (elapsed() + ms > giveUpAt) return Math.ceil(ms);
        await pause(ms > 0 ? Math.min(Math.ceil(ms), LOOK_EVERY_MS) : LOOK_EVERY_MS, signal);
      }
      inFlight++;
      return undefined;
    },
    done() {
      inFlight--;
    },
    learn(quotas) {
      isProbing = false;
      for (const { policy, remaining, resetSeconds } of quotas) {
        if (budgets.size >= MAX_POLICIES && !budgets.has(policy)) continue;
        budgets.set(policy, { remaining, endsAt: elapsed() + Math.min(resetSeconds * 1000, LONGEST_MS) });
      }
    },
    holdBack(ms) {
      isProbing = true;
      heldUntil = Math.max(heldUntil, elapsed() + Math.min(ms, LONGEST_MS));
    },
  };
}
