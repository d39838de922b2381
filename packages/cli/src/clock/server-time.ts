import { CountersignError, connectionFailure } from '@countersign/client';

/** How this machine's clock compares with a server's. */
export interface ClockReading {
  /** How far the server's clock is ahead of this machine's, in ms: the middle of what is possible. */
  readonly offsetMs: number;
  /** The server's clock is so many ms more or less than that. */
  readonly uncertaintyMs: number;
  /** The shortest of all questions. */
  readonly roundTripMs: number;
}

/** Over this, a clock needs mending: what it may be off besides is what a `Date` does not tell. */
export const TOLERATED_MS = 1000;
const QUESTIONS = 5;
/** So that the questions together catch the moment at which the server's second ends. */
const APART_MS = 230;
const TIMEOUT_MS = 10_000;
/** A `Date` is exact to a second (RFC 9110 section 5.6.7). */
const RESOLUTION_MS = 1000;

interface Sample {
  readonly least: number;
  readonly most: number;
  readonly roundTripMs: number;
}

/**
 * Asks a server for its time, by the `Date` of whatever it answers: an error or a redirect is as good as any answer.
 * Nothing of a key goes with it. Several questions narrow down what a `Date`, which has no parts of a second, leaves open.
 *
 * @throws {@link CountersignError} when nothing answers, or tells no time
 */
export async function readServerClock(url: URL, clock: () => number): Promise<ClockReading> {
  const samples: Sample[] = [];
  for (let i = 0; i < QUESTIONS; i++) {
    if (i > 0) await new Promise((resolve) => setTimeout(resolve, APART_MS));
    samples.push(await ask(url, clock));
  }
  const least = Math.max(...samples.map((sample) => sample.least));
  const most = Math.min(...samples.map((sample) => sample.most));
  return {
    offsetMs: Math.round((least + most) / 2),
    // Where the answers contradict each other (several servers, a late timer), they cross.
    uncertaintyMs: Math.round(Math.abs(most - least) / 2),
    roundTripMs: Math.min(...samples.map((sample) => sample.roundTripMs)),
  };
}

async function ask(url: URL, clock: () => number): Promise<Sample> {
  const sentAt = clock();
  const response = await headersOf(url);
  const receivedAt = clock();
  const serverMs = Date.parse(response.get('date') ?? '');
  if (response.has('age') || Number.isNaN(serverMs)) {
    throw new CountersignError('answer_unexpected', 'The server did not tell its time in a Date header.');
  }
  return {
    least: serverMs - receivedAt,
    most: serverMs + RESOLUTION_MS - sentAt,
    roundTripMs: receivedAt - sentAt,
  };
}

async function headersOf(url: URL): Promise<Headers> {
  try {
    const response = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      headers: { 'cache-control': 'no-cache' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return response.headers;
  } catch (error) {
    if ((error as Error).name === 'TimeoutError') {
      throw new CountersignError('timeout', `There was no answer within ${TIMEOUT_MS / 1000} s.`);
    }
    throw connectionFailure(error);
  }
}

/** How far off the clock is at least, in ms. */
export function leastOffMs({ offsetMs, uncertaintyMs }: ClockReading): number {
  return Math.max(0, Math.abs(offsetMs) - uncertaintyMs);
}
