import { type Credential, type Denial, denial } from '@countersign/core';
import type { Meter } from '../limits/credential-limits.ts';
import type { ClaimAndMeterAnswer } from '../ports/claim-and-meter.ts';
import type { Ask } from './decision.ts';

/** What is wrong when no dialect was recognised. */
export function noDialect({ dialect }: Ask, message: string | undefined): Denial {
  if (dialect !== undefined) return denial('dialect_unknown', 'There is no dialect of that name.');
  const what = message === undefined ? 'request' : 'message';
  return denial('credential_missing', `The ${what} carries no credential in any known dialect.`, {
    part: 'key',
  });
}

export function unavailable(detail: string): Denial {
  return denial('unavailable', detail, { retryAfterSeconds: 1 });
}

/** Says why stage 9 refused. Only somebody who was authenticated hears it. */
export function refusedClaim(
  answer: Exclude<ClaimAndMeterAnswer, { ok: true }>,
  meters: readonly Meter[],
  { profile }: Credential,
): Denial {
  switch (answer.reason) {
    case 'replayed':
      return denial('replayed', 'This request was used before.', { part: 'timestamp' });
    case 'nonce_not_rising': {
      const detail = `The nonce was used before, or is too far below the highest so far, ${answer.highest}.`;
      return denial('replayed', detail, { part: 'timestamp' });
    }
    case 'full':
      return unavailable('The replay memory is full.');
    case 'rate_limited': {
      const { name, quota, windowMs } = meters[answer.limit] as Meter;
      const detail = `The limit "${name}" of ${quota} in ${windowMs / 1000} s is used up.`;
      return denial('rate_limited', detail, { retryAfterSeconds: wholeSeconds(answer.retryAfterMs) });
    }
    case 'amount_exceeded': {
      const name = profile.constraints?.spendLimits[answer.spend]?.name;
      const retryAfterSeconds = wholeSeconds(answer.retryAfterMs);
      const what = `The amount is over what is left of the limit for ${name === 'day' ? 'a day' : name}`;
      return denial('constraint_violated', `${what}: it fits in ${retryAfterSeconds} s.`, {
        retryAfterSeconds,
      });
    }
  }
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
