import type { MaybePromise } from './store.ts';

/** One rate limit to be asked: at most `quota` units of cost in any window of `windowMs`. */
export interface MeterAsk {
  readonly key: string;
  readonly quota: number;
  readonly windowMs: number;
}

/** What a request uses up, so that it cannot be used again. */
export interface OneUse {
  /** The nonce to be used up: eight bytes as two words. Absent: nothing to remember. */
  readonly nonce?: NonceFingerprint | undefined;
  /** What the nonce came with, for a request that may be repeated as it was: claimed with it, and asked for then. */
  readonly bound?: NonceFingerprint | undefined;
  readonly nonceExpiresAt: number;
  /** A nonce that must be higher than those before it. */
  readonly rising?: RisingNonce | undefined;
}

/** A number out of a series of which each is used once, and which rises. */
export interface RisingNonce {
  readonly series: string;
  readonly value: bigint;
  /** How far below the highest one it may be; absent: as far as the highest ones are remembered. */
  readonly window: bigint | undefined;
  /** How many of the highest are remembered; nothing below them is taken. */
  readonly keep: number;
}

/** What a decision asks for in its last step before it is recorded. */
export interface ClaimAndMeterAsk extends OneUse {
  readonly meters: readonly MeterAsk[];
  /** Units that the request uses up of each limit: a whole number, at least 1. */
  readonly cost: number;
}

export interface NonceFingerprint {
  readonly high: number;
  readonly low: number;
}

export type ClaimAndMeterAnswer =
  | { readonly ok: true; readonly remaining: readonly MeterState[] }
  | { readonly ok: false; readonly reason: 'replayed' | 'full' }
  | { readonly ok: false; readonly reason: 'nonce_not_rising'; readonly highest: bigint | undefined }
  | {
      readonly ok: false;
      readonly reason: 'rate_limited';
      readonly limit: number;
      readonly retryAfterMs: number;
    };

export interface MeterState {
  readonly remaining: number;
  /** Ms until the whole quota is free again, if nothing more is asked. */
  readonly resetMs: number;
}

/**
 * Uses up a nonce and the cost of all rate limits in one atomic step: either all of it happens or nothing.
 * A request over a limit does not burn its nonce, and a replay does not use up a quota.
 */
export interface ClaimAndMeter {
  claimAndMeter(ask: ClaimAndMeterAsk, nowMs: number): MaybePromise<ClaimAndMeterAnswer>;
  /** Remembers a nonce that was used before a restart. Absent where the memory outlives this process. */
  restore?(nonce: NonceFingerprint, expiresAt: number): void;
  restoreRising?(series: string, value: bigint): void;
}
