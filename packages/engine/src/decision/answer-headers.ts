import type { RateLimitState } from '@countersign/core';
import type { Way } from './way.ts';

/**
 * The headers that tell a client how it stands, whatever the decision: `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers-10), and what its dialect's own exchange sends. Undefined where there is nothing
 * to tell.
 *
 * A character of a limit's name that no contract allows, and that would need an escape, is written as `_`. In `RateLimit`, `t` says when the whole
 * quota is free again if nothing more is sent; of a limit that is used up, when the first of it is.
 */
export function answerHeaders({
  limits,
  dialect,
  nowMs,
}: Pick<Way, 'limits' | 'dialect' | 'nowMs'>): Readonly<Record<string, string>> | undefined {
  if (limits.length === 0) return undefined;
  return {
    'ratelimit-policy': limits.map(policyOf).join(', '),
    ratelimit: limits.map(stateOf).join(', '),
    ...dialect?.rateLimitHeaders?.(limits, nowMs),
  };
}

function policyOf({ name, quota, windowSeconds }: RateLimitState): string {
  return `${textOf(name)};q=${quota};w=${windowSeconds}`;
}

function stateOf({ name, remaining, resetSeconds, nextSeconds }: RateLimitState): string {
  return `${textOf(name)};r=${remaining};t=${remaining === 0 ? nextSeconds : resetSeconds}`;
}

function textOf(name: string): string {
  return `"${name.replace(/[^\w.:@ -]/g, '_')}"`;
}
