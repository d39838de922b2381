import { CountersignError } from './errors.ts';
import { readHttpDate } from './http-date.ts';

/** Something parsed from JSON whose form only its reader knows: `Number()` makes a number of what is one. */
export interface JsonTree {
  readonly [name: string]: JsonTree;
}

/** A route that tells the server's time. */
export interface TimeRoute {
  /** Below `baseUrl`; asked for without a signature. */
  readonly path: string;
  /** Finds the time in the answer, in ms since 1970: `(answer) => Number(answer.serverTime)`. */
  readonly read: (answer: JsonTree) => number;
}

/** When a time was asked for and told, in ms of this machine's own clock. */
export interface TimeObservation {
  readonly sentAt: number;
  readonly receivedAt: number;
  /** What the server said, and to how many ms that is exact. */
  readonly serverMs: number;
  readonly resolutionMs: number;
}

/** This machine's clock, set right by what servers say. */
export interface ServerClock {
  nowMs(): number;
  /** How far the server's clock is ahead of this machine's, as far as is known. */
  readonly offsetMs: number;
  /**
   * Learns from what a server said. The offset is left alone where it agrees with that, since a `Date` is exact to a
   * second only; else it takes the middle of what is possible.
   *
   * @returns whether it was changed
   * @throws {@link CountersignError} `clock_off` when the difference is over the limit: whoever could move the clock far
   *   could have requests signed that are good at another time
   */
  learn(observation: TimeObservation): boolean;
}

export function createServerClock(ownClock: () => number, maxOffsetMs: number): ServerClock {
  let offsetMs = 0;
  return {
    nowMs: () => Math.round(ownClock() + offsetMs),
    get offsetMs() {
      return offsetMs;
    },
    learn({ sentAt, receivedAt, serverMs, resolutionMs }) {
      const least = serverMs - receivedAt;
      const most = serverMs + resolutionMs - sentAt;
      if (offsetMs >= least && offsetMs <= most) return false;
      const next = Math.round((least + most) / 2);
      if (Math.abs(next) > maxOffsetMs) {
        const seconds = Math.round(Math.abs(next) / 1000);
        throw new CountersignError(
          'clock_off',
          `This machine's clock is ${seconds} s ${next > 0 ? 'behind' : 'ahead of'} the server's, which is more than a client makes up for.`,
        );
      }
      offsetMs = next;
      return true;
    },
  };
}

/** The time in an answer's `Date` (RFC 9110 section 6.6.1), in ms; undefined where it has none, or comes from a cache. */
export function dateOf(headers: Headers): number | undefined {
  return headers.has('age') ? undefined : readHttpDate(headers.get('date') ?? '');
}
