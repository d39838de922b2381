import { UsageParams, UsageRelease, UsageReleased } from '../usage.ts';
import { Decision, ExplainRequest, Explanation, VerifyRequest } from '../verify.ts';
import type { RouteContract } from './route-contract.ts';

/** Decisions, and what they took. */
export const VERIFY_ROUTES = {
  verify: {
    method: 'POST',
    path: '/v1/verify',
    summary: 'Decide about a signed request',
    permission: 'verify',
    body: VerifyRequest,
    status: 200,
    answer: Decision,
    errors: ['invalid_body'],
  },
  explain: {
    method: 'POST',
    path: '/v1/explain',
    summary:
      'Say why a signed request is refused, and what its client did wrong. Decides and changes nothing',
    permission: 'keys.read',
    body: ExplainRequest,
    status: 200,
    answer: Explanation,
    errors: ['invalid_body', 'rate_limited'],
  },
  releaseUsage: {
    method: 'POST',
    path: '/v1/usage/{requestId}/release',
    summary:
      'Give back what an allowed request took of amounts and rate limits, because it had no effect. Once: again changes nothing',
    permission: 'verify',
    params: UsageParams,
    body: UsageRelease,
    bodyIsOptional: true,
    status: 200,
    answer: UsageReleased,
    errors: ['invalid_body', 'not_found', 'state_conflict'],
  },
} as const satisfies Record<string, RouteContract>;
