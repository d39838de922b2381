import { type Credential, type Denial, denial } from '@countersign/core';
import type { Ask } from './decision.ts';
import type { ClaimAndMeterAnswer } from './ports/claim-and-meter.ts';

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
      const limit = profile.rateLimits[answer.limit];
      const retryAfterSeconds = Math.max(1, Math.ceil(answer.retryAfterMs / 1000));
      const detail = `The limit "${limit?.name}" of ${limit?.quota} in ${limit?.windowSeconds} s is used up.`;
      return denial('rate_limited', detail, { retryAfterSeconds });
    }
  }
}
