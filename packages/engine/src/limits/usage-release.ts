import { decimalOf } from '@countersign/core';
import type { GroupCommit } from '../audit/group-commit.ts';
import type { By } from '../keys/key-result.ts';
import type { ClaimAndMeter } from '../ports/claim-and-meter.ts';
import { endOfTaken, type Reservation } from '../ports/reservations.ts';
import type { Store } from '../ports/store.ts';

/** What a decision took of limits is given back. */
export interface UsageReleased {
  readonly ok: true;
  readonly requestId: string;
  readonly credentialId: string;
  /** What it had spent, as a decimal; null when nothing. */
  readonly amount: string | null;
  /** Units that it had used up of each of its rate limits; null when it has none. */
  readonly cost: number | null;
  /** Ms since 1970. */
  readonly releasedAt: number;
  /** Whether that had happened before, and nothing now. */
  readonly wasReleased: boolean;
}

/** Why nothing was given back. */
export interface UsageRefusal {
  readonly ok: false;
  readonly code: 'not_found' | 'state_conflict';
  readonly detail: string;
}

const UNKNOWN: UsageRefusal = {
  ok: false,
  code: 'not_found',
  detail:
    'No decision of that request id is known to have taken anything of a limit: it was none, it was refused, its key has ' +
    'no limits, or all of them have long passed.',
};
const PASSED: UsageRefusal = {
  ok: false,
  code: 'state_conflict',
  detail: 'All windows of its limits have passed: nothing of it is counted any more.',
};

interface Parts {
  readonly store: Store;
  readonly log: GroupCommit;
  readonly claimAndMeter: ClaimAndMeter;
  readonly clock: () => number;
}

/** Gives back what allowed requests took of limits and then had no effect. */
export class UsageRelease {
  readonly #parts: Parts;
  /** One release of a request at a time, so that it is known which of them gave back. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Gives back the amount and the rate units of an allowed decision, once. First it is stored that they count no more,
   * with an entry in the log, then they are given back: what ends in between does so at the next start. Rejects with a
   * `StoreError` when it cannot be stored, and then nothing was given back.
   */
  async release(requestId: string, by: By, reason?: string): Promise<UsageReleased | UsageRefusal> {
    const before = this.#underWay.get(requestId);
    const now = (before ?? Promise.resolve())
      .catch(() => {})
      .then(() => this.#release(requestId, by, reason));
    this.#underWay.set(requestId, now);
    try {
      return await now;
    } finally {
      if (this.#underWay.get(requestId) === now) this.#underWay.delete(requestId);
    }
  }

  async #release(
    requestId: string,
    by: By,
    reason: string | undefined,
  ): Promise<UsageReleased | UsageRefusal> {
    const { store, log, claimAndMeter, clock } = this.#parts;
    // What was decided a moment ago is about to be written.
    await log.durable();
    const there = await store.reservation(requestId);
    if (there === undefined) return UNKNOWN;
    if (there.releasedAt !== undefined) return released(there, there.releasedAt, true);
    const nowMs = clock();
    if (endOfTaken(there.taken) <= nowMs) return PASSED;
    const { credentialId } = there;
    const { amount, cost } = released(there, nowMs, false);
    const isOurs = await store.releaseReservation(requestId, nowMs, {
      at: nowMs,
      type: 'key.usage_released',
      credentialId,
      accountId: (await store.loadCredential(credentialId))?.accountId,
      actor: by.actor,
      requestId: by.requestId,
      data: { decision: requestId, amount: amount ?? undefined, cost: cost ?? undefined, reason },
    });
    if (!isOurs) return this.#afterAnother(requestId);
    await claimAndMeter.giveBack(there.taken, nowMs);
    return released(there, nowMs, false);
  }

  /** Another process was faster, or what was there is forgotten now. */
  async #afterAnother(requestId: string): Promise<UsageReleased | UsageRefusal> {
    const there = await this.#parts.store.reservation(requestId);
    return there?.releasedAt === undefined ? UNKNOWN : released(there, there.releasedAt, true);
  }
}

function released(
  { requestId, credentialId, taken }: Reservation,
  releasedAt: number,
  wasReleased: boolean,
): UsageReleased {
  return {
    ok: true,
    requestId,
    credentialId,
    amount: taken.spends.length === 0 ? null : decimalOf(taken.amount),
    cost: taken.meters.length === 0 ? null : taken.cost,
    releasedAt,
    wasReleased,
  };
}
