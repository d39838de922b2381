import type { RateLimitState } from '@countersign/core';
import type { Way } from './way.ts';

/**
 * The headers that tell a client how it stands, whatever the decision: `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers-10), and what its dialect's own exchange sends. Undefined where there is nothing
 * to tell.
 *
 * A character of a limit's name that no contract allows, and that would need an escape, is written as `_`. In
 * `RateLimit`, `t` says when the whole quota is free again if nothing more is sent; of a limit that is used up, when the
 * first of it is.
 */
export function answerHeaders({
  limits,
  dialect,
  nowMs,
}: Pick<Way, 'limits' | 'dialect' | 'nowMs'>): Readonly<Record<string, string>> | undefined {
  if (limits.length === 0) return undefined;
  let policy = '';
  let state = '';
  for (const limit of limits) {
    const { remaining, resetSeconds, nextSeconds } = limit;
    const known = toldOf(limit);
    const comma = policy === '' ? '' : ', ';
    policy += comma + known.policy;
    state += `${comma + known.name};r=${remaining};t=${remaining === 0 ? nextSeconds : resetSeconds}`;
  }
  return { 'ratelimit-policy': policy, ratelimit: state, ...dialect?.rateLimitHeaders?.(limits, nowMs) };
}

/** What is told of a limit with every decision, as long as it stays as it is. */
interface Told extends Pick<RateLimitState, 'quota' | 'windowSeconds'> {
  readonly name: string;
  readonly policy: string;
}

const MAX_KNOWN = 1_000;
/** By the limit's name: most keys have the same ones. */
const told = new Map<string, Told>();

function toldOf({ name, quota, windowSeconds }: RateLimitState): Told {
  let known = told.get(name);
  if (known?.quota !== quota || known.windowSeconds !== windowSeconds) {
    const text = `"${name.replace(/[^\w.:@ -]/g, '_')}"`;
    known = { quota, windowSeconds, name: text, policy: `${text};q=${quota};w=${windowSeconds}` };
    if (told.size >= MAX_KNOWN) told.clear();
    told.set(name, known);
  }
  return known;
}
