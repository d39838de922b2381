import { type Denial, denial, faultInRequestLine } from '@countersign/core';
import { networkOf } from '../guesses/guesses.ts';
import type { TokenBuckets } from '../guesses/token-buckets.ts';
import type { Way } from './way.ts';

export interface AdmissionParts {
  /** How many requests of one source are logged that name no known credential. */
  readonly strangers: TokenBuckets;
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

  /** Whether a source without a credential has filled its part of the log. Its requests are counted still. */
  isKnownStranger(way: Way): boolean {
    const { strangers } = this.#parts;
    const source = networkOf(way);
    if (strangers.wait(source, way.nowMs) > 0) return true;
    strangers.take(source, way.nowMs);
    return false;
  }
}
