import { FingerprintSet } from '../credentials/fingerprint-set.ts';
import type { NonceFingerprint } from '../ports/claim-and-meter.ts';

/** Nonces are kept by when they expire, in slices of this length, and forgotten a slice at a time. */
const SLICE_MS = 2_000;

export type ReplayState = 'fresh' | 'replayed' | 'expired' | 'full';

/**
 * Remembers which nonces were used until their window has passed. Memory is bounded by the window and by
 * `capacity`; when that is reached it answers `full`, and never forgets a nonce early.
 */
export class ReplayMemory {
  readonly #slices = new Map<number, FingerprintSet>();
  readonly #capacity: number;
  #size = 0;
  /** Slices before this one are forgotten for good, even if the clock is set back. */
  #horizon = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of memory in use for fingerprints. */
  get bytes(): number {
    let sum = 0;
    for (const slice of this.#slices.values()) sum += slice.bytes;
    return sum;
  }

  /** Says what {@link ReplayMemory.claim} would find, and changes nothing but what has expired. */
  state(nonce: NonceFingerprint, expiresAt: number, nowMs: number): ReplayState {
    this.#forget(nowMs);
    const index = Math.floor(expiresAt / SLICE_MS);
    if (index < this.#horizon) return 'expired';
    if (this.#slices.get(index)?.has(nonce.high, nonce.low)) return 'replayed';
    return this.#size >= this.#capacity ? 'full' : 'fresh';
  }

  /** Remembers a nonce of which {@link ReplayMemory.state} just said that it is fresh. */
  claim(nonce: NonceFingerprint, expiresAt: number): void {
    const index = Math.floor(expiresAt / SLICE_MS);
    let slice = this.#slices.get(index);
    if (slice === undefined) {
      slice = new FingerprintSet();
      this.#slices.set(index, slice);
    }
    if (slice.add(nonce.high, nonce.low)) this.#size++;
  }

  #forget(nowMs: number): void {
    const current = Math.floor(nowMs / SLICE_MS);
    if (current <= this.#horizon) return;
    this.#horizon = current;
    for (const [index, slice] of this.#slices) {
      if (index >= current) continue;
      this.#size -= slice.size;
      this.#slices.delete(index);
    }
  }
}
