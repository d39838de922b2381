import type { MaybePromise } from './maybe-promise.ts';

/** One rate limit to be asked: at most `quota` units of cost in any window of `windowMs`. */
export interface MeterAsk {
  readonly key: string;
  readonly quota: number;
  readonly windowMs: number;
}

/** One limit of amounts to be asked: at most `limit` in any window of `windowMs`, in units of 10^-30. */
export interface SpendAsk {
  readonly key: string;
  readonly limit: bigint;
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
  /** Absent: none. */
  readonly spends?: readonly SpendAsk[] | undefined;
  /** What the request spends of each of `spends`, in units of 10^-30: more than zero. Absent: nothing. */
  readonly amount?: bigint | undefined;
}

/** A window that something was taken from. Meters and spends are such. */
export interface TakenFrom {
  readonly key: string;
  readonly windowMs: number;
}

/** What an allowed request took of limits: enough to give it back, and to know it again after a restart. */
export interface Taken {
  /** Ms since 1970 from which on it counts in all its windows: that of the request, or later when the clock was set back. */
  readonly at: number;
  readonly cost: number;
  readonly meters: readonly TakenFrom[];
  /** In units of 10^-30; zero where there are no spends. */
  readonly amount: bigint;
  readonly spends: readonly TakenFrom[];
}

export interface NonceFingerprint {
  readonly high: number;
  readonly low: number;
}

export type ClaimAndMeterAnswer =
  | {
      readonly ok: true;
      readonly remaining: readonly MeterState[];
      /** Absent where there are neither meters nor spends. */
      readonly taken?: Taken | undefined;
    }
  | { readonly ok: false; readonly reason: 'replayed' | 'full' }
  | { readonly ok: false; readonly reason: 'nonce_not_rising'; readonly highest: bigint | undefined }
  | {
      readonly ok: false;
      readonly reason: 'rate_limited';
      /** The limit that is over, the one to be waited for longest where there are several. */
      readonly limit: number;
      /** Ms until the cost fits into all limits, if nothing more is asked. */
      readonly retryAfterMs: number;
      /** Of all limits. */
      readonly remaining: readonly MeterState[];
    }
  | {
      readonly ok: false;
      readonly reason: 'amount_exceeded';
      /** The one of `spends` that is over, and to be waited for longest. */
      readonly spend: number;
      /** Ms until the amount fits into all of them, if nothing more is spent. */
      readonly retryAfterMs: number;
      readonly remaining: readonly MeterState[];
    };

export interface MeterState {
  readonly remaining: number;
  /** Ms until the whole quota is free again, if nothing more is asked. */
  readonly resetMs: number;
  /** Ms until more of it is free than now; 0 when all of it is. */
  readonly nextMs: number;
}

/**
 * Uses up a nonce, the cost of all rate limits, and an amount, in one atomic step: either all of it happens or nothing.
 * A request over a limit does not burn its nonce, and a replay does not use up a quota.
 */
export interface ClaimAndMeter {
  claimAndMeter(ask: ClaimAndMeterAsk, nowMs: number): MaybePromise<ClaimAndMeterAnswer>;
  /** Remembers a nonce that was used before a restart. Absent where the memory outlives this process. */
  restore?(nonce: NonceFingerprint, expiresAt: number): void;
  restoreRising?(series: string, value: bigint): void;
  /**
   * Gives back what a request took, as far as it is counted still. The caller sees to it that this happens once: there
   * is no memory here of who took what.
   */
  giveBack(taken: Taken, nowMs: number): MaybePromise<void>;
  /** Counts what was taken before a restart. To be called in the order of `at`. Absent where the memory outlives this process. */
  restoreTaken?(taken: Taken, nowMs: number): void;
}
