import { dateOf, type JsonTree, type ServerClock, type TimeRoute } from './clock.ts';
import { CountersignError } from './errors.ts';
import { resolveTarget } from './origin.ts';
import type { SignedCall } from './signer.ts';
import { type Answer, textOf } from './transport.ts';
import type { AnswerVerifier } from './verify-answers.ts';

interface TimeQuestionParts {
  readonly baseUrl: URL;
  readonly clock: ServerClock;
  readonly verifier: AnswerVerifier | undefined;
  readonly send: (request: SignedCall, signal: AbortSignal) => Promise<Answer>;
}

/** Years 2020 to 2100: what a route says in seconds or microseconds is none of them. */
const MIN_MS = 1_577_836_800_000;
const MAX_MS = 4_102_444_800_000;

/**
 * Makes the question for the server's time: at the time route, or, where there is none, by the `Date` of whatever is
 * answered at `baseUrl`. The request carries no credential. Answers whether the clock was wrong.
 */
export function createTimeQuestion(
  route: TimeRoute | undefined,
  { baseUrl, clock, verifier, send }: TimeQuestionParts,
): (signal: AbortSignal) => Promise<boolean> {
  const url = resolveTarget(route?.path ?? baseUrl, baseUrl).href;
  return async (signal) => {
    const request: SignedCall = { method: 'GET', url, headers: {}, body: new Uint8Array() };
    const answer = await send(request, signal);
    const { sentAt, receivedAt } = answer;
    const serverMs = route === undefined ? dateOf(answer.headers) : timeIn(answer, route);
    if (serverMs === undefined || !(serverMs > MIN_MS && serverMs < MAX_MS)) {
      throw new CountersignError('answer_unexpected', 'The server did not tell its time in ms since 1970.', {
        status: answer.status,
      });
    }
    if (verifier !== undefined && !verifier.isGoodAt(answer, request, serverMs)) {
      throw new CountersignError('answer_unverified', 'The answer about the time cannot be believed.');
    }
    return clock.learn({ sentAt, receivedAt, serverMs, resolutionMs: route === undefined ? 1000 : 1 });
  };
}

function timeIn(answer: Answer, { read }: TimeRoute): number | undefined {
  try {
    return read(JSON.parse(textOf(answer)) as JsonTree);
  } catch {
    return undefined; // No JSON, or not of the form that the route was said to have.
  }
}
