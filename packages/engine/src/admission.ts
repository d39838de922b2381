import {
  type AddressBytes,
  type Denial,
  type DenialCode,
  denial,
  faultInRequestLine,
  sourceOf,
} from '@countersign/core';
import type { Ask } from './decision.ts';
import type { FailureBudget } from './failure-budget.ts';
import type { Way } from './way.ts';

/** Denials that show that somebody guesses. Only these count against a source. */
const FAILURES: ReadonlySet<DenialCode> = new Set([
  'credential_unknown',
  // Only ever said to somebody who proved nothing, and must look like the one before.
  'credential_revoked',
  'passphrase_mismatch',
  'signature_mismatch',
]);

export interface AdmissionParts {
  readonly failures: FailureBudget;
  /** How many requests of one source are logged that name no known credential. */
  readonly strangers: FailureBudget;
  readonly maxBodyBytes: number;
}

/** Stage 1: sizes, and who has failed too often. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Says what is wrong with a request as such, or that its source has failed too often. */
  refuse({ request, ask, peer, nowMs }: Way): Denial | undefined {
    const { maxBodyBytes, failures } = this.#parts;
    // What operators send has the limits of the face that read it: a verify call holds a whole request.
    const isTooLong = ask.audience !== 'operators' && request.body.length > maxBodyBytes;
    if (request.bodyIsTruncated || isTooLong) {
      return denial('body_too_large', `The body is over the limit of ${maxBodyBytes} bytes.`);
    }
    const fault = faultInRequestLine(request.method, request.target);
    if (fault !== undefined) return denial('malformed_request', fault);
    if (failures.isQuiet || peer === undefined) return undefined;
    const waitMs = failures.wait(budgetOf(peer, ask), nowMs);
    if (waitMs === 0) return undefined;
    return denial('too_many_failures', 'Too many failed attempts came from this network.', {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
  }

  /** Takes note of a denial, which counts against its source where it shows that somebody guesses. */
  note({ peer, ask, nowMs }: Way, { code }: Denial): void {
    if (FAILURES.has(code) && peer !== undefined) this.#parts.failures.fail(budgetOf(peer, ask), nowMs);
  }

  /** Whether a source without a credential has filled its part of the log. Its requests are counted still. */
  isKnownStranger({ peer, ask, nowMs }: Way): boolean {
    const { strangers } = this.#parts;
    const source = peer === undefined ? 'unknown' : budgetOf(peer, ask);
    if (strangers.wait(source, nowMs) > 0) return true;
    strangers.fail(source, nowMs);
    return false;
  }
}

/** Whose failures are counted together. A gateway that fails as an operator does not lock its customers out. */
function budgetOf(peer: AddressBytes, { audience = 'customers' }: Ask): string {
  return `${audience} ${sourceOf(peer)}`;
}
