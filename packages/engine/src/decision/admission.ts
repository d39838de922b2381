import { type Denial, denial, faultInRequestLine } from '@countersign/core';
import { networkOf } from '../guesses/guesses.ts';
import type { TokenBuckets } from '../guesses/token-buckets.ts';
import type { Way } from './way.ts';

export interface AdmissionParts {
  /** How many requests of one source are logged that name no known credential, or guess. */
  readonly strangers: TokenBuckets;
  /** How many requests of all sources together are logged that prove nothing, at each door. */
  readonly unproven: TokenBuckets;
  readonly maxBodyBytes: number;
}

/** Stage 1: sizes, and what of strangers is logged. Who has failed too often is asked elsewhere. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Says what is wrong with a request as such. */
  refuse({ request, ask }: Way): Denial | undefined {
    const { maxBodyBytes } = this.#parts;
    // What operators send has the limits of the face that read it: a verify call holds a whole request.
    const isTooLong = ask.audience !== 'operators' && request.body.length > maxBodyBytes;
    if (request.bodyIsTruncated || isTooLong) {
      return denial('body_too_large', `The body is over the limit of ${maxBodyBytes} bytes.`);
    }
    const fault = faultInRequestLine(request.method, request.target);
    return fault === undefined ? undefined : denial('malformed_request', fault);
  }

  /**
   * Whether one more request that proved nothing is left out of the log, because its source has filled its part, or all
   * sources together have: whoever has a million networks could otherwise fill the disk, and stop everybody with it. It is
   * counted still.
   *
   * @param isStranger it names no known credential, or guesses
   */
  isLeftOut(way: Way, isStranger: boolean): boolean {
    const { strangers, unproven } = this.#parts;
    const { audience, nowMs } = way;
    const source = networkOf(way);
    if (isStranger && strangers.wait(source, nowMs) > 0) return true;
    if (unproven.wait(audience, nowMs) > 0) return true;
    if (isStranger) strangers.take(source, nowMs);
    unproven.take(audience, nowMs);
    return false;
  }
}
