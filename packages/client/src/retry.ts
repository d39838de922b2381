import { isSafeMethod } from '@countersign/core';
import type { Call } from './call.ts';
import type { CountersignError, CountersignErrorCode } from './errors.ts';

export interface RetryOptions {
  /** How often a request is sent again at most. Default 4; 0: never. */
  readonly retries?: number | undefined;
  /** The longest wait between two tries, and for a turn, in ms. Default 30000. */
  readonly maxWaitMs?: number | undefined;
}

const FIRST_WAIT_MS = 250;
/** Answers of something before the API, or of an API that says itself that it did nothing. */
const TRANSIENT_STATUS = new Set([429, 502, 503, 504]);
const TRANSIENT_FAILURE: ReadonlySet<CountersignErrorCode> = new Set([
  'connection_failed',
  'connection_lost',
  'timeout',
]);

/**
 * Whether a request may have its effect once, however often it is sent: it has none, or the service knows by its
 * `Idempotency-Key` that it is the same.
 */
export function mayRepeat({ method, headers }: Call): boolean {
  return isSafeMethod(method) || headers.some(([name, value]) => name === 'idempotency-key' && value !== '');
}

export function isTransientStatus(status: number): boolean {
  return TRANSIENT_STATUS.has(status);
}

export function isTransientFailure({ code }: CountersignError): boolean {
  return TRANSIENT_FAILURE.has(code);
}

/**
 * How long to wait before a try: twice as long each time, and less by up to a half, so that many clients do not come
 * back at once.
 *
 * @param retry counted from 0
 * @param random from 0 to less than 1
 */
export function backoffMs(retry: number, random: number): number {
  return FIRST_WAIT_MS * 2 ** retry * (1 - random / 2);
}
