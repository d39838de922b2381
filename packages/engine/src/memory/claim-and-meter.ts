import type {
  ClaimAndMeter,
  ClaimAndMeterAnswer,
  ClaimAndMeterAsk,
  MeterState,
} from '../ports/claim-and-meter.ts';
import { RateWindow } from './rate-window.ts';
import { ReplayMemory } from './replay-memory.ts';
import { RisingNonces } from './rising-nonces.ts';

export interface MemoryClaimAndMeterOptions {
  /** Most nonces that are remembered at a time. Beyond it, requests that must be claimed are refused. */
  readonly maxNonces?: number;
}

/** How many rate windows are looked at, after each claim, for one that is out of use. */
const SWEEP = 32;
/** After how many claims that is done. */
const SWEEP_EVERY = 16;
const NONE: readonly MeterState[] = [];

export interface MemoryClaimAndMeter extends ClaimAndMeter {
  readonly nonces: { readonly size: number; readonly bytes: number };
}

/**
 * Replay memory and rate limits of one node. Each call runs to its end without giving way to another, and
 * that is what makes it atomic.
 */
export function createMemoryClaimAndMeter(options: MemoryClaimAndMeterOptions = {}): MemoryClaimAndMeter {
  const nonces = new ReplayMemory(options.maxNonces ?? 16_000_000);
  const rising = new RisingNonces();
  const windows = new Map<string, RateWindow>();
  let sweep = windows.entries();
  let claims = 0;

  function windowOf(key: string, windowMs: number): RateWindow {
    let window = windows.get(key);
    if (window === undefined) {
      window = new RateWindow(windowMs);
      windows.set(key, window);
    }
    return window;
  }

  function sweepSome(nowMs: number): void {
    claims++;
    if (claims % SWEEP_EVERY !== 0) return;
    for (let i = 0; i < SWEEP; i++) {
      const next = sweep.next();
      if (next.done) {
        sweep = windows.entries();
        return;
      }
      const [key, window] = next.value;
      if (window.used(nowMs) === 0) windows.delete(key);
    }
  }

  function claimAndMeter(ask: ClaimAndMeterAsk, nowMs: number): ClaimAndMeterAnswer {
    const { nonce, bound, nonceExpiresAt, meters, cost } = ask;
    if (nonce !== undefined) {
      const state = nonces.state(nonce, nonceExpiresAt, nowMs);
      const isRepeated =
        state === 'replayed' &&
        bound !== undefined &&
        nonces.state(bound, nonceExpiresAt, nowMs) === 'replayed';
      if (state !== 'fresh' && !isRepeated)
        return { ok: false, reason: state === 'full' ? 'full' : 'replayed' };
    }
    if (ask.rising !== undefined && !rising.isFresh(ask.rising)) {
      return { ok: false, reason: 'nonce_not_rising', highest: rising.highest(ask.rising.series) };
    }
    for (let i = 0; i < meters.length; i++) {
      const { key, quota, windowMs } = meters[i] as (typeof meters)[number];
      const window = windowOf(key, windowMs);
      if (window.used(nowMs) + cost <= quota) continue;
      return {
        ok: false,
        reason: 'rate_limited',
        limit: i,
        retryAfterMs: window.freeAfter(cost, quota, nowMs),
      };
    }
    if (nonce !== undefined) nonces.claim(nonce, nonceExpiresAt);
    if (bound !== undefined) nonces.claim(bound, nonceExpiresAt);
    if (ask.rising !== undefined) rising.use(ask.rising);
    if (meters.length === 0) return { ok: true, remaining: NONE };
    const remaining = meters.map(({ key, quota, windowMs }) => {
      const window = windowOf(key, windowMs);
      window.use(cost, nowMs);
      return { remaining: quota - window.used(nowMs), resetMs: window.emptyAfter(nowMs) };
    });
    sweepSome(nowMs);
    return { ok: true, remaining };
  }

  return {
    claimAndMeter,
    restore: (nonce, expiresAt) => nonces.claim(nonce, expiresAt),
    restoreRising: (series, value) => rising.restore(series, value),
    nonces,
  };
}
