import type {
  ClaimAndMeter,
  ClaimAndMeterAnswer,
  ClaimAndMeterAsk,
  MeterAsk,
  MeterState,
  SpendAsk,
  Taken,
} from '../ports/claim-and-meter.ts';
import { AmountWindow } from './amount-window.ts';
import { RateWindow } from './rate-window.ts';
import { ReplayMemory } from './replay-memory.ts';
import { RisingNonces } from './rising-nonces.ts';
import { WindowTable } from './window-table.ts';

export interface MemoryClaimAndMeterOptions {
  /** Most nonces that are remembered at a time. Beyond it, requests that must be claimed are refused. */
  readonly maxNonces?: number;
}

const NO_STATES: readonly MeterState[] = [];
const NO_SPENDS: readonly SpendAsk[] = [];
const NOTHING_TAKEN: ClaimAndMeterAnswer = { ok: true, remaining: NO_STATES };

export interface MemoryClaimAndMeter extends ClaimAndMeter {
  readonly nonces: { readonly size: number; readonly bytes: number };
  /** How many windows are counted in. */
  readonly windows: { readonly size: number };
}

/**
 * Replay memory, rate limits and amounts of one node. Each call runs to its end without giving way to another, and
 * that is what makes it atomic.
 */
export function createMemoryClaimAndMeter(options: MemoryClaimAndMeterOptions = {}): MemoryClaimAndMeter {
  const nonces = new ReplayMemory(options.maxNonces ?? 16_000_000);
  const rising = new RisingNonces();
  const rates = new WindowTable((windowMs) => new RateWindow(windowMs));
  const amounts = new WindowTable((windowMs) => new AmountWindow(windowMs));

  function stateOf({ key, quota }: MeterAsk, nowMs: number): MeterState {
    const window = rates.get(key);
    if (window === undefined) return { remaining: quota, resetMs: 0, nextMs: 0 };
    return {
      // Less than nothing is left where a quota was lowered meanwhile.
      remaining: Math.max(0, quota - window.used(nowMs)),
      resetMs: window.emptyAfter(nowMs),
      nextMs: window.nextAfter(nowMs),
    };
  }

  function statesOf(meters: readonly MeterAsk[], nowMs: number): readonly MeterState[] {
    return meters.length === 0 ? NO_STATES : meters.map((meter) => stateOf(meter, nowMs));
  }

  /** Makes no window: what is refused takes nothing, and leaves nothing behind. */
  function refuse(
    { meters, cost, spends = NO_SPENDS, amount = 0n }: ClaimAndMeterAsk,
    nowMs: number,
  ): ClaimAndMeterAnswer | undefined {
    let over = -1;
    let retryAfterMs = 0;
    for (let i = 0; i < meters.length; i++) {
      const { key, quota, windowMs } = meters[i] as MeterAsk;
      const window = rates.get(key);
      if ((window?.used(nowMs) ?? 0) + cost <= quota) continue;
      const waitMs = window?.freeAfter(cost, quota, nowMs) ?? windowMs;
      if (waitMs <= retryAfterMs) continue;
      retryAfterMs = waitMs;
      over = i;
    }
    if (over !== -1) {
      const remaining = statesOf(meters, nowMs);
      return { ok: false, reason: 'rate_limited', limit: over, retryAfterMs, remaining };
    }
    for (let i = 0; i < spends.length; i++) {
      const { key, limit, windowMs } = spends[i] as SpendAsk;
      const window = amounts.get(key);
      if ((window?.spent(nowMs) ?? 0n) + amount <= limit) continue;
      const waitMs = window?.freeAfter(amount, limit, nowMs) ?? windowMs;
      if (waitMs <= retryAfterMs) continue;
      retryAfterMs = waitMs;
      over = i;
    }
    if (over === -1) return undefined;
    const remaining = statesOf(meters, nowMs);
    return { ok: false, reason: 'amount_exceeded', spend: over, retryAfterMs, remaining };
  }

  /** One time for all windows, that none of them has to put off: so that each finds it again. */
  function take(
    { meters, cost, spends = NO_SPENDS, amount = 0n }: ClaimAndMeterAsk,
    nowMs: number,
  ): ClaimAndMeterAnswer {
    let at = nowMs;
    for (const { key, windowMs } of meters) at = Math.max(at, rates.of(key, windowMs).lastMs);
    for (const { key, windowMs } of spends) at = Math.max(at, amounts.of(key, windowMs).lastMs);
    const taken: Taken = { at, cost, meters, amount, spends };
    count(taken);
    rates.sweepSome(nowMs);
    amounts.sweepSome(nowMs);
    return { ok: true, remaining: statesOf(meters, nowMs), taken };
  }

  function count({ at, cost, meters, amount, spends }: Taken): void {
    for (const { key, windowMs } of meters) rates.of(key, windowMs).use(cost, at);
    for (const { key, windowMs } of spends) amounts.of(key, windowMs).spend(amount, at);
  }

  function claimAndMeter(ask: ClaimAndMeterAsk, nowMs: number): ClaimAndMeterAnswer {
    const { nonce, bound, nonceExpiresAt, meters, spends = NO_SPENDS } = ask;
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
    const takesNothing = meters.length === 0 && spends.length === 0;
    const refusal = takesNothing ? undefined : refuse(ask, nowMs);
    if (refusal !== undefined) return refusal;
    if (nonce !== undefined) nonces.claim(nonce, nonceExpiresAt);
    if (bound !== undefined) nonces.claim(bound, nonceExpiresAt);
    if (ask.rising !== undefined) rising.use(ask.rising);
    return takesNothing ? NOTHING_TAKEN : take(ask, nowMs);
  }

  return {
    claimAndMeter,
    restore: (nonce, expiresAt) => nonces.claim(nonce, expiresAt),
    restoreRising: (series, value) => rising.restore(series, value),
    giveBack({ at, cost, meters, amount, spends }) {
      for (const { key } of meters) rates.get(key)?.giveBack(cost, at);
      for (const { key } of spends) amounts.get(key)?.giveBack(amount, at);
    },
    restoreTaken(taken, nowMs) {
      const isOpen = ({ windowMs }: { readonly windowMs: number }) => taken.at + windowMs > nowMs;
      count({ ...taken, meters: taken.meters.filter(isOpen), spends: taken.spends.filter(isOpen) });
    },
    nonces,
    windows: {
      get size() {
        return rates.size + amounts.size;
      },
    },
  };
}
