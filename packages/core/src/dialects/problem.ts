import { DENIALS, type Denial, problemType, publicDenial } from '../denial.ts';
import type { HttpAnswer, RefusalContext } from './dialect.ts';

/**
 * Writes a refusal as RFC 9457 problem details, for dialects whose exchange has no error format.
 *
 * @param challenge the value of `WWW-Authenticate` (RFC 9110 section 11.6.1) that a 401 carries
 */
export function problemAnswer(refusal: Denial, context: RefusalContext, challenge: string): HttpAnswer {
  const shown = publicDenial(refusal);
  const { status, title } = DENIALS[shown.code];
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (status === 401) headers['www-authenticate'] = challenge;
  if (shown.retryAfterSeconds !== undefined) headers['retry-after'] = String(shown.retryAfterSeconds);
  const problem = {
    type: problemType(shown.code),
    title,
    status,
    detail: shown.detail,
    code: shown.code,
    requestId: context.requestId,
    ...(shown.clockDeltaMs === undefined ? {} : { clockDeltaMs: shown.clockDeltaMs }),
  };
  return { status, headers, body: JSON.stringify(problem) };
}
